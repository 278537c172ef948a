/** The longest text that is kept of an attribute. */
export const longest = 320

/** Whether PostgreSQL can keep that text: it takes no NUL, and as JSON no half of a surrogate pair. */
export const isStorable = (text: string): boolean => !text.includes('\0') && !/\p{Surrogate}/u.test(text)

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A string as it is; anything else is empty, also an object with a `toString`. */
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** An object's own property, by its name in any case. */
export function own(object: unknown, name: string): unknown {
  if (!isObject(object)) return undefined
  return Object.entries(object).find(([key]) => key.toLowerCase() === name)?.[1]
}

/** True and false as systems write them; what is taken away is false. Undefined for anything else. */
export function asBoolean(value: unknown): boolean | undefined {
  if (value === null || value === undefined) return false
  if (Array.isArray(value)) return value.length === 0 ? false : asBoolean(value[0])
  if (isObject(value)) {
    const inner = own(value, 'value') ?? own(value, 'active')
    return inner === undefined ? undefined : asBoolean(inner)
  }
  const text = String(value).trim().toLowerCase()
  if (['true', '1'].includes(text)) return true
  return ['false', '0', ''].includes(text) ? false : undefined
}
