/**
 * Whether PostgreSQL can keep that text: it takes no NUL, and as JSON no half of a surrogate pair. Text from outside is
 * asked this, or made so by `storable`, before it is in a query.
 */
export const isStorable = (text: string): boolean => !text.includes('\0') && !/\p{Surrogate}/u.test(text)

/** The text without its NULs, and with U+FFFD in the place of half a surrogate pair. */
export const storable = (text: string): string =>
  isStorable(text) ? text : Buffer.from(text.replaceAll('\0', '')).toString()

/** Makes every string within a value that was JSON storable, in place and however deeply it is nested. */
export function makeStorable(value: unknown): void {
  const open = [value]
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    if (typeof one !== 'object' || one === null) continue
    for (const [name, inner] of Object.entries(one)) {
      if (typeof inner === 'object' && inner !== null) open.push(inner)
      else if (typeof inner === 'string' && !isStorable(inner))
        Object.defineProperty(one, name, { value: storable(inner) })
    }
  }
}
