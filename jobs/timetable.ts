import { auditCheckpoint } from './audit-checkpoint.ts'
import { auditRefusals } from './audit-refusals.ts'
import { deliverAlerts } from './deliver-alerts.ts'
import type { Job } from './engine/job.ts'
import { expiringKeys } from './expiring-keys.ts'

/** Everything that runs on a clock. Lateness counts from when a run was due to when one started. */
export const timetable: readonly Job[] = [
  // cost: one index range over the active keys that expire within a week
  { name: 'expiring-keys', cron: '*/5 * * * *', timeZone: 'UTC', lateSeconds: 120, run: expiringKeys },
  // cost: one index look-up when nothing waits
  { name: 'deliver-alerts', cron: '*/10 * * * * *', timeZone: 'UTC', lateSeconds: 60, run: deliverAlerts },
  // cost: one row per workspace, a look-up each, and the checkpoint file once
  { name: 'audit-checkpoint', cron: '0 * * * *', timeZone: 'UTC', lateSeconds: 300, run: auditCheckpoint },
  // cost: one index range over the refusals that were repeated and not yet summed up
  { name: 'audit-refusals', cron: '1 * * * *', timeZone: 'UTC', lateSeconds: 300, run: auditRefusals },
]
