/**
 * Whether PostgreSQL can keep that text: it takes no NUL, and as JSON no half of a surrogate pair. Text from outside is
 * asked this, or made so by `storable`, before it is in a query.
 */
export const isStorable = (text: string): boolean => !text.includes('\0') && !/\p{Surrogate}/u.test(text)

/** The text without its NULs, and with U+FFFD in the place of half a surrogate pair. */
export const storable = (text: string): string =>
  isStorable(text) ? text : Buffer.from(text.replaceAll('\0', '')).toString()

/**
 * Makes every string within a value that was JSON storable, in place; what has a name that is not is left out. False for
 * one that is nested deeper than any that means something: recursive functions would overflow the stack.
 */
export function makeStorable(value: unknown, deepest = 200): boolean {
  const open: [unknown, number][] = [[value, 0]]
  for (let next = open.pop(); next; next = open.pop()) {
    const [one, depth] = next
    if (typeof one !== 'object' || one === null) continue
    if (depth > deepest) return false
    for (const [name, inner] of Object.entries(one)) {
      if (!isStorable(name)) Reflect.deleteProperty(one, name)
      else if (typeof inner === 'object') open.push([inner, depth + 1])
      else if (typeof inner === 'string' && !isStorable(inner))
        Object.defineProperty(one, name, { value: storable(inner) })
    }
  }
  return true
}
