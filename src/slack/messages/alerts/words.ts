import type { Alert, FindingAction, Step } from '../../../alerts/channel.ts'
import type { Kind, Resolution } from '../../../findings/finding.ts'
import { join, type Phrase, say, who } from '../../../foundation/words.ts'
import { count } from '../keys/key.ts'
import { useWords } from './unusual-use.ts'

/** The finding in one sentence. */
export const fact = (alert: Alert, step = alert.step): Phrase => sentences[alert.kind](alert, step)

const sentences: Record<Kind, (alert: Alert, step: string) => Phrase> = {
  expiring(alert, step) {
    const { key } = alert
    const at = { moment: key.expiresAt! }
    if (step === 'expired') return say`${{ name: key.name }} stopped working on ${at}.`
    return say`${{ name: key.name }} stops working on ${at}.${inDay(alert)}`
  },
  'rotation-due'(alert, step) {
    const { key, facts } = alert
    const since = say`its key is from ${{ day: new Date(String(facts.revealedAt)) }}.${inDay(alert)}`
    const due = { day: new Date(String(facts.dueAt)) }
    if (step === 'warn') return say`${{ name: key.name }} is due for rotation on ${due}; ${since}`
    if (step === 'due') return say`${{ name: key.name }} is due for rotation; ${since}`
    const weeks = Number(/\d+/.exec(step)?.[0])
    return say`${{ name: key.name }} is ${weeks} ${weeks === 1 ? 'week' : 'weeks'} overdue for rotation; ${since}`
  },
  idle({ key, facts }) {
    const days = Number(facts.days)
    if (facts.neverUsed)
      return say`${{ name: key.name }}: no request yet, ${days} days after it was made.${willPause(facts)}`
    return say`${{ name: key.name }}: no request for ${days} days.${willPause(facts)}`
  },
  unconfirmed({ key, facts }) {
    if (facts.unneededBy)
      return say`${{ name: key.name }} is not needed any more, ${who(String(facts.unneededBy))} says.${willPause(facts)}`
    return say`${{ name: key.name }}: nobody confirmed by ${{ day: new Date(String(facts.answerBy)) }} that it is still needed.${willPause(facts)}`
  },
  'write-without-expiry': ({ key }) =>
    say`${{ name: key.name }} may write and never expires. Rotate it and give the new key an end.`,
  orphaned: ({ key, facts }) =>
    say`${{ name: key.name }} belongs to ${who(String(facts.owner))}, who has left. Give it another owner, or end it.`,
  'shared-key'({ key, facts }) {
    const at = { moment: new Date(String(facts.hour)) }
    const shown = facts.shown as { network: string; client: string }[]
    const from = join(
      shown.map(({ network, client }) => say`${{ code: client }} from ${network}`),
      ', ',
    )
    if (Number(facts.systems) > 1)
      return say`${{ name: key.name }} was used by at least ${Number(facts.systems)} systems in the hour from ${at}: ${from}. A key each would show who does what.`
    return say`${{ name: key.name }} was used from ${Number(facts.networks)} places in the hour from ${at}: more than one fleet is likely to have.`
  },
  'dead-key-in-use'({ key, facts }) {
    const ended = { day: new Date(String(facts.endedAt)) }
    const how =
      facts.how === 'expired'
        ? say`expired on ${ended}`
        : say`was ${String(facts.how)} by ${who(String(facts.by))} on ${ended}`
    return say`${{ name: key.name }} ${how}, and is still presented: ${count(Number(facts.requests), 'refused request')} in the day before ${{ moment: new Date(String(facts.until)) }}, from ${among(facts.networks, facts.networkCount)} by ${among(facts.clients, facts.clientCount)}.`
  },
  'offboarding-late': ({ key, facts }) =>
    say`${{ name: key.name }}: ${who(String(facts.leaver))} left on ${{ moment: new Date(String(facts.since)) }}, and not every server is known to refuse it. The limit was ${{ moment: new Date(String(facts.dueAt)) }}.`,
  'unusual-use': useWords,
}

/** The requests that would fail if the key ended now; with the time, since the message stays. */
const inDay = ({ inDay: day }: Alert): Phrase =>
  day
    ? say` ${day.requests > 0 ? count(day.requests, 'request') : 'No request'} in the 24 hours before ${{ moment: day.until }}.`
    : []

/** The policy's action on the key after the notice. */
const willPause = ({ deactivateAt }: Record<string, unknown>): Phrase =>
  deactivateAt
    ? say` It will be deactivated on ${{ moment: new Date(String(deactivateAt)) }}, unless somebody says that it is needed.`
    : []

/** The first few by name, and the number of the others. */
function among(names: unknown, all: unknown): Phrase {
  const shown = names as string[]
  const more = Number(all) - shown.length
  const named = join(
    shown.map((name): Phrase => [{ code: name }]),
    ', ',
  )
  return more > 0 ? say`${named} and ${more} more` : named
}

/** A number of findings of a kind, in one sentence. */
export const manyFacts: Record<Kind, (n: number) => Phrase> = {
  expiring: (n) =>
    say`${n} ${n === 1 ? 'key stops working soon or has' : 'keys stop working soon or have'} stopped.`,
  'rotation-due': (n) => say`${n} ${n === 1 ? 'key is' : 'keys are'} due for rotation.`,
  idle: (n) => say`${n} ${n === 1 ? 'key has' : 'keys have'} had no request for a long time.`,
  'write-without-expiry': (n) =>
    say`${n} ${n === 1 ? 'key may write and never expires' : 'keys may write and never expire'}.`,
  orphaned: (n) => say`${n} ${n === 1 ? 'key belongs' : 'keys belong'} to somebody who has left.`,
  unconfirmed: (n) => say`${n} ${n === 1 ? 'key was' : 'keys were'} not confirmed as needed.`,
  'shared-key': (n) => say`${n} ${n === 1 ? 'key is' : 'keys are'} used by several systems at once.`,
  'dead-key-in-use': (n) =>
    say`${n} ${n === 1 ? 'key that has ended is' : 'keys that have ended are'} still presented.`,
  'offboarding-late': (n) =>
    say`${n} ${n === 1 ? 'key' : 'keys'} of people who left may still be accepted, past the limit.`,
  'unusual-use': (n) => say`${n} ${n === 1 ? 'key is' : 'keys are'} used unusually.`,
}

/** People's answers to the alert that still apply. */
export function statusLines(alert: Alert): Phrase[] {
  const { acknowledged, assigned, snoozed } = alert
  return [
    ...(acknowledged ? [say`${who(acknowledged.by)} is on it since ${{ moment: acknowledged.at }}.`] : []),
    ...(assigned ? [say`${who(assigned.by)} gave it to ${who(assigned.to)}.`] : []),
    ...(snoozed
      ? [say`Snoozed by ${who(snoozed.by)} until ${{ moment: snoozed.until }}: ${{ name: snoozed.reason }}`]
      : []),
  ]
}

const resolutionWords: Record<Resolution['what'], string> = {
  deactivated: 'Deactivated',
  revoked: 'Revoked',
  rotated: 'Rotated',
  silent: 'Not presented for a day; noticed',
  apart: 'No longer used by several at once; noticed',
  used: 'In use again; noticed',
  needed: 'Still needed, said',
  reassigned: 'It has another owner, or its owner is back; noticed',
  over: 'Nobody acted, and it stopped working; closed',
  'handed-over': 'Given to another owner',
  returned: 'Its owner is back; noticed',
  policy: 'No longer so, since the policy changed; noticed',
  renewed: 'No longer so; noticed',
  calm: 'Nothing strange for days; closed',
  expected: 'Expected, said',
  activated: 'Activated again',
  fleet: 'Part of what many keys did at once; closed',
}

/** How the finding ended: what was done, by whom, when. */
export function ending(alert: Alert): Phrase {
  const { what, by, at } = alert.resolution!
  const moment = { moment: new Date(at) }
  // Older rows name the last person who changed the key, who may not be the one who resolved the finding.
  const author = what === 'renewed' ? null : by
  const undo = wasPausedByJob(alert) ? ' Activating it is one click.' : ''
  return say`${{ name: alert.key.name }}: ${resolutionWords[what]} by ${author ? who(author) : 'Keywarden'} on ${moment}.${undo}`
}

/** Whether the policy alone paused the key; the alert then keeps the button that activates it. */
export const wasPausedByJob = ({ resolution, key }: Alert): boolean =>
  resolution?.what === 'deactivated' && resolution.by?.startsWith('job:') === true && key.isPaused

/** The reply in the thread for a step. */
export function stepWords({ alert, step, action, mentions }: Step): Phrase {
  if (action) return actionPhrase(alert, action, mentions)
  if (alert.resolution) return say`${called(mentions)}${ending(alert)}`
  if (step.startsWith('eased'))
    return say`${called(mentions)}The notice is withdrawn: nothing will be deactivated. ${fact(alert)}`
  if (step.startsWith('woken')) return say`${called(mentions)}The snooze is over. ${fact(alert)}`
  return say`${called(mentions)}${fact(alert, step)}`
}

export const called = (mentions: string[]): Phrase =>
  mentions.length === 0
    ? []
    : say`${join(
        mentions.map((user) => [{ user }]),
        ' ',
      )}: `

function actionPhrase({ key }: Alert, action: FindingAction, mentions: string[]): Phrase {
  const by = who(action.by)
  const name = { name: key.name }
  const reason = { name: action.reason ?? '' }
  const until = action.until ? { moment: new Date(action.until) } : ''
  switch (action.what) {
    case 'acknowledged':
      return say`${by} is on it: ${name}.`
    case 'snoozed':
      return say`${by} snoozed ${name} until ${until}: ${reason}`
    case 'woken':
      return say`${by} ended the snooze of ${name}.`
    case 'assigned':
      return say`${who(action.to ?? '')} ${by} gave you ${name}.`
    case 'asked':
      return say`${called(mentions)}${by} asks a manager to act on ${name}.`
  }
}
