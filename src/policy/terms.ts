import { z } from 'zod'

/** A workspace's rules. Terms that were never set have the default that stands here. */
const schema = z.object({
  alertChannel: z.string().default('security-alerts'),
  timeZone: z.string().default('UTC'),
  /** keys with `write` must have an expiry, or only get a warning */
  writeMustExpire: z.enum(['enforce', 'warn']).default('enforce'),
  maximumLifetimeDays: z.number().int().min(1).max(3650).default(365),
  rotationPeriodDays: z.number().int().min(1).max(3650).default(90),
})

export type Terms = z.output<typeof schema>

/** Reads what a workspace has stored; unknown terms are left out, missing ones get their default. */
export const readTerms = (stored: unknown): Terms => schema.parse(stored ?? {})
