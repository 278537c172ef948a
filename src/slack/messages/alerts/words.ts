import type { Alert, FindingAction, Step } from '../../../alerts/alert.ts'
import type { Severity } from '../../../anomaly/severity.ts'
import type { Resolution } from '../../../findings/finding.ts'
import { join, type Phrase, type Piece, say, who } from '../../../foundation/words.ts'
import { kindWords } from './kinds.ts'

/** The finding in one sentence. */
const fact = (alert: Alert, step = alert.step): Phrase => kindWords[alert.kind].fact(alert, step)

/** How urgent it is, by sign and by word: neither colour nor shape alone says it. */
export const severityWords: Record<Severity, string> = {
  critical: '🔴 Critical',
  warning: '🟠 Warning',
  notice: '🔵 Notice',
}

/** How urgent the finding is, its key, and the fact. */
export const headline = (alert: Alert, step = alert.step): Phrase =>
  say`${severityWords[alert.severity]} · ${fact(alert, step)}`

/** People's answers to the alert that still apply. */
export function statusLines(alert: Alert): Phrase[] {
  const { acknowledged, assigned, snoozed } = alert
  return [
    ...(acknowledged
      ? [say`${who(acknowledged.by)} has been on it since ${{ moment: acknowledged.at }}.`]
      : []),
    ...(assigned ? [say`Assigned to ${who(assigned.to)} by ${who(assigned.by)}.`] : []),
    ...(snoozed
      ? [say`Snoozed by ${who(snoozed.by)} until ${{ moment: snoozed.until }}: “${{ name: snoozed.reason }}”`]
      : []),
  ]
}

type Outcome = (name: Piece, resolution: { who: Piece; at: { moment: Date } }) => Phrase

const doneBy =
  (verb: string, rest = ''): Outcome =>
  (name, { who, at }) =>
    say`${who} ${verb} ${name}${rest} on ${at}.`

/** Nobody did it by hand, so the time is when it was noticed. */
const noticed =
  (what: string): Outcome =>
  (name, { at }) =>
    say`${name} ${what} Closed on ${at}.`

const outcomes: Record<Resolution['what'], Outcome> = {
  deactivated: doneBy('deactivated'),
  revoked: doneBy('revoked'),
  // Its finding ends with the first step of the rotation.
  rotated: doneBy('started to rotate'),
  activated: doneBy('activated', ' again'),
  needed: doneBy('marked', ' as still needed'),
  expected: doneBy('marked the use of', ' as expected'),
  'handed-over': doneBy('gave', ' another owner'),
  over: (name, { at }) => say`${name} stopped working on ${at}, and nobody had acted.`,
  silent: noticed('has ended, and was not tried for a day.'),
  apart: noticed('is no longer used by several systems at once.'),
  righted: noticed('was followed by a canary that every verifier judged as it should.'),
  used: noticed('is in use again.'),
  reassigned: noticed('has another owner, or its owner is back.'),
  returned: noticed('has its owner back.'),
  policy: noticed('no longer falls under the policy.'),
  renewed: noticed('needs nothing any more.'),
  calm: noticed('had nothing unusual for days.'),
  fleet: noticed('is part of the alert about what many keys did at once.'),
}

/** How the finding ended: what was done, by whom, when. */
export function outcome(alert: Alert): Phrase {
  const { what, by, at } = alert.resolution!
  const undo = wasPausedByJob(alert) ? ' Activating it is one click.' : ''
  const facts = { who: by ? who(by) : 'Keywarden', at: { moment: new Date(at) } }
  return say`${outcomes[what]({ name: alert.key.name }, facts)}${undo}`
}

/** Whether the policy alone paused the key; the alert then keeps the button that activates it. */
export const wasPausedByJob = ({ resolution, key }: Alert): boolean =>
  resolution?.what === 'deactivated' && resolution.by?.startsWith('job:') === true && key.isPaused

/** The reply in the thread for a step. It mentions people last: the key and the fact come first. */
export function stepWords({ alert, step, action, mentions }: Step): Phrase {
  if (action) return actionPhrase(alert, action, mentions)
  const to = addressed(mentions)
  if (alert.resolution) return say`${outcome(alert)}${to}`
  if (step.startsWith('eased'))
    return say`The notice is withdrawn: nothing will be deactivated. ${fact(alert)}${to}`
  if (step.startsWith('woken')) return say`${headline(alert)} The snooze is over.${to}`
  return say`${headline(alert, step)}${to}`
}

/** Mentions at the end of a sentence. */
const addressed = (mentions: readonly string[]): Phrase =>
  mentions.length === 0 ? [] : say` ${people(mentions)}`

/** Mentions in front of a sentence. */
export const called = (mentions: readonly string[]): Phrase =>
  mentions.length === 0 ? [] : say`${people(mentions)}: `

const people = (users: readonly string[]): Phrase =>
  join(
    users.map((user) => [{ user }]),
    ' ',
  )

function actionPhrase({ key }: Alert, action: FindingAction, mentions: string[]): Phrase {
  const by = who(action.by)
  const name = { name: key.name }
  const until = action.until ? { moment: new Date(action.until) } : ''
  switch (action.what) {
    case 'acknowledged':
      return say`${by} is on it: ${name}.`
    case 'snoozed':
      return say`${by} snoozed ${name} until ${until}: “${{ name: action.reason ?? '' }}”`
    case 'woken':
      return say`${by} ended the snooze of ${name}.`
    case 'assigned':
      return say`${by} assigned ${name} to ${who(action.to ?? '')}.`
    case 'let-go':
      return action.of
        ? say`${by} took ${name} off ${who(action.of)}. Nobody is on it now.`
        : say`${by} let go of ${name}. Nobody is on it now.`
    case 'asked':
      return say`${called(mentions)}${by} asks a manager to act on ${name}.`
  }
}
