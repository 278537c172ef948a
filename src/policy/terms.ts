import { z } from 'zod'

const time = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/)

/** A workspace's rules and thresholds. Terms that were never set have the default that stands here. */
const schema = z.object({
  rotationPeriodDays: z.number().int().min(7).max(730).default(90),
  /** how long before the end of the period the first warning comes */
  rotationWarningDays: z.number().int().min(1).max(90).default(15),
  maximumLifetimeDays: z.number().int().min(1).max(3650).default(365),
  /** keys with `write` must have an expiry, or their maker is only warned */
  writeMustExpire: z.enum(['enforce', 'warn']).default('enforce'),
  /** a key with `write` is made only when a second manager or owner agrees */
  writeNeedsApproval: z.boolean().default(false),
  /** wall-clock times in `timeZone` between which only critical alerts are sent; equal times mean never quiet */
  quietFrom: time.default('20:00'),
  quietUntil: time.default('08:00'),
  timeZone: z.string().default('UTC'),
  alertChannel: z.string().default('security-alerts'),
  /** without a request for this long a key counts as idle */
  idleDays: z.number().int().min(7).max(365).default(60),
})

export type Terms = z.output<typeof schema>

/** Reads what a workspace has stored; unknown terms are left out, missing ones get their default. */
export const readTerms = (stored: unknown): Terms => schema.parse(stored ?? {})

/** The terms that somebody wants, or which of them are wrong and why. */
export function checkTerms(wanted: unknown): Terms | { wrong: { term: string; why: string }[] } {
  const checked = schema.safeParse(wanted)
  if (checked.success) return checked.data
  return { wrong: checked.error.issues.map((issue) => ({ term: String(issue.path[0]), why: issue.message })) }
}
