import { createHash } from 'node:crypto'
import { z } from 'zod'
import { isTimeZone } from '../foundation/time.ts'
import { leakedRules } from './leaked.ts'

const time = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'Enter a time such as 20:00.')
const days = (least: number, max: number) => {
  const error = `Enter a whole number of days from ${least} to ${max}.`
  return z.number({ error }).int(error).min(least, error).max(max, error)
}

/** 0 for never, else whole days; reviews less than a month apart would be ignored. */
const pause = 'Enter a whole number of days from 30 to 365, or 0 for never.'

/** No key is made for longer, in days. */
const maxLifetime = 3650
const lifetime = `Enter a whole number of days from 1 to ${maxLifetime}, or 0 for no limit.`

const systems = 'Enter a whole number from 3 to 50.'

const minutes = 'Enter a whole number of minutes from 1 to 1440.'
const hours = 'Enter a whole number of hours from 1 to 720.'

/** A workspace's rules and thresholds, with the defaults for rules that were never set. */
const schema = z.object({
  rotationPeriodDays: days(7, 730).default(90),
  /** the first warning comes this long before the end of the period */
  rotationWarningDays: days(1, 90).default(15),
  /** a rotation is safe to finish after this long without a request on the old key */
  silentBeforeFinishHours: z.number({ error: hours }).int(hours).min(1, hours).max(720, hours).default(24),
  /** from the start of a rotation until it finishes by itself, or asks */
  rotationDeadlineDays: days(1, 90).default(14),
  /** ends the old key at the deadline even while in use, once the new one was revealed */
  cutAtDeadline: z.boolean().default(false),
  /** binds keys without an end too; 0 for no limit */
  maximumLifetimeDays: z
    .number({ error: lifetime })
    .int(lifetime)
    .min(0, lifetime)
    .max(maxLifetime, lifetime)
    .default(0),
  /** which keys have to have an end */
  mustExpire: z.enum(['all', 'write', 'none']).default('write'),
  /** a key with `write` needs the approval of a second manager or owner */
  writeNeedsApproval: z.boolean().default(false),
  /** wall-clock times in `timeZone` between which only critical alerts are sent; equal times mean never quiet */
  quietFrom: time.default('20:00'),
  quietUntil: time.default('08:00'),
  timeZone: z.string().refine(isTimeZone, 'Enter an IANA time zone such as Europe/Berlin.').default('UTC'),
  alertChannel: z.string().min(1).default('security-alerts'),
  /** a key is idle after this long without a request */
  idleDays: days(7, 365).default(60),
  /** this many systems at once, with no network or client in common, share a key */
  sharedKeySystems: z.number({ error: systems }).int(systems).min(3, systems).max(50, systems).default(4),
  /** after notice, an idle key is only flagged, or deactivated, which can be undone */
  idleKeys: z.enum(['flag', 'deactivate']).default('flag'),
  /** how often owners confirm which keys they still need; 0 for never */
  reviewIntervalDays: z
    .number({ error: pause })
    .int(pause)
    .refine((days) => days === 0 || (days >= 30 && days <= 365), pause)
    .default(90),
  /** how long owners have to answer */
  reviewAnswerDays: days(3, 30).default(14),
  /** after notice, a key that nobody confirmed in time is only flagged, or deactivated */
  unconfirmedKeys: z.enum(['flag', 'deactivate']).default('flag'),
  /** from the notice until an idle or unconfirmed key is deactivated */
  noticeDays: days(3, 30).default(7),
  /** where signed checkpoints of the audit are posted; empty for nowhere */
  auditChannel: z.string().default(''),
  /** deactivates a key whose use looks like a leak; one click activates it again */
  quarantineLeaked: z.boolean().default(false),
  /** what happens to a key whose whole token was reported */
  leaked: leakedRules,
  /** Slack's ids of the channels in which whole tokens are noticed */
  watchedChannels: z
    .array(z.string().regex(/^[CG][A-Z0-9]{2,30}$/, 'Choose channels.'))
    .max(100, 'Choose at most 100 channels.')
    .default([]),
  /** the mode for a leaver's keys after a preview; `by-use`: busy ones rotate, quiet ones end */
  offboardingMode: z.enum(['by-use', 'revoke', 'deactivate', 'rotate']).default('by-use'),
  /** the mode without a preview; deactivating can be undone */
  offboardingUnattendedMode: z.enum(['by-use', 'revoke', 'deactivate', 'rotate']).default('deactivate'),
  /** allows the workflow step to offboard people, for anyone who can run a workflow */
  offboardingByWorkflow: z.boolean().default(false),
  /** from the request until every key is refused or rotating */
  offboardingLimitMinutes: z
    .number({ error: minutes })
    .int(minutes)
    .min(1, minutes)
    .max(1440, minutes)
    .default(15),
  /** a key used within this time is busy */
  offboardingBusyDays: days(1, 90).default(7),
  /** a leaver's key keeps working beside its successor for this long */
  offboardingGraceDays: days(1, 30).default(7),
})

export type Policy = z.output<typeof schema>

/** Whether a key with these scopes has to have an end. Pure. */
export const mustExpire = (
  scopes: readonly string[],
  policy: Pick<Policy, 'mustExpire' | 'maximumLifetimeDays'>,
): boolean =>
  policy.maximumLifetimeDays > 0 ||
  policy.mustExpire === 'all' ||
  (policy.mustExpire === 'write' && scopes.includes('write'))

/** The longest lifetime that a key may be given, in days. Pure. */
export const longestDays = ({ maximumLifetimeDays }: Pick<Policy, 'maximumLifetimeDays'>): number =>
  maximumLifetimeDays || maxLifetime

/** Reads stored rules; unknown ones are dropped, missing ones get their default. */
export const readPolicy = (stored: unknown): Policy => schema.parse(stored ?? {})

/** Checks wanted rules. Returns them, or the wrong ones with the reason. */
export function checkPolicy(wanted: unknown): Policy | { wrong: { rule: string; why: string }[] } {
  const checked = schema.safeParse(wanted)
  if (checked.success) {
    const { rotationWarningDays, rotationPeriodDays } = checked.data
    if (rotationWarningDays < rotationPeriodDays) return checked.data
    const why = `Enter fewer days than the ${rotationPeriodDays} between rotations.`
    return { wrong: [{ rule: 'rotationWarningDays', why }] }
  }
  return { wrong: checked.error.issues.map((issue) => ({ rule: String(issue.path[0]), why: issue.message })) }
}

/** A hash of the rules, by which a concurrent change is noticed. */
export const versionOf = (policy: Policy): string =>
  createHash('sha256').update(JSON.stringify(policy)).digest('hex').slice(0, 16)
