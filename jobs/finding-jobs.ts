import type { Kind } from '../src/findings/finding.ts'
import { questions } from '../src/findings/questions.ts'
import { reconcileEverywhere } from '../src/findings/reconcile-all.ts'
import type { Job } from './engine/job.ts'

/** The kinds whose findings follow from asking alone. Unusual use and the canary have jobs of their own, which do something first. */
type Asked = Exclude<Kind, 'unusual-use' | 'canary'>

// biome-ignore format: a line for each kind
const schedules: Record<Asked, Omit<Job, 'run' | 'timeZone'>> = {
  // cost: one index range over the active keys that end within a month or did so in the last
  expiring: { name: 'expiring-keys', cron: '*/5 * * * *', lateSeconds: 120 },
  // cost: one index range over the active keys that are nearly as old as the policy allows
  'rotation-due': { name: 'rotation-due', cron: '2-59/15 * * * *', lateSeconds: 300 },
  // cost: one index range over the active keys not known to be in use since a month
  idle: { name: 'idle-keys', cron: '7 * * * *', lateSeconds: 900 },
  // cost: one partial index that holds these keys alone
  'write-without-expiry': { name: 'write-without-expiry', cron: '12 * * * *', lateSeconds: 900 },
  // cost: one index look-up per person who has left
  orphaned: { name: 'orphaned-keys', cron: '17 * * * *', lateSeconds: 900 },
  // cost: one index range over the refusals of a day that no scope explains, and a look-up per key among them
  'dead-key-in-use': { name: 'dead-keys-in-use', cron: '3-59/5 * * * *', lateSeconds: 180 },
  // cost: one index range over the hours of a day in which a key had three sources or more, and those sources
  'shared-key': { name: 'shared-keys', cron: '4-59/5 * * * *', lateSeconds: 180 },
  // cost: one index range over the keys of the running review whose answer is late
  unconfirmed: { name: 'unconfirmed-keys', cron: '9-59/15 * * * *', lateSeconds: 300 },
  // cost: the reports of leaks that are kept, and a look-up per key among them
  leaked: { name: 'leaked-keys', cron: '* * * * *', lateSeconds: 180 },
  // cost: one look-up in a partial index that is empty when nobody leaves
  'offboarding-late': { name: 'offboarding-late', cron: '* * * * *', lateSeconds: 180 },
}

/** A job for each of these kinds: asks its question in every workspace and sends what follows. */
export const findingJobs: readonly Job[] = (Object.keys(schedules) as Asked[]).map((kind) => ({
  ...schedules[kind],
  timeZone: 'UTC',
  async run({ world, deliver }) {
    if ((await reconcileEverywhere(world, questions[kind])) > 0) await deliver()
  },
}))
