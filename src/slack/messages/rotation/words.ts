import { hourMs } from '../../../foundation/time.ts'
import { join, type Phrase, say, who } from '../../../foundation/words.ts'
import { receiptPhrase } from '../../../leases/receipt-words.ts'
import type { Reason, Rotation } from '../../../rotation/rotation.ts'
import type { Tracker } from '../../../rotation/tracker.ts'
import { mrkdwnDate } from '../../phrase.ts'
import { count } from '../keys/key.ts'

/** The reason of a rotation, as a choice and after a "because". */
export const reasonWords: Record<Reason, { choice: string; because: string }> = {
  scheduled: { choice: 'Scheduled rotation', because: 'it was scheduled' },
  compromised: { choice: 'Compromised: block it now', because: 'it is compromised' },
  leaver: { choice: 'Somebody is leaving', because: 'somebody is leaving' },
  'scope-change': { choice: 'Its scopes change', because: 'its scopes change' },
}

const hintOf = ({ hint }: { hint: string | null }, otherwise: string): Phrase =>
  hint ? [{ code: hint }] : [otherwise]

/** Whether it ended a key and not every server has confirmed that yet. */
export const isUnconfirmed = ({ cutAt, receipt }: Rotation): boolean => cutAt !== null && receipt === null

/** The old key of a rotation that was aborted, as it is now: somebody may have revoked or paused it too. */
export function afterAbort({ rotation, facts }: Pick<Tracker, 'rotation' | 'facts'>): string {
  const { state } = facts.old
  if (state === 'revoked')
    return isBeingRevoked(rotation, rotation.predecessorId) ? 'is being revoked' : 'is revoked too'
  if (state === 'inactive') return 'is paused'
  return state === 'expired' ? 'has expired' : 'goes on'
}

const isBeingRevoked = (rotation: Rotation, keyId: string): boolean =>
  isUnconfirmed(rotation) && rotation.cutKeyId === keyId

/** The rotation in one sentence; once over, how it ended. */
export function headline({ rotation, facts, phase, isUsed }: Tracker): Phrase {
  const { old, next } = facts
  const name = { name: old.name }
  const [was, is] = [hintOf(old, 'the old key'), hintOf(next, 'a new key')]
  const isWaiting = isUnconfirmed(rotation)
  if (phase === 'aborted')
    return isBeingRevoked(rotation, rotation.successorId)
      ? say`Aborting the rotation of ${name}: the new key is being revoked.`
      : say`The rotation of ${name} was aborted: the new key is revoked, and ${was} ${afterAbort({ rotation, facts })}.`
  if (phase === 'finished')
    return isWaiting
      ? say`Finishing the rotation of ${name}: ${was} is being revoked.`
      : say`Rotated ${name}: ${was} is revoked, and ${is} ${isUsed ? 'has taken over' : 'replaces it'}.`
  if (old.state === 'revoked')
    return say`${name}: the old key ${was} is ${isWaiting ? 'being revoked' : 'revoked'}, and ${is} takes over.`
  return say`Rotating ${name}: ${is} replaces ${was}.`
}

const steps = [
  ['reveal', 'Reveal'],
  ['switch', 'Switch'],
  ['silent', 'Silent'],
  ['safe', 'Finish'],
] as const

/** "Reveal > Switch > Silent > Finish. Next: @owner reveals the new key." */
export function phaseLine(tracker: Tracker): Phrase {
  const marked = steps.map(([phase, word]): Phrase => (phase === tracker.phase ? [{ name: word }] : [word]))
  return say`${join(marked, ' > ')}. Next: ${nextStep(tracker)}`
}

/** The next step, and whose it is. */
export function nextStep({ phase, rotation, facts, silence, isUsed }: Tracker): Phrase {
  const owner = { user: facts.next.ownerId }
  if (phase === 'reveal') return say`${owner} reveals the new key.`
  if (facts.next.state === 'inactive') return say`a manager activates the new key, which is paused.`
  if (facts.next.state === 'expired')
    return say`a manager aborts this rotation and starts another: the new key has expired.`
  if (phase === 'switch' && !isUsed)
    return say`${owner} puts the new key where the old one is used. Nothing has used it yet.`
  if (phase === 'switch') return say`${owner} switches the remaining systems to the new key.`
  if (phase === 'silent') {
    if (silence.provenMs === undefined)
      return say`wait. A server has not said yet what it counted, so the silence of the old key is not proven.`
    const safeAt = new Date(silence.since!.getTime() + silence.neededMs)
    return say`wait. The old key is safe to end on ${{ moment: safeAt }} if it stays silent.`
  }
  return say`${rotation.startedBy.startsWith('job:') ? 'a manager' : who(rotation.startedBy)} finishes. ${proof({ facts, silence })}`
}

/** The proof that the old key can end safely. */
export function proof({ facts, silence }: Pick<Tracker, 'facts' | 'silence'>): Phrase {
  if (facts.old.state === 'expired') return say`The old key has expired, and the new one works.`
  const since = facts.old.lastUsedAt
    ? say`nothing used the old key since ${{ moment: silence.since! }}`
    : say`nothing ever used the old key`
  return say`Safe: the new key works, and ${since}, as every server confirms.`
}

/** Warnings that need no action yet. */
export function warnings({ endsBeforeSwitch, facts, rotation }: Tracker): Phrase[] {
  return [
    ...(endsBeforeSwitch
      ? [
          say`⚠️ The old key itself stops working on ${{ moment: endsBeforeSwitch }}. Anything still using it then will fail.`,
        ]
      : []),
    ...(facts.now >= facts.dueAt && rotation.endedAt === null
      ? [
          say`⚠️ The deadline was ${{ moment: facts.dueAt }}. I do not end a key that may be in use: finish it, abort it, or give it more time.`,
        ]
      : []),
  ]
}

const maxSources = 5

/** The networks and clients that still use the old key. */
export function stillThere({ rotation, sources, facts }: Tracker): Phrase {
  const { old } = facts
  if (sources.length === 0)
    return old.lastUsedAt
      ? say`Nobody has used the old key in the last 24 hours; its last request was on ${{ moment: old.lastUsedAt }}.`
      : say`Nobody ever used the old key.`
  const isRefused = old.state !== 'active' && !isUnconfirmed(rotation)
  const title = isRefused ? say`Still trying the old key, and refused:` : say`Still on the old key:`
  const more = sources.length - maxSources
  const lines = sources.slice(0, maxSources).map(sourceLine)
  return join([title, ...lines, ...(more > 0 ? [say`and ${more} more`] : [])], '\n')
}

export const sourceLine = (source: {
  network: string
  client: string
  requests: number
  lastAt: Date
}): Phrase =>
  say`• ${{ code: source.network }}, ${{ code: source.client }}: ${count(source.requests, 'request')}, last on ${{ moment: source.lastAt }}`

/** The reason, the person and the deadline, without text that a person typed. */
export function origin({ rotation, facts }: Tracker): string {
  const by = rotation.startedBy.startsWith('job:') ? 'Keywarden' : `<@${rotation.startedBy}>`
  const starter = /^[UW][A-Z0-9]+$/.test(rotation.startedBy) ? by : 'Keywarden'
  const due = `${mrkdwnDate(facts.dueAt, '{date_short} at {time}')}`
  const left = rotation.endedAt ? '' : ` · deadline ${due}${timeLeft(facts.dueAt, facts.now)}`
  return `Started by ${starter} on ${mrkdwnDate(rotation.startedAt)}, because ${reasonWords[rotation.reason].because}${left}`
}

function timeLeft(at: Date, now: Date): string {
  const hours = Math.floor((at.getTime() - now.getTime()) / hourMs)
  if (hours < 0) return ', which has passed'
  return hours < 48
    ? `, ${count(Math.max(hours, 1), 'hour')} left`
    : `, ${count(Math.round(hours / 24), 'day')} left`
}

/** The verifiers' receipt for the end, once it is decided. */
export function receiptOf({ rotation }: Tracker): Phrase {
  if (!rotation.cutAt) return []
  if (!rotation.receipt) return say`Saved. Waiting until every server has confirmed.`
  return receiptPhrase(rotation.receipt)
}

const becauseWords: Record<string, string> = {
  early: ' before it was safe',
  deadline: ' at its deadline: nothing used the old key any more',
  'old-ended': ' at its deadline: the old key had ended already',
  'cut-at-deadline': ' at its deadline, as the policy says',
  'old-revoked': '; the old key had been revoked, and the new one is in use',
  'new-revoked': ': the new key was revoked',
  'rotated-again': ': the new key is being rotated itself',
}

/** How the rotation ended, and who ended it. */
export const endedBy = ({ rotation }: Tracker): Phrase =>
  say`${rotation.phase === 'aborted' ? 'Aborted' : 'Finished'} by ${who(rotation.endedBy!)} on ${{ moment: rotation.endedAt! }}${becauseWords[rotation.because] ?? ''}.`

const maxNames = 5

/** The first few by name; the others are counted. */
export function namesOf(trackers: readonly Tracker[]): Phrase {
  const names = trackers.map(({ facts }) => facts.old.name).toSorted((a, b) => a.localeCompare(b))
  const named = names.slice(0, maxNames).map((name): Phrase => [{ name }])
  const more = trackers.length - named.length
  return say`${join(named, ', ')}${more > 0 ? ` and ${more} more` : ''}`
}
