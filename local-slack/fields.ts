/** A JSON object whose shape is not (yet) known. */
export type Fields = Record<string, unknown>

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The object under `name`, or an empty one. */
export function fieldsAt(fields: Fields, name: string): Fields {
  const value = fields[name]
  return isFields(value) ? value : {}
}

/** The string under `name`; numbers count as their digits, everything else and '' as absent. */
export function stringAt(fields: Fields, name: string): string | undefined {
  const value = fields[name]
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** Form bodies carry booleans as words. */
export function flagAt(fields: Fields, name: string): boolean {
  const value = fields[name]
  return value === true || value === 'true' || value === '1' || value === 1
}

export function numberAt(fields: Fields, name: string): number | undefined {
  const value = fields[name]
  if (value === undefined || value === null || value === '') return undefined
  const number = Number(value)
  return Number.isFinite(number) ? number : undefined
}

/** The objects of an array under `name`; an empty array when there is none. */
export function listAt(fields: Fields, name: string): Fields[] {
  const value = fields[name]
  return Array.isArray(value) ? value.filter(isFields) : []
}
