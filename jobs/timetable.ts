import { auditCheckpoint } from './audit-checkpoint.ts'
import { auditRefusals } from './audit-refusals.ts'
import { deadKeysInUse } from './dead-keys-in-use.ts'
import { deliverAlerts } from './deliver-alerts.ts'
import { endedSnoozes } from './ended-snoozes.ts'
import type { Job } from './engine/job.ts'
import { expiringKeys } from './expiring-keys.ts'
import { idleKeys } from './idle-keys.ts'
import { lapsedKeys } from './lapsed-keys.ts'
import { noticesOver } from './notices-over.ts'
import { offboarding } from './offboarding-carry-out.ts'
import { offboardingsLate } from './offboarding-late.ts'
import { offboardingMissed } from './offboarding-missed.ts'
import { orphanedKeys } from './orphaned-keys.ts'
import { retention } from './retention.ts'
import { reviews } from './reviews.ts'
import { rotationDueKeys } from './rotation-due.ts'
import { rotations } from './rotations.ts'
import { sharedKeys } from './shared-keys.ts'
import { unconfirmedKeys } from './unconfirmed-keys.ts'
import { unusualUseOfKeys } from './unusual-use.ts'
import { usageRollup } from './usage-rollup.ts'
import { weeklyDigest } from './weekly-digest.ts'
import { writeKeysWithoutExpiry } from './write-without-expiry.ts'

/**
 * Every scheduled job; its file says which question it answers. Lateness is the time from when a run was due to when
 * it started. Every cron is in UTC; the questions deal with the workspaces' zones.
 */
// biome-ignore format: one screen
export const timetable: readonly Job[] = [
  // cost: one index range over the active keys that end within a month or did so in the last
  { name: 'expiring-keys', cron: '*/5 * * * *', timeZone: 'UTC', lateSeconds: 120, run: expiringKeys },
  // cost: one index range over the active keys that are nearly as old as the policy allows
  { name: 'rotation-due', cron: '2-59/15 * * * *', timeZone: 'UTC', lateSeconds: 300, run: rotationDueKeys },
  // cost: one index range over the active keys not known to be in use since a month
  { name: 'idle-keys', cron: '7 * * * *', timeZone: 'UTC', lateSeconds: 900, run: idleKeys },
  // cost: one partial index that holds these keys alone
  { name: 'write-without-expiry', cron: '12 * * * *', timeZone: 'UTC', lateSeconds: 900, run: writeKeysWithoutExpiry },
  // cost: one index look-up per person who has left
  { name: 'orphaned-keys', cron: '17 * * * *', timeZone: 'UTC', lateSeconds: 900, run: orphanedKeys },
  // cost: the keys that had requests since, a read and a write for two thousand of them; see npm run bench:anomaly
  { name: 'unusual-use', cron: '1-59/5 * * * *', timeZone: 'UTC', lateSeconds: 240, run: unusualUseOfKeys },
  // cost: one index range over the refusals of a day that no scope explains, and a look-up per key among them
  { name: 'dead-keys-in-use', cron: '3-59/5 * * * *', timeZone: 'UTC', lateSeconds: 180, run: deadKeysInUse },
  // cost: one index range over the hours of a day in which a key had three sources or more, and those sources
  { name: 'shared-keys', cron: '4-59/5 * * * *', timeZone: 'UTC', lateSeconds: 180, run: sharedKeys },
  // cost: one look-up per workspace; while a review runs, the keys in it that wait for an answer
  { name: 'reviews', cron: '*/5 * * * *', timeZone: 'UTC', lateSeconds: 300, run: reviews },
  // cost: one index range over the keys of the running review whose answer is late
  { name: 'unconfirmed-keys', cron: '9-59/15 * * * *', timeZone: 'UTC', lateSeconds: 300, run: unconfirmedKeys },
  // cost: one index range over the notices that are over; nothing where the policy deactivates nothing
  { name: 'notices-over', cron: '11-59/15 * * * *', timeZone: 'UTC', lateSeconds: 600, run: noticesOver },
  // cost: one index range over the snoozes that are over
  { name: 'ended-snoozes', cron: '* * * * *', timeZone: 'UTC', lateSeconds: 120, run: endedSnoozes },
  // cost: three look-ups in partial indexes that are empty when nobody leaves
  { name: 'offboarding', cron: '5-59/10 * * * * *', timeZone: 'UTC', lateSeconds: 60, run: offboarding },
  // cost: one look-up in a partial index that is empty when nobody leaves
  { name: 'offboarding-late', cron: '* * * * *', timeZone: 'UTC', lateSeconds: 180, run: offboardingsLate },
  // cost: six queries for each two hundred running rotations; a message is edited when a reader would notice
  { name: 'rotations', cron: '2-59/10 * * * * *', timeZone: 'UTC', lateSeconds: 120, run: rotations },
  // cost: one look-up per workspace; the findings of a workspace once a week
  { name: 'weekly-digest', cron: '*/5 * * * *', timeZone: 'UTC', lateSeconds: 300, run: weeklyDigest },
  // cost: two index ranges over what is older than it is kept, in batches
  { name: 'retention', cron: '41 3 * * *', timeZone: 'UTC', lateSeconds: 3_600, run: retention },
  // cost: what was counted since the last run, read twice; once an hour there is something
  { name: 'usage-rollup', cron: '6-59/15 * * * *', timeZone: 'UTC', lateSeconds: 900, run: usageRollup },
  // cost: one index look-up per destination in which something waits
  { name: 'deliver-alerts', cron: '*/10 * * * * *', timeZone: 'UTC', lateSeconds: 60, run: deliverAlerts },
  // cost: one row per workspace, a look-up each, and the checkpoint file once
  { name: 'audit-checkpoint', cron: '0 * * * *', timeZone: 'UTC', lateSeconds: 300, run: auditCheckpoint },
  // cost: one index range over the refusals that were repeated and not yet summed up
  { name: 'audit-refusals', cron: '1 * * * *', timeZone: 'UTC', lateSeconds: 300, run: auditRefusals },
  // cost: one index range over the keys that have waited a week to be revealed
  { name: 'lapsed-keys', cron: '22 * * * *', timeZone: 'UTC', lateSeconds: 600, run: lapsedKeys },
  // cost: Slack's list of members once a night, and one query
  { name: 'offboarding-missed', cron: '23 2 * * *', timeZone: 'UTC', lateSeconds: 3_600, run: offboardingMissed },
]
