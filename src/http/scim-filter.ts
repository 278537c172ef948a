import type { AddressFilter } from '../directory/addresses.ts'
import type { GroupCondition } from '../directory/groups.ts'
import type { Condition } from '../directory/list.ts'
import { isStorable } from '../foundation/storable.ts'

/** One comparison: an attribute path, perhaps with a filter of its own, `eq`, and a literal. */
const comparison =
  /^\s*([A-Za-z0-9:._-]+(?:\[(?:[^\]"]|"(?:[^"\\]|\\.)*")*\])?(?:\.[A-Za-z]+)?)\s+eq\s+("(?:[^"\\]|\\.)*"|true|false)\s*/i
const and = /^and\s+/i
const urn = /^urn:ietf:params:scim:schemas:core:2\.0:user:/i
const emails = /^emails(?:\[(.*)\])?(?:\.value)?$/is

/** `userName eq "x" and active eq true` as conditions; undefined for a filter that we do not serve. Pure. */
export const readFilter = (filter: string): Condition[] | undefined => readAll(filter, conditionOf)

/**
 * The same of groups. `members` asks whether somebody is in one, whatever else is asked; undefined for a filter that we
 * do not serve. Pure.
 */
export function readGroupFilter(filter: string): GroupCondition[] | 'members' | undefined {
  const conditions = readAll(filter, groupConditionOf)
  return conditions?.includes('members') ? 'members' : (conditions as GroupCondition[] | undefined)
}

function groupConditionOf(path: string, literal: string | boolean): GroupCondition | 'members' | undefined {
  const name = path.replace(/^urn:ietf:params:scim:schemas:core:2\.0:group:/i, '').toLowerCase()
  if (/^members\b/.test(name)) return 'members'
  if (typeof literal !== 'string') return undefined
  if (name === 'displayname') return { field: 'displayName', equals: literal }
  if (name === 'externalid') return { field: 'externalId', equals: literal }
  return name === 'id' ? { field: 'id', equals: literal } : undefined
}

/** Which addresses `type eq "work" and primary eq true` means; undefined for a filter that we do not serve. Pure. */
export function readWhich(filter: string): AddressFilter | undefined {
  const parts = readAll(filter, partOf)
  const names = new Set(parts?.flatMap((part) => Object.keys(part)))
  return parts && names.size === parts.length ? Object.assign({}, ...parts) : undefined
}

/** Comparisons that are joined with `and`, each as what `read` makes of it; undefined where one is not served. */
function readAll<T>(
  filter: string,
  read: (path: string, literal: string | boolean) => T | undefined,
): T[] | undefined {
  const found: T[] = []
  for (let rest = filter; ; rest = rest.replace(and, '')) {
    const [whole = '', path = '', text = ''] = comparison.exec(rest) ?? []
    const literal = text.startsWith('"') ? readString(text) : text.toLowerCase() === 'true'
    const one = whole && literal !== undefined ? read(path, literal) : undefined
    if (one === undefined) return undefined
    found.push(one)
    rest = rest.slice(whole.length)
    if (rest === '') return found
    if (!and.test(rest)) return undefined
  }
}

function conditionOf(path: string, literal: string | boolean): Condition | undefined {
  const bare = path.replace(urn, '')
  const name = bare.toLowerCase()
  if (name === 'active') return { field: 'active', equals: asFlag(literal) ?? false }
  if (typeof literal !== 'string') return undefined
  if (name === 'username') return { field: 'userName', equals: literal }
  if (name === 'externalid') return { field: 'externalId', equals: literal }
  if (name === 'id') return { field: 'id', equals: literal }
  const [isEmail, filter] = emails.exec(bare) ?? []
  const which = filter === undefined ? {} : readWhich(filter)
  if (isEmail === undefined || !which || which.value !== undefined) return undefined
  return { field: 'email', which: { ...which, value: literal } }
}

function partOf(path: string, literal: string | boolean): AddressFilter | undefined {
  const name = path.toLowerCase()
  if (name === 'primary') {
    const primary = asFlag(literal)
    return primary === undefined ? undefined : { primary }
  }
  if (typeof literal !== 'string') return undefined
  if (name === 'type') return { type: literal }
  return name === 'value' ? { value: literal } : undefined
}

/** True and false, as some also write them in quotes. */
function asFlag(literal: string | boolean): boolean | undefined {
  const text = String(literal).toLowerCase()
  return text === 'true' || text === 'false' ? text === 'true' : undefined
}

function readString(literal: string): string | undefined {
  try {
    const text: string = JSON.parse(literal)
    return isStorable(text) ? text : undefined
  } catch {
    return undefined
  }
}
