import { auditCheckpoint } from './audit-checkpoint.ts'
import { auditRefusals } from './audit-refusals.ts'
import { canary } from './canary.ts'
import { deliverAlerts } from './deliver-alerts.ts'
import { endedSnoozes } from './ended-snoozes.ts'
import type { Job } from './engine/job.ts'
import { findingJobs } from './finding-jobs.ts'
import { lapsedKeys } from './lapsed-keys.ts'
import { leaks } from './leaks.ts'
import { newSources } from './new-sources.ts'
import { noticesOver } from './notices-over.ts'
import { offboarding } from './offboarding-carry-out.ts'
import { offboardingMissed } from './offboarding-missed.ts'
import { pendingReveals } from './pending-reveals.ts'
import { requests } from './requests.ts'
import { retention } from './retention.ts'
import { reviews } from './reviews.ts'
import { rotations } from './rotations.ts'
import { unusualUseOfKeys } from './unusual-use.ts'
import { usageRollup } from './usage-rollup.ts'
import { usageSink } from './usage-sink.ts'
import { weeklyDigest } from './weekly-digest.ts'

/**
 * Every scheduled job; its file says which question it answers. Lateness is the time from when a run was due to when
 * it started. Every cron is in UTC; the questions deal with the workspaces' zones.
 */
// biome-ignore format: one screen
export const timetable: readonly Job[] = [
  ...findingJobs,
  // cost: the keys that had requests since, a read and a write for two thousand of them; see npm run bench:anomaly
  { name: 'unusual-use', cron: '1-59/5 * * * *', timeZone: 'UTC', lateSeconds: 240, run: unusualUseOfKeys },
  // cost: one read of a table that is empty unless a key got a new client within the hour; then a few look-ups a key
  { name: 'new-sources', cron: '3-59/10 * * * * *', timeZone: 'UTC', lateSeconds: 60, run: newSources },
  // cost: one look-up per workspace; while a review runs, the keys in it that wait for an answer
  { name: 'reviews', cron: '*/5 * * * *', timeZone: 'UTC', lateSeconds: 300, run: reviews },
  // cost: one index range over the notices that are over; nothing where the policy deactivates nothing
  { name: 'notices-over', cron: '11-59/15 * * * *', timeZone: 'UTC', lateSeconds: 600, run: noticesOver },
  // cost: one index range over the snoozes that are over
  { name: 'ended-snoozes', cron: '* * * * *', timeZone: 'UTC', lateSeconds: 120, run: endedSnoozes },
  // cost: three look-ups in partial indexes that are empty when nobody leaves
  { name: 'offboarding', cron: '5-59/10 * * * * *', timeZone: 'UTC', lateSeconds: 60, run: offboarding },
  // cost: two look-ups in partial indexes that are empty when no leak was reported
  { name: 'leaks', cron: '8-59/10 * * * * *', timeZone: 'UTC', lateSeconds: 60, run: leaks },
  // cost: seven queries for each two hundred running rotations; a message is edited when a reader would notice
  { name: 'rotations', cron: '2-59/10 * * * * *', timeZone: 'UTC', lateSeconds: 120, run: rotations },
  // cost: one look-up per workspace; the findings of a workspace once a week
  { name: 'weekly-digest', cron: '*/5 * * * *', timeZone: 'UTC', lateSeconds: 300, run: weeklyDigest },
  // cost: two index ranges over what is older than it is kept, in batches
  { name: 'retention', cron: '41 3 * * *', timeZone: 'UTC', lateSeconds: 3_600, run: retention },
  // cost: what was counted since the last run, read twice; once an hour there is something
  { name: 'usage-rollup', cron: '6-59/15 * * * *', timeZone: 'UTC', lateSeconds: 900, run: usageRollup },
  // cost: one row of a table that is empty without a sink; else a request for each batch
  { name: 'usage-sink', cron: '4-59/10 * * * * *', timeZone: 'UTC', lateSeconds: 60, run: usageSink },
  // cost: one index look-up per destination in which something waits
  { name: 'deliver-alerts', cron: '*/10 * * * * *', timeZone: 'UTC', lateSeconds: 60, run: deliverAlerts },
  // cost: one row per workspace, a look-up each, and the checkpoint file once
  { name: 'audit-checkpoint', cron: '0 * * * *', timeZone: 'UTC', lateSeconds: 300, run: auditCheckpoint },
  // cost: one index range over the refusals that were repeated and not yet summed up
  { name: 'audit-refusals', cron: '1 * * * *', timeZone: 'UTC', lateSeconds: 300, run: auditRefusals },
  // cost: without a canary nothing; else two small acts, and a row or two for each verifier
  { name: 'canary', cron: '47 * * * *', timeZone: 'UTC', lateSeconds: 600, run: canary },
  // cost: one index range over the keys that have waited a week to be revealed
  { name: 'lapsed-keys', cron: '22 * * * *', timeZone: 'UTC', lateSeconds: 600, run: lapsedKeys },
  // cost: the tokens that were made in the last seconds and are not known to be shown
  { name: 'pending-reveals', cron: '* * * * *', timeZone: 'UTC', lateSeconds: 120, run: pendingReveals },
  // cost: two index ranges over the requests that have waited for days
  { name: 'requests', cron: '27 * * * *', timeZone: 'UTC', lateSeconds: 600, run: requests },
  // cost: Slack's list of members once a night, and one query
  { name: 'offboarding-missed', cron: '23 2 * * *', timeZone: 'UTC', lateSeconds: 3_600, run: offboardingMissed },
]
