import { createHash } from 'node:crypto'
import { z } from 'zod'
import { isTimeZone } from '../foundation/time.ts'

const time = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'Enter a time such as 20:00.')
const days = (least: number, max: number) => {
  const error = `Enter a whole number of days from ${least} to ${max}.`
  return z.number({ error }).int(error).min(least, error).max(max, error)
}

/** 0 for never, else whole days; less than a month apart nobody would read them. */
const pause = 'Enter a whole number of days from 30 to 365, or 0 for never.'

const systems = 'Enter a whole number from 3 to 50.'

const minutes = 'Enter a whole number of minutes from 1 to 1440.'
const hours = 'Enter a whole number of hours from 1 to 720.'

/** A workspace's rules and thresholds. Terms that were never set have the default that stands here. */
const schema = z.object({
  rotationPeriodDays: days(7, 730).default(90),
  /** how long before the end of the period the first warning comes */
  rotationWarningDays: days(1, 90).default(15),
  /** without a request on the old key for this long, a rotation is safe to finish */
  silentBeforeFinishHours: z.number({ error: hours }).int(hours).min(1, hours).max(720, hours).default(24),
  /** from the start of a rotation until it finishes by itself, or asks */
  rotationDeadlineDays: days(1, 90).default(14),
  /** the old key ends at the deadline even while it is used, once the new one was revealed */
  cutAtDeadline: z.boolean().default(false),
  maximumLifetimeDays: days(1, 3650).default(365),
  /** keys with `write` must have an expiry, or their maker is only warned */
  writeMustExpire: z.enum(['enforce', 'warn']).default('enforce'),
  /** a key with `write` is made only when a second manager or owner agrees */
  writeNeedsApproval: z.boolean().default(false),
  /** wall-clock times in `timeZone` between which only critical alerts are sent; equal times mean never quiet */
  quietFrom: time.default('20:00'),
  quietUntil: time.default('08:00'),
  timeZone: z.string().refine(isTimeZone, 'Enter an IANA time zone such as Europe/Berlin.').default('UTC'),
  alertChannel: z.string().min(1).default('security-alerts'),
  /** without a request for this long a key counts as idle */
  idleDays: days(7, 365).default(60),
  /** as many systems at once, with neither network nor client in common, share a key */
  sharedKeySystems: z.number({ error: systems }).int(systems).min(3, systems).max(50, systems).default(4),
  /** what happens to an idle key after notice; deactivating can be undone */
  idleKeys: z.enum(['flag', 'deactivate']).default('flag'),
  /** how often each owner is asked which of their keys are still needed; 0 for never */
  reviewIntervalDays: z
    .number({ error: pause })
    .int(pause)
    .refine((days) => days === 0 || (days >= 30 && days <= 365), pause)
    .default(90),
  /** how long they have to answer */
  reviewAnswerDays: days(3, 30).default(14),
  /** what happens after notice to a key that nobody confirmed in time */
  unconfirmedKeys: z.enum(['flag', 'deactivate']).default('flag'),
  /** from the notice until an idle or unconfirmed key is deactivated */
  noticeDays: days(3, 30).default(7),
  /** where signed checkpoints of the audit are posted; empty for nowhere */
  auditChannel: z.string().default(''),
  /** a key whose use looks like a leak is deactivated by itself; one click activates it again */
  quarantineLeaked: z.boolean().default(false),
  /** what happens to a leaver's keys when somebody has seen the preview: by use, busy ones rotate, quiet ones end */
  offboardingMode: z.enum(['by-use', 'revoke', 'deactivate', 'rotate']).default('by-use'),
  /** the same for doors without a preview; deactivating can be undone */
  offboardingUnattendedMode: z.enum(['by-use', 'revoke', 'deactivate', 'rotate']).default('deactivate'),
  /** whether the workflow step may offboard people; whoever can run a workflow could */
  offboardingByWorkflow: z.boolean().default(false),
  /** from the request until every key is refused or rotating */
  offboardingLimitMinutes: z
    .number({ error: minutes })
    .int(minutes)
    .min(1, minutes)
    .max(1440, minutes)
    .default(15),
  /** a key that was used within this long is busy */
  offboardingBusyDays: days(1, 90).default(7),
  /** how long a leaver's key goes on working beside its successor */
  offboardingGraceDays: days(1, 30).default(7),
})

export type Terms = z.output<typeof schema>

/** Reads what a workspace has stored; unknown terms are left out, missing ones get their default. */
export const readTerms = (stored: unknown): Terms => schema.parse(stored ?? {})

/** The terms that somebody wants, or which of them are wrong and why. */
export function checkTerms(wanted: unknown): Terms | { wrong: { term: string; why: string }[] } {
  const checked = schema.safeParse(wanted)
  if (checked.success) {
    const { rotationWarningDays, rotationPeriodDays } = checked.data
    if (rotationWarningDays < rotationPeriodDays) return checked.data
    const why = `Enter fewer days than the ${rotationPeriodDays} between rotations.`
    return { wrong: [{ term: 'rotationWarningDays', why }] }
  }
  return { wrong: checked.error.issues.map((issue) => ({ term: String(issue.path[0]), why: issue.message })) }
}

/** The same for the same terms, so that a change of terms that somebody else changed meanwhile is noticed. */
export const versionOf = (terms: Terms): string =>
  createHash('sha256').update(JSON.stringify(terms)).digest('hex').slice(0, 16)
