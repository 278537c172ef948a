import type { UserChange } from '../offboarding/directory.ts'

/** What a body wants, and the first thing in it that cannot be. `active` is read even where something else is wrong. */
export type Reading = { change: UserChange; wrong?: string }

const coreUrn = 'urn:ietf:params:scim:schemas:core:2.0:user'
const longest = 320

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
export function readUser(body: unknown): Reading {
  if (!isObject(body)) return { change: {}, wrong: 'The body must be a JSON object.' }
  return together(Object.entries(body).map(([name, value]) => readAttribute(name, value)))
}

function readOperation(operation: unknown): Reading {
  const op = textOf(own(operation, 'op')).trim().toLowerCase()
  const path = own(operation, 'path')
  const value = own(operation, 'value')
  const reading = path ? readAttribute(textOf(path), op === 'remove' ? null : value) : readValue(value)
  if (['add', 'replace', 'remove'].includes(op)) return reading
  return { ...reading, wrong: reading.wrong ?? 'op is one of add, replace and remove.' }
}

/** The value of an operation without a path: an object of attributes, which some send as text. */
function readValue(value: unknown): Reading {
  if (typeof value !== 'string') return readUser(value)
  try {
    return readUser(JSON.parse(value))
  } catch {
    return { change: {}, wrong: 'An operation without a path needs an object as its value.' }
  }
}

function readAttribute(name: string, value: unknown): Reading {
  const path = name.trim().toLowerCase()
  if (path === coreUrn) return readUser(value)
  const bare = path.startsWith(coreUrn) ? path.slice(coreUrn.length).replace(/^[:.]/, '') : path
  switch (bare) {
    case 'active':
      return readActive(value)
    case 'username':
      return readUserName(value)
    case 'externalid':
      return readText('externalId', value)
    case 'displayname':
      return readText('displayName', value)
    case 'name':
      return isObject(value)
        ? together(Object.entries(value).map(([part, text]) => readAttribute(`name.${part}`, text)))
        : nothing
    case 'name.givenname':
      return readText('givenName', value)
    case 'name.familyname':
      return readText('familyName', value)
    case 'emails':
      return readEmails(value)
    default:
      return /^emails(\[.*\])?\.value$/.test(bare) || /^emails\[.*\]$/.test(bare)
        ? readEmails(value)
        : nothing
  }
}

const nothing: Reading = { change: {} }

function readActive(value: unknown): Reading {
  const active = asBoolean(value)
  return active === undefined ? { change: {}, wrong: 'active is true or false.' } : { change: { active } }
}

/** True and false as systems write them; what is taken away is false. Undefined for anything else. */
function asBoolean(value: unknown): boolean | undefined {
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

function readUserName(value: unknown): Reading {
  const text = typeof value === 'string' ? value.trim() : ''
  return text === '' || text.length > longest
    ? { change: {}, wrong: `userName is text of 1 to ${longest} characters.` }
    : { change: { userName: text } }
}

type TextField = 'externalId' | 'displayName' | 'givenName' | 'familyName' | 'email'

function readText(field: TextField, value: unknown): Reading {
  if (value === null || value === undefined || value === '') return { change: { [field]: null } }
  if (typeof value !== 'string' || value.length > longest)
    return { change: {}, wrong: `${field} is text of at most ${longest} characters.` }
  return { change: { [field]: value.trim() } }
}

/** The primary address, else that of work, else the first. */
function readEmails(value: unknown): Reading {
  if (!Array.isArray(value))
    return isObject(value) ? readText('email', own(value, 'value')) : readText('email', value)
  const chosen =
    value.find((one) => asBoolean(own(one, 'primary') ?? 'no') === true) ??
    value.find((one) => textOf(own(one, 'type')).toLowerCase() === 'work') ??
    value[0]
  return readText('email', isObject(chosen) ? own(chosen, 'value') : chosen)
}

/** Operations in their order: later ones win. */
const merge = (readings: readonly Reading[]): Reading => ({
  change: Object.assign({}, ...readings.map((one) => one.change)) as UserChange,
  ...firstWrong(readings),
})

/** Attributes of one object: where `active` stands twice, in two spellings, false wins. */
function together(readings: readonly Reading[]): Reading {
  const { change, ...rest } = merge(readings)
  const says = readings.map((one) => one.change.active).filter((active) => active !== undefined)
  return { change: says.length > 0 ? { ...change, active: !says.includes(false) } : change, ...rest }
}

function firstWrong(readings: readonly Reading[]): { wrong?: string } {
  const wrong = readings.find((one) => one.wrong)?.wrong
  return wrong ? { wrong } : {}
}

/** Text as it is; an object has none, whatever it says of itself. */
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** An object's own property, whatever case its name has. */
function own(object: unknown, name: string): unknown {
  if (!isObject(object)) return undefined
  return Object.entries(object).find(([key]) => key.toLowerCase() === name)?.[1]
}
