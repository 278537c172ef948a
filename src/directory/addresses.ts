import { normaliseEmail } from './emails.ts'

/** An e-mail address of somebody, as a directory lists it. */
export type Address = { value: string; type?: string | undefined; primary?: boolean | undefined }

/** Selects the addresses of a list that match every part, in any case. */
export type AddressFilter = Partial<Address>

/** One change of a list. `usual` means the address by which somebody is known. */
export type AddressEdit =
  | { kind: 'set' | 'add'; entries: readonly Address[] }
  | { kind: 'remove'; which: AddressFilter }
  | { kind: 'change'; which: AddressFilter | 'usual'; parts: Partial<Address>; mayAdd: boolean }

/**
 * A list after these edits, in their order. Undefined when one of them changes what the list does not have and may not
 * add it. Pure.
 */
export function editAddresses(
  before: readonly Address[],
  edits: readonly AddressEdit[],
): readonly Address[] | undefined {
  let list: readonly Address[] | undefined = before
  for (const edit of edits) list = list && edited(list, edit)
  return list
}

function edited(list: readonly Address[], edit: AddressEdit): readonly Address[] | undefined {
  switch (edit.kind) {
    case 'set':
      return edit.entries
    case 'add':
      return edit.entries.reduce(added, list)
    case 'remove':
      return list.filter((one) => !fits(one, edit.which))
    case 'change':
      return changed(list, edit)
  }
}

function changed(
  list: readonly Address[],
  { which, parts, mayAdd }: AddressEdit & { kind: 'change' },
): readonly Address[] | undefined {
  const meant = which === 'usual' ? identifying(list).slice(0, 1) : list.filter((one) => fits(one, which))
  const { value } = parts
  if (meant.length > 0)
    return list.map((one) =>
      meant.includes(one) ? { ...one, ...parts } : parts.primary ? { ...one, primary: false } : one,
    )
  return value && mayAdd ? added(list, { ...(which === 'usual' ? {} : which), ...parts, value }) : undefined
}

/** An address that is there already is not there twice, and of several one is the primary. */
function added(list: readonly Address[], entry: Address): readonly Address[] {
  const others = entry.primary ? list.map((one) => ({ ...one, primary: false })) : list
  const same = others.findIndex((one) => fits(one, { value: entry.value, type: entry.type ?? '' }))
  return same < 0 ? [...others, entry] : others.with(same, { ...others[same]!, ...entry })
}

const normalise = (text = '') => normaliseEmail(text)

const fits = (one: Address, { value, type, primary }: AddressFilter): boolean =>
  (value === undefined || normalise(one.value) === normalise(value)) &&
  (type === undefined || normalise(one.type) === normalise(type)) &&
  (primary === undefined || (one.primary ?? false) === primary)

/**
 * The addresses by which somebody is known at work, the likeliest first: those of work, then the primary one; where
 * there are neither, the first that has no type. Any other may be shared with, or be another person's. Pure.
 */
export function identifying(list: readonly Address[]): Address[] {
  const work = list.filter((one) => fits(one, { type: 'work' }))
  const best = [...work.filter((one) => one.primary), ...work.filter((one) => !one.primary)]
  const known = [...best, ...list.filter((one) => one.primary && !work.includes(one))]
  return known.length > 0 ? known : list.filter((one) => !normalise(one.type)).slice(0, 1)
}
