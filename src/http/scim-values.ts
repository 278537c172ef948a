/** The longest text that is kept of an attribute. */
export const longest = 320

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A string as it is; anything else is empty, also an object with a `toString`. */
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** An object's own property, by its name in any case. */
export function own(object: unknown, name: string): unknown {
  if (!isObject(object)) return undefined
  return Object.entries(object).find(([key]) => key.toLowerCase() === name)?.[1]
}

/** True and false as systems write them, in lists and objects too; what is taken away is false. Undefined for anything else. */
export function asBoolean(value: unknown, deepest = 4): boolean | undefined {
  if (deepest === 0) return undefined
  if (value === null || value === undefined) return false
  if (Array.isArray(value)) return value.length === 0 ? false : asBoolean(value[0], deepest - 1)
  if (isObject(value)) {
    const inner = own(value, 'value') ?? own(value, 'active')
    return inner === undefined ? undefined : asBoolean(inner, deepest - 1)
  }
  const text = String(value).trim().toLowerCase()
  if (['true', '1'].includes(text)) return true
  return ['false', '0', ''].includes(text) ? false : undefined
}
