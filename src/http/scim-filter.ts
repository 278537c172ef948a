import type { Condition } from '../offboarding/directory.ts'

/** One comparison: an attribute path, perhaps with a filter of its own, `eq`, and a literal. */
const comparison =
  /^\s*([A-Za-z0-9:._-]+(?:\[[^\]]*\])?(?:\.[A-Za-z]+)?)\s+eq\s+("(?:[^"\\]|\\.)*"|true|false)\s*/i
const and = /^and\s+/i

const fields: Record<string, 'userName' | 'externalId' | 'id' | 'email' | 'active'> = {
  username: 'userName',
  externalid: 'externalId',
  id: 'id',
  active: 'active',
  emails: 'email',
  'emails.value': 'email',
}

/** `userName eq "x" and active eq true` as conditions; undefined for a filter that we do not serve. Pure. */
export function readFilter(filter: string): Condition[] | undefined {
  const conditions: Condition[] = []
  let rest = filter
  do {
    rest = rest.replace(and, '')
    const [whole, path = '', literal = ''] = comparison.exec(rest) ?? []
    if (!whole) return undefined
    const condition = conditionOf(path, literal)
    if (!condition) return undefined
    conditions.push(condition)
    rest = rest.slice(whole.length)
  } while (and.test(rest))
  return rest === '' ? conditions : undefined
}

function conditionOf(path: string, literal: string): Condition | undefined {
  const bare = path
    .toLowerCase()
    .replace(/^urn:ietf:params:scim:schemas:core:2\.0:user:/, '')
    .replace(/\[.*\]/, '')
  const field = Object.hasOwn(fields, bare) ? fields[bare] : undefined
  if (!field) return undefined
  const value: unknown = literal.startsWith('"') ? readString(literal) : literal.toLowerCase() === 'true'
  if (field === 'active') {
    const equals = typeof value === 'boolean' ? value : String(value).toLowerCase() === 'true'
    return { field, equals }
  }
  return typeof value === 'string' ? { field, equals: value } : undefined
}

function readString(literal: string): string | undefined {
  try {
    return JSON.parse(literal)
  } catch {
    return undefined
  }
}
