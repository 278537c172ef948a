import type { Address, AddressEdit } from '../directory/addresses.ts'
import { isStorable } from '../foundation/storable.ts'
import { readWhich } from './scim-filter.ts'
import { asBoolean, isObject, longest, own } from './scim-values.ts'

export type Op = 'add' | 'replace' | 'remove'

/** The edits of somebody's addresses that an operation asks for, or why they are refused. */
export type EmailsRead =
  | { edits: AddressEdit[] }
  | { wrong: string; scimType: 'invalidValue' | 'invalidFilter' }

const form = /^emails(?:\[(.*)\])?(?:\.(\w+))?$/is

/** RFC 7643, 4.1.2. Directories replace an address of these types also where there is none yet. */
const usualTypes = ['work', 'home', 'other']

/** Whether a path is about addresses, well-formed or not. Pure. */
export const isOfEmails = (path: string): boolean => /^emails(?=$|[[.\s])/i.test(path)

/**
 * An operation on `emails` (RFC 7644, 3.5.2): the whole list, or with a filter in brackets the addresses that it names,
 * and none but those. Parts that are not kept, such as `display`, are passed over. Pure.
 */
export function readEmails(op: Op, path: string, value: unknown): EmailsRead {
  const [isRead, filter, written = ''] = form.exec(path) ?? []
  const which = filter === undefined ? undefined : readWhich(filter)
  if (isRead === undefined || (filter !== undefined && !which)) return unreadable
  const part = written.toLowerCase()
  if (!which && part === '') return readList(op, value)
  if (!which && part !== 'value') return { edits: [] }
  const given = part === 'value' ? valueIn(value) : value
  if (part === '' || part === 'value')
    if (op === 'remove' || isNothing(given)) return { edits: [{ kind: 'remove', which: which ?? {} }] }
  const parts = readParts(part === '' ? first(given) : { [part]: given })
  if (!parts) return unfit
  if (op === 'remove' || Object.keys(parts).length === 0) return { edits: [] }
  const mayAdd = op === 'add' || which?.type === undefined || usualTypes.includes(which.type.toLowerCase())
  const edit = { kind: 'change', which: which ?? 'usual', parts } as const
  return { edits: [{ ...edit, mayAdd: mayAdd && which?.value === undefined }] }
}

const unreadable = {
  wrong: 'A path of emails is emails, or emails[...] with type, primary or value, eq and a literal.',
  scimType: 'invalidFilter',
} as const
const unfit = {
  wrong: `An address and its type are text of at most ${longest} characters, primary is true or false.`,
  scimType: 'invalidValue',
} as const

function readList(op: Op, value: unknown): EmailsRead {
  const read = (Array.isArray(value) ? value : isNothing(value) ? [] : [value]).map(readParts)
  const entries = read.flatMap((parts) => parts ?? [])
  if (entries.length < read.length) return unfit
  if (op !== 'remove')
    return { edits: [{ kind: op === 'add' ? 'add' : 'set', entries: entries.filter(hasValue) }] }
  if (read.length === 0) return { edits: [{ kind: 'remove', which: {} }] }
  const named = entries.map(({ value: address, type }) => ({ value: address, type }))
  return {
    edits: named
      .filter((which) => which.value ?? which.type)
      .map((which) => ({ kind: 'remove', which }) as const),
  }
}

/** The given parts of one address; undefined when one of them is malformed. */
function readParts(entry: unknown): Partial<Address> | undefined {
  const given = isObject(entry) ? entry : { value: entry }
  const [value, type, primary] = ['value', 'type', 'primary'].map((name) => own(given, name))
  const flag = isNothing(primary) ? undefined : asBoolean(primary)
  if (!isText(value) || !isText(type) || (flag === undefined && !isNothing(primary))) return undefined
  return {
    ...(value?.trim() ? { value: value.trim() } : {}),
    ...(type?.trim() ? { type: type.trim() } : {}),
    ...(flag === undefined ? {} : { primary: flag }),
  }
}

const hasValue = (parts: Partial<Address>): parts is Address => parts.value !== undefined

const isText = (value: unknown): value is string | null | undefined =>
  value === null ||
  value === undefined ||
  (typeof value === 'string' && value.length <= longest && isStorable(value))

const isNothing = (value: unknown): boolean =>
  value === null || value === undefined || (typeof value === 'string' && value.trim() === '')

const first = (value: unknown): unknown => (Array.isArray(value) ? value[0] : value)

/** Some send an address in an object, or in a list. */
function valueIn(value: unknown): unknown {
  const one = first(value)
  return isObject(one) ? own(one, 'value') : one
}
