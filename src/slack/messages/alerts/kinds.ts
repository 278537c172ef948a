import type { Alert } from '../../../alerts/alert.ts'
import { type Fault, faultWords } from '../../../canary/fault.ts'
import type { Kind } from '../../../findings/finding.ts'
import { join, type Phrase, say, who } from '../../../foundation/words.ts'
import { count } from '../keys/key.ts'
import { leakedWords } from './leaked.ts'
import { useWords } from './unusual-use.ts'

/** A kind of finding: one of them in a sentence, a number of them in a sentence, and one in a few words. */
type KindWords = {
  fact(alert: Alert, step: string): Phrase
  many(n: number): Phrase
  short(step: string): string
}

export const kindWords: Record<Kind, KindWords> = {
  expiring: {
    fact(alert, step) {
      const { key } = alert
      const at = { moment: key.expiresAt! }
      if (step === 'expired') return say`${{ name: key.name }} stopped working on ${at}.`
      return say`${{ name: key.name }} stops working on ${at}.${inDay(alert)}`
    },
    many: (n) =>
      say`${n} ${n === 1 ? 'key stops working soon or has' : 'keys stop working soon or have'} stopped.`,
    short: (step) =>
      step === 'expired'
        ? 'has stopped working'
        : `stops working within ${step === '1d' ? 'a day' : step.replace('d', ' days')}`,
  },
  'rotation-due': {
    fact(alert, step) {
      const { key, facts } = alert
      const since = say`created on ${{ day: new Date(String(facts.revealedAt)) }}.${inDay(alert)}`
      const due = { day: new Date(String(facts.dueAt)) }
      if (step === 'warn') return say`${{ name: key.name }} is due for rotation on ${due}; ${since}`
      if (step === 'due') return say`${{ name: key.name }} is due for rotation; ${since}`
      const weeks = Number(/\d+/.exec(step)?.[0])
      return say`${{ name: key.name }} is ${weeks} ${weeks === 1 ? 'week' : 'weeks'} overdue for rotation; ${since}`
    },
    many: (n) => say`${n} ${n === 1 ? 'key is' : 'keys are'} due for rotation.`,
    short: (step) => (step === 'warn' ? 'is due for rotation soon' : 'is due for rotation'),
  },
  idle: {
    fact({ key, facts }) {
      const days = Number(facts.days)
      if (facts.neverUsed)
        return say`${{ name: key.name }}: no request yet, ${days} days after it was made.${willPause(facts)}`
      return say`${{ name: key.name }}: no request for ${days} days.${willPause(facts)}`
    },
    many: (n) => say`${n} ${n === 1 ? 'key has' : 'keys have'} had no request for a long time.`,
    short: () => 'is not used',
  },
  unconfirmed: {
    fact({ key, facts }) {
      if (facts.unneededBy)
        return say`${{ name: key.name }} is not needed any more, ${who(String(facts.unneededBy))} says.${willPause(facts)}`
      return say`${{ name: key.name }}: nobody confirmed by ${{ day: new Date(String(facts.answerBy)) }} that it is still needed.${willPause(facts)}`
    },
    many: (n) => say`${n} ${n === 1 ? 'key was' : 'keys were'} not confirmed in the last review.`,
    short: () => 'was not confirmed in the last review',
  },
  'write-without-expiry': {
    fact: ({ key }) =>
      say`${{ name: key.name }} may write and never expires. Rotate it and give the new key an end.`,
    many: (n) =>
      say`${n} ${n === 1 ? 'key may write and never expires' : 'keys may write and never expire'}.`,
    short: () => 'may write and never expires',
  },
  orphaned: {
    fact: ({ key, facts }) =>
      say`${{ name: key.name }} belongs to ${who(String(facts.owner))}, who has left. Give it another owner, or revoke it.`,
    many: (n) => say`${n} ${n === 1 ? 'key belongs' : 'keys belong'} to somebody who has left.`,
    short: () => 'has no owner any more',
  },
  'shared-key': {
    fact({ key, facts }) {
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
    many: (n) => say`${n} ${n === 1 ? 'key is' : 'keys are'} used by several systems at once.`,
    short: () => 'is used by several systems at once',
  },
  'dead-key-in-use': {
    fact({ key, facts }) {
      const ended = { day: new Date(String(facts.endedAt)) }
      const how =
        facts.how === 'expired'
          ? say`expired on ${ended}`
          : say`was ${String(facts.how)} by ${who(String(facts.by))} on ${ended}`
      return say`${{ name: key.name }} ${how}, and is still presented: ${count(Number(facts.requests), 'refused request')} in the day before ${{ moment: new Date(String(facts.until)) }}, from ${among(facts.networks, facts.networkCount)} by ${among(facts.clients, facts.clientCount)}.`
    },
    many: (n) => say`${n} ${n === 1 ? 'key that has ended is' : 'keys that have ended are'} still presented.`,
    short: () => 'has ended and is still presented',
  },
  'offboarding-late': {
    fact: ({ key, facts }) =>
      say`${{ name: key.name }}: ${who(String(facts.leaver))} left on ${{ moment: new Date(String(facts.since)) }}, and not every server is known to refuse it. The limit was ${{ moment: new Date(String(facts.dueAt)) }}.`,
    many: (n) =>
      say`${n} ${n === 1 ? 'key' : 'keys'} of people who left may still be accepted, past the limit.`,
    short: () => 'may still be accepted though its holder left',
  },
  leaked: {
    fact: leakedWords,
    many: (n) => say`${n} ${n === 1 ? 'key has' : 'keys have'} leaked.`,
    short: () => 'has leaked',
  },
  canary: {
    fact({ key, facts }) {
      const runs = Number(facts.runs)
      const lasting =
        runs > 1 ? say` ${runs} runs in a row, the last on ${{ moment: new Date(String(facts.at)) }}.` : ''
      return say`The canary ${{ name: key.name }} was not judged as it should be. ${faultWords(facts.faults as Fault[])}${lasting}`
    },
    many: (n) => say`${n} ${n === 1 ? 'canary was' : 'canaries were'} not judged as they should be.`,
    short: () => 'was not judged as it should be by every verifier',
  },
  'unusual-use': {
    fact: useWords,
    many: (n) => say`${n} ${n === 1 ? 'key is' : 'keys are'} used unusually.`,
    short: (step) => (step === 'quarantined' ? 'is in quarantine' : 'is used unusually'),
  },
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
