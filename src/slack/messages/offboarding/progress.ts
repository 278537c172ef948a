import type { KnownBlock, ModalView, TaskCardBlock } from '@slack/types'
import { minuteMs } from '../../../foundation/time.ts'
import { join, type Phrase, say, who } from '../../../foundation/words.ts'
import { receiptPhrase } from '../../../leases/receipt-words.ts'
import {
  type KeyOutcome,
  type LeaverKey,
  type Source,
  stillWorksUntil,
} from '../../../offboarding/offboarding.ts'
import type { Counts, OffboardingReport } from '../../../offboarding/report.ts'
import { actions, button, cut, type Message, message, notice } from '../../blocks.ts'
import { isolate, sentenceBlock } from '../../phrase.ts'
import { ref } from '../../ref.ts'
import { count } from '../keys/key.ts'
import { keepsRole, modeWords, ownPolicy } from './offboard.ts'

type One = OffboardingReport['offboardings'][number]
type Underway = Omit<One, 'ignored'>

/** How each source is named in a sentence. */
export const sourceWords: Record<Source, string> = {
  slack: '/keys offboard',
  workflow: 'a workflow',
  'user-change': 'Slack, which deactivated them',
  scim: 'the directory (SCIM)',
  webhook: 'the webhook',
  shell: 'the shell',
  reconcile: 'the nightly look at Slack’s members',
}

const outcomeWords: Record<KeyOutcome, string> = {
  revoked: 'revoked',
  deactivated: 'deactivated',
  rotating: 'rotating',
  'handed-over': 'handed over',
  kept: 'kept',
  'refused-already': 'was refused already',
  failed: 'could not be dealt with',
}

/** The progress of an offboarding and its final report, exceptions first. Many leavers are summed up. */
export const offboardingMessage = (report: OffboardingReport): Message =>
  report.offboardings.length === 1 ? about(report, report.offboardings[0]!) : aboutMany(report)

function about(report: OffboardingReport, one: One): Message {
  const { counts, keys } = report
  const isDone = one.state === 'done'
  const blocks: KnownBlock[] = [
    ...exceptions(one, report).map(sentenceBlock),
    ...(keys.length > 0
      ? [{ type: 'plan' as const, title: planTitle(one, counts), tasks: keys.map((key) => task(key, one)) }]
      : []),
    ...(keys.length === 0 && counts.all > 0 && !one.endedAt ? [sentenceBlock(sums(counts))] : []),
    sentenceBlock(origin(one)),
    ...(isDone && !one.endedAt ? [undoButton(one)] : []),
  ]
  return message(headline(one, counts), ...blocks)
}

function headline(one: Underway, counts: Counts): Phrase {
  const leaver = person(one)
  if (one.endedBecause === 'undone')
    return say`The offboarding of ${leaver} was undone on ${{ moment: one.endedAt! }}.`
  if (one.endedBecause === 'returned')
    return say`${leaver} came back on ${{ moment: one.endedAt! }}. No key came back by itself.`
  if (one.state === 'done')
    return counts.all === 0
      ? say`Offboarded ${leaver}. They had no key.`
      : say`Offboarded ${leaver}: ${sums(counts)}`
  return say`Offboarding ${leaver}: ${doneOf(counts)} of ${count(counts.all, 'key')} done.`
}

const person = (one: Underway) => (one.userId ? { user: one.userId } : { name: one.email ?? '' })

/** Keys that could not be dealt with are not done. */
const doneOf = ({ all, waiting, failed }: Counts): number => all - waiting - failed

const planTitle = ({ endedAt }: Underway, counts: Counts) =>
  endedAt
    ? `What became of ${count(counts.all, 'key')}`
    : `${doneOf(counts)} of ${count(counts.all, 'key')} refused, rotating or kept`

/** How many keys are how far, as one sentence. */
export function sums(counts: Counts): Phrase {
  const parts = [
    [counts.failed, 'failed'],
    [counts.refused, 'refused'],
    [counts.rotating, 'rotating'],
    [counts.handedOver, 'handed over'],
    [counts.kept, 'kept'],
    [counts.waiting, 'waiting'],
  ] as const
  const counted = parts.filter(([n]) => n > 0).map(([n, word]) => say`${n} ${word}`)
  return say`${join(counted, ', ')}.`
}

/** A message shows some thirteen thousand characters in all, so what is listed is short. */
const maxName = 60
const maxFailed = 10
const maxPlaces = 5
const short = (name: string) => ({ name: cut(name, maxName) })

/** The exceptions that need attention. */
function exceptions(one: One, { counts, keys, elsewhere }: OffboardingReport): Phrase[] {
  const failed = keys.filter((key) => key.outcome === 'failed')
  const usable = keys.filter((key) => stillWorksUntil(key))
  const until = new Date(Math.max(...usable.map((key) => key.worksUntil!.getTime())))
  const isRotating = usable.every(({ rotation }) => rotation === 'running')
  return [
    ...failed
      .slice(0, maxFailed)
      .map((key) => say`${short(key.name)} could not be dealt with: ${{ name: cut(key.why, 150) }}`),
    ...(failed.length > maxFailed ? [say`${failed.length - maxFailed} more could not be dealt with.`] : []),
    ...(one.lastOwnerOf.length > 0
      ? [
          say`${person(one)} was the last owner of ${join(
            one.lastOwnerOf.slice(0, maxPlaces).map((name) => [short(name)]),
            ', ',
          )}. An operator names another: ${{ code: 'keywarden workspace owner USER' }}.`,
        ]
      : []),
    ...(one.keepsRoleInNames.length > 0 && !one.endedAt ? [rolesKept(one)] : []),
    ...ignoredPhrases(one),
    ...(elsewhere.length > 0
      ? [
          join(
            elsewhere.slice(0, maxPlaces).map((one) => ownPolicy(one, 'followed')),
            ' ',
          ),
        ]
      : []),
    ...(usable.length > 0 && !one.endedAt
      ? [
          say`${person(one)} can still use ${count(usable.length, 'key')} until ${{ moment: until }}${isRotating ? `, while the new ${usable.length === 1 ? 'one takes' : 'ones take'} over` : ''}.`,
        ]
      : []),
    ...(counts.kept > 0 && keys.some((key) => key.outcome === 'kept' && key.reasons.join() === 'created')
      ? [say`Keys that they created but never saw are kept.`]
      : []),
  ]
}

const maxIgnored = 5

/** Names the parts of other systems' requests that were not done. */
function ignoredPhrases(one: Pick<One, 'ignored' | 'mode' | 'successorId'>): Phrase[] {
  const { asked, notTakenIn } = one.ignored
  const places = notTakenIn.slice(0, maxPlaces).map((name) => [short(name)])
  return [
    ...asked
      .slice(0, maxIgnored)
      .flatMap(({ source, mode, successor }) => [
        ...(mode
          ? [say`Ignored: ${sourceWords[source]} asked to ${modeWords[mode]}. I ${modeWords[one.mode]}.`]
          : []),
        ...(successor
          ? [say`Ignored: ${sourceWords[source]} named ${{ user: successor }} to take over.`]
          : []),
      ]),
    ...(asked.length > maxIgnored
      ? [say`${asked.length - maxIgnored} more requests were not followed in all.`]
      : []),
    ...(places.length > 0 && one.successorId
      ? [
          say`${{ user: one.successorId }} takes over nothing in ${join(places, ', ')}: they are not in charge there.`,
        ]
      : []),
  ]
}

const rolesKept = (one: Underway): Phrase =>
  join(
    one.keepsRoleInNames.slice(0, maxPlaces).map((name) => keepsRole(person(one), name)),
    ' ',
  )

function origin(one: Underway): Phrase {
  const sources = one.sources.map((bot) => sourceWords[bot]).join(', ')
  const took = one.doneAt ? (one.doneAt.getTime() - one.begunAt.getTime()) / 1000 : 0
  const limit = Math.round((one.dueAt.getTime() - one.begunAt.getTime()) / minuteMs)
  const note = one.note ? say` Note: ${{ name: one.note }}.` : []
  const asked = say`Asked for by ${who(one.requestedBy)} on ${{ moment: one.requestedAt }}, through ${sources}.${note}`
  if (!one.doneAt) return say`${asked} The limit is ${count(limit, 'minute')}.`
  return say`${asked} Done after ${duration(took)}; the limit is ${count(limit, 'minute')}${took > limit * 60 ? ': too late' : ''}.`
}

function duration(seconds: number): string {
  if (seconds < 1) return 'less than a second'
  return seconds < 90 ? count(Math.round(seconds), 'second') : count(Math.round(seconds / 60), 'minute')
}

function task(key: LeaverKey, { endedAt, state }: Underway): TaskCardBlock {
  const isDone = key.confirmedAt !== null
  const status =
    key.outcome === 'failed' ? 'error' : isDone ? 'complete' : key.outcome ? 'in_progress' : 'pending'
  return {
    type: 'task_card',
    task_id: key.keyId,
    title: `${isolate(cut(key.name, maxName))} ${key.hint ?? ''}`.trim(),
    status,
    // A person may come back while it goes on: what is left of it is still done.
    output: sentenceBlock(became(key, endedAt !== null && state === 'done')),
  }
}

function became(key: LeaverKey, isOver: boolean): Phrase {
  if (!key.outcome)
    return isOver ? say`nothing was done` : say`${key.plan} (${key.busy ? 'in use' : 'quiet'})`
  if (isOver || key.undoneAt || isActivated(key)) return was(key, key.outcome)
  const to = key.ownerAfter ? say`; owner is now ${{ user: key.ownerAfter }}` : []
  const outcome =
    key.outcome === 'rotating' ? rotatingWords[key.rotation ?? 'running'] : outcomeWords[key.outcome]
  return say`${outcome}${to}${oldWorks(key)}${receiptOf(key)}`
}

const rotatingWords = { running: 'rotating', finished: 'rotated', aborted: 'rotation aborted' } as const

/** The receipt of what was done, which says nothing of a key that somebody has ended or activated since. */
function receiptOf(key: LeaverKey): Phrase {
  const { receipt, outcome } = key
  if (!receipt || outcome === 'kept' || outcome === 'handed-over') return []
  const isEnd = outcome === 'rotating'
  if (isEnd ? !stillWorksUntil(key) : key.works) return []
  return say`. ${receiptPhrase(receipt, isEnd ? 'end' : 'refused')}`
}

function oldWorks(key: LeaverKey): Phrase {
  const until = stillWorksUntil(key)
  return until ? say`; old key works until ${{ moment: until }}` : []
}

/** An outcome that was taken back, or whose offboarding has ended, is past; only a rotation may go on. */
function was(key: LeaverKey, outcome: KeyOutcome): Phrase {
  const { undoneAt, ownerBefore, ownerAfter, rotation } = key
  if (outcome === 'rotating' && rotation === 'running') {
    const again = undoneAt ? say`; owner is ${{ user: ownerBefore }} again` : []
    return say`goes on rotating${again}${oldWorks(key)}`
  }
  const done =
    outcome === 'rotating' && rotation === 'aborted' ? 'its rotation was aborted' : pastWords[outcome]
  const to = ownerAfter
    ? say`${outcome === 'handed-over' ? ' to' : ', given to'} ${{ user: ownerAfter }}`
    : []
  const since = undoneAt
    ? say`; undone on ${{ moment: undoneAt }}`
    : say`${isActivated(key) ? '; works again' : ''}`
  return say`${done}${to}${since}`
}

const isActivated = ({ outcome, works }: LeaverKey): boolean => outcome === 'deactivated' && works

const pastWords: Record<KeyOutcome, string> = {
  revoked: 'was revoked',
  deactivated: 'was deactivated',
  rotating: 'was rotated',
  'handed-over': 'was handed over',
  kept: 'was kept',
  'refused-already': 'was refused already',
  failed: 'could not be dealt with',
}

/** Lets a person who was offboarded by mistake back in, even when no key comes back; its dialog says what does. */
const undoButton = ({ workspaceId, id }: Pick<One, 'workspaceId' | 'id'>): KnownBlock =>
  actions(
    button('Undo', 'offboard.undo', ref(workspaceId, id), {
      label: 'Undo this offboarding: what it gives back is shown first',
    }),
  )

/** For `/keys offboard` of a person who is already being offboarded: the progress, and the undo button. */
export const progressView = (one: Underway, counts: Counts): ModalView =>
  notice('Offboard', [
    sentenceBlock(headline(one, counts)),
    ...(one.keepsRoleInNames.length > 0 ? [sentenceBlock(rolesKept(one))] : []),
    sentenceBlock(origin(one)),
    ...(one.state === 'done' ? [undoButton(one)] : []),
  ])

function aboutMany({ offboardings, counts }: OffboardingReport): Message {
  const done = offboardings.filter((one) => one.state === 'done').length
  const late = offboardings.filter((one) => (one.doneAt ?? one.dueAt) > one.dueAt)
  const named = offboardings.slice(0, 20).map((one): Phrase => [person(one)])
  const rest = offboardings.length - named.length
  const owners = offboardings.filter((one) => one.lastOwnerOf.length > 0)
  // A message holds fifty blocks.
  const inParts = (some: readonly One[], words: (one: One) => Phrase) =>
    some.slice(0, 10).map((one) => sentenceBlock(words(one)))
  return message(
    say`Offboarding ${offboardings.length} people: ${done} done. ${count(counts.all, 'key')}: ${sums(counts)}`,
    sentenceBlock(
      say`${join(named, ', ')}${rest > 0 ? ` and ${rest} more` : ''}. The file in the thread has every key.`,
    ),
    ...(late.length > 0 ? [sentenceBlock(say`Over the limit: ${late.length}.`)] : []),
    ...inParts(
      owners,
      (one) => say`${person(one)} was the last owner of ${short(one.lastOwnerOf.join(', '))}.`,
    ),
    ...inParts(
      offboardings.filter((one) => one.keepsRoleInNames.length > 0),
      rolesKept,
    ),
  )
}
