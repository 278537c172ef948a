import { dayMs } from '../../../foundation/time.ts'
import { join, type Phrase, type Piece, say, who } from '../../../foundation/words.ts'
import type { Holder } from '../../../keys/holders.ts'
import type { Key, KeyWithUsage } from '../../../keys/key.ts'
import { displayStatus, worksUntil } from '../../../keys/key.ts'
import type { Last24h } from '../../../usage/last-24h.ts'
import { mrkdwnDate } from '../../phrase.ts'

const dots = {
  active: '●',
  inactive: '○',
  unrevealed: '◌',
  expired: '✕',
  revoked: '✕',
} as const

/** Identifies a key beside its name. An unrevealed key has no hint yet. */
export const hintOf = ({ hint }: Pick<Key, 'hint'>): Piece => (hint ? { code: hint } : '(not revealed yet)')

/** The same in brackets, for the end of a sentence, where dots and a full stop would meet. */
export const hintInBrackets = ({ hint }: Pick<Key, 'hint'>): Phrase =>
  hint ? say`(${{ code: hint }})` : say`(not revealed yet)`

/** The hint for mrkdwn. */
export const hintText = (hint: string | null): string => (hint ? `\`${hint}\`` : 'not revealed yet')

export const count = (n: number, one: string, many = `${one}s`): string =>
  `${n.toLocaleString('en-US')} ${n === 1 ? one : many}`

/** Until when an old key works that a rotation replaces, and that has this end of its own. */
export const worksMeanwhile = (until: Date | null): Phrase =>
  say`works until the rotation is finished${until ? say`, or until ${{ moment: until }} if that comes first` : ''}`

/** One line of facts about a key, without text that a person typed. */
export function keyLine(key: KeyWithUsage, now: Date): string {
  const state = displayStatus(key, now)
  const word = wordFor(state, key.unconfirmed)
  return [
    key.hint ? `\`${key.hint}\`` : 'no key yet',
    `${dots[state]} ${word[0]!.toUpperCase()}${word.slice(1)}`,
    key.lastUsedAt ? `${lastWord(state)}: ${usedWhen(key.lastUsedAt, now)}` : 'never used',
    expiry(key, now),
    `${count(key.requests, 'request')} in all`,
    `<@${key.ownerId}>`,
    age(key.createdAt, now),
  ].join(' · ')
}

/** Until every verifier has the change, a key is only about to be refused. */
function wordFor(state: keyof typeof dots, unconfirmed: boolean): string {
  if (state === 'unrevealed') return 'waiting for reveal'
  if (unconfirmed && state === 'inactive') return 'deactivating'
  if (unconfirmed && state === 'revoked') return 'revoking'
  return state
}

/** Requests with a key that has ended are refused: they were tries. */
const lastWord = (state: keyof typeof dots): string =>
  state === 'expired' || state === 'revoked' ? 'last tried' : 'last used'

const soonDays = 30

/** "in 3 days" for what is near, since a date alone does not say so. */
function howSoon(ends: Date, now: Date): string {
  const days = Math.round((ends.getTime() - now.getTime()) / dayMs)
  if (Math.abs(days) > soonDays) return ''
  if (days === 0) return ' (within a day)'
  return days > 0 ? ` (in ${count(days, 'day')})` : ` (${count(-days, 'day')} ago)`
}

/** A time within the last day, a date before that, in the reader's zone. */
const usedWhen = (at: Date, now: Date) =>
  mrkdwnDate(at, now.getTime() - at.getTime() < dayMs ? '{time}' : '{date_short}')

function expiry(key: Key, now: Date): string {
  const ends = worksUntil(key)
  if (ends) return `${ends <= now ? 'expired' : 'expires'} ${mrkdwnDate(ends)}${howSoon(ends, now)}`
  return key.status === 'unrevealed' && key.lifetimeDays
    ? `expires ${count(key.lifetimeDays, 'day')} after reveal`
    : 'never expires'
}

function age(since: Date, now: Date): string {
  const days = Math.floor((now.getTime() - since.getTime()) / dayMs)
  // Where the line is too long it breaks before the age, not within it.
  return (days < 1 ? 'created today' : `${count(days, 'day')} old`).replaceAll(' ', '\u00A0')
}

const networksNamed = 3
const holdersNamed = 5

/** The people known to have had the token. */
function whoHasIt({ revealedBy }: Key, holders: readonly Holder[]): Phrase {
  const people = [...new Set([...(revealedBy ? [revealedBy] : []), ...holders.map(({ userId }) => userId)])]
  if (people.length === 0) return say`Nobody holds it: it was never revealed.`
  const named = join(
    people.slice(0, holdersNamed).map((one) => [who(one)]),
    ', ',
  )
  const more = people.length - holdersNamed
  return say`Held by ${named}${more > 0 ? ` and ${more} more` : ''}.`
}

/** The facts to know before pausing, revoking or rotating a key. */
export const keyFacts = (key: KeyWithUsage, last24h?: Last24h, holders?: readonly Holder[]): Phrase[] => [
  say`${{ name: key.name }} ${hintOf(key)}`,
  say`Owner ${{ user: key.ownerId }}. Scopes: ${key.scopes.join(', ')}.`,
  ...(holders ? [whoHasIt(key, holders)] : []),
  key.lastUsedAt
    ? say`${last24h ? inADay(last24h) : ''}${count(key.requests, 'request')} so far, the last on ${{ moment: key.lastUsedAt }}.`
    : say`No request so far.`,
]

function inADay({ requests, networks }: Last24h): Phrase {
  const more = networks.length - networksNamed
  const from =
    networks.length === 0
      ? ''
      : say`, from ${join(
          networks.slice(0, networksNamed).map((network) => [{ code: network }]),
          ', ',
        )}${more > 0 ? ` and ${count(more, 'other network')}` : ''}`
  return say`${count(requests, 'request')} in the last 24 hours${from}. `
}
