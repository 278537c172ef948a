import type { AddressEdit } from '../directory/addresses.ts'
import type { UserChange } from '../directory/users.ts'
import { isStorable } from '../foundation/storable.ts'
import { isOfEmails, type Op, readEmails } from './scim-emails.ts'
import { asBoolean, isObject, longest, own, textOf } from './scim-values.ts'

/** The changes that a body asks for, and the first error in it. `active` is read even where something else is wrong. */
export type Reading = {
  change: Omit<UserChange, 'emails'>
  /** in the order of the body */
  emails?: readonly AddressEdit[]
  wrong?: string
  /** the error's type by RFC 7644, 3.12, where it is not invalidValue */
  scimType?: string
}

const coreUrn = 'urn:ietf:params:scim:schemas:core:2.0:user'

/**
 * A SCIM patch as Okta and Entra really send it: operations and attributes in any case, with URNs or without, with a
 * path or a whole object as value, booleans as text. Attributes that we do not keep are passed over; no name that a
 * body brings ever becomes the name of a property here. Pure.
 */
export function readPatch(body: unknown): Reading {
  const operations = own(body, 'operations')
  if (operations === undefined) return readUser(body)
  if (!Array.isArray(operations)) return { change: {}, wrong: 'Operations must be a list.' }
  return merge(operations.map(readOperation))
}

/** A whole user, as a create or replace carries it. Pure. */
export const readUser = (body: unknown): Reading => readAttributes('replace', body)

/** The same for a create, where an `active` without a value is none (RFC 7643, 2.5) and not a leaver. Pure. */
export function readNewUser(body: unknown): Reading {
  const reading = readUser(body)
  if (![null, ''].includes(own(body, 'active') as null)) return reading
  const { active: _, ...change } = reading.change
  return { ...reading, change }
}

function readAttributes(op: Op, body: unknown): Reading {
  if (!isObject(body)) return { change: {}, wrong: 'The body must be a JSON object.' }
  return together(Object.entries(body).map(([name, value]) => readAttribute(op, name, value)))
}

function readOperation(operation: unknown): Reading {
  const written = textOf(own(operation, 'op')).trim().toLowerCase()
  const op = ops.find((one) => one === written)
  const path = own(operation, 'path')
  if (path !== undefined && path !== null && typeof path !== 'string') return unreadPath
  const value = own(operation, 'value')
  const reading = path ? readPath(op ?? 'replace', textOf(path), value) : readValue(op ?? 'replace', value)
  return op ? reading : { ...reading, wrong: reading.wrong ?? 'op is one of add, replace and remove.' }
}

const unreadPath: Reading = { change: {}, wrong: 'path is text.', scimType: 'invalidPath' }

/** Removing sets an attribute to null, except for addresses: some clients name those in the value. */
const readPath = (op: Op, path: string, value: unknown): Reading =>
  readAttribute(op, path, op === 'remove' && !isOfEmails(bareOf(path)) ? null : value)

const ops = ['add', 'replace', 'remove'] as const

/** The value of an operation without a path: an object of attributes, which some send as text. */
function readValue(op: Op, value: unknown): Reading {
  if (typeof value !== 'string') return readAttributes(op, value)
  try {
    return readAttributes(op, JSON.parse(value))
  } catch {
    return { change: {}, wrong: 'An operation without a path needs an object as its value.' }
  }
}

/** A path without the name of its schema; the schema alone is the user as a whole. */
function bareOf(path: string): string {
  const text = path.trim()
  return text.toLowerCase().startsWith(coreUrn) ? text.slice(coreUrn.length).replace(/^[:.]/, '') : text
}

function readAttribute(op: Op, path: string, value: unknown): Reading {
  const bare = bareOf(path)
  if (isOfEmails(bare)) {
    const read = readEmails(op, bare, value)
    return 'edits' in read ? { change: {}, emails: read.edits } : { change: {}, ...read }
  }
  switch (bare.toLowerCase()) {
    case '':
      return path.trim() === '' ? nothing : readAttributes(op, value)
    case 'active':
      return readActive(value)
    case 'username':
      return readUserName(value)
    case 'externalid':
      return readText('externalId', value)
    case 'displayname':
      return readText('displayName', value)
    case 'name':
      if (value === null) return { change: { givenName: null, familyName: null } }
      return isObject(value)
        ? together(Object.entries(value).map(([part, text]) => readAttribute(op, `name.${part}`, text)))
        : nothing
    case 'name.givenname':
      return readText('givenName', value)
    case 'name.familyname':
      return readText('familyName', value)
    default:
      return nothing
  }
}

const nothing: Reading = { change: {} }

function readActive(value: unknown): Reading {
  const active = asBoolean(value)
  return active === undefined ? { change: {}, wrong: 'active is true or false.' } : { change: { active } }
}

function readUserName(value: unknown): Reading {
  const text = typeof value === 'string' ? value.trim() : ''
  return text === '' || text.length > longest || !isStorable(text)
    ? { change: {}, wrong: `userName is text of 1 to ${longest} characters.` }
    : { change: { userName: text } }
}

type TextField = 'externalId' | 'displayName' | 'givenName' | 'familyName'

function readText(field: TextField, value: unknown): Reading {
  if (value === null || value === undefined || value === '') return { change: { [field]: null } }
  if (typeof value !== 'string' || value.length > longest || !isStorable(value))
    return { change: {}, wrong: `${field} is text of at most ${longest} characters.` }
  return { change: { [field]: value.trim() } }
}

/** Operations in their order: later ones win, and addresses are changed by each. */
function merge(readings: readonly Reading[]): Reading {
  const emails = readings.flatMap((one) => one.emails ?? [])
  const { wrong, scimType } = readings.find((one) => one.wrong) ?? {}
  return {
    change: Object.assign({}, ...readings.map((one) => one.change)),
    ...(emails.length > 0 ? { emails } : {}),
    ...(wrong ? { wrong, ...(scimType ? { scimType } : {}) } : {}),
  }
}

/** Attributes of one object: where `active` stands twice, in two spellings, false wins. */
function together(readings: readonly Reading[]): Reading {
  const { change, ...rest } = merge(readings)
  const says = readings.map((one) => one.change.active).filter((active) => active !== undefined)
  return { change: says.length > 0 ? { ...change, active: !says.includes(false) } : change, ...rest }
}
