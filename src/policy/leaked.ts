import { z } from 'zod'

/** The evidence of a report of a leak: a person, a scanner, or the message in Slack that has the token. */
export const evidences = ['person', 'scanner', 'pasted'] as const
export type Evidence = (typeof evidences)[number]

/** The action on a leaked key besides the alert, the mildest first. */
export const leakActions = ['notify', 'quarantine', 'rotate', 'revoke'] as const
export type LeakAction = (typeof leakActions)[number]

/** By scope; a scope that is not named is only notified about, so nothing ends that no owner has decided on. */
const byScope = z.record(z.string().max(40), z.enum(leakActions)).default({})

export const leakedRules = z
  .object({ person: byScope, scanner: byScope, pasted: byScope })
  .prefault({ person: {}, scanner: {}, pasted: {} })

type LeakedRules = z.output<typeof leakedRules>

/** The action of the rules on a key with these scopes: the strongest of theirs. Pure. */
export function leakAction(rules: LeakedRules, evidence: Evidence, scopes: readonly string[]): LeakAction {
  const wanted = scopes.map((scope) => leakActions.indexOf(rules[evidence][scope] ?? 'notify'))
  return leakActions[Math.max(0, ...wanted)]!
}
