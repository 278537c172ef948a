import { deliverAlerts } from './deliver-alerts.ts'
import type { Job } from './engine/job.ts'
import { expiringKeys } from './expiring-keys.ts'

/** Everything that runs on a clock. Lateness counts from when a run was due to when one started. */
export const timetable: readonly Job[] = [
  // cost: one index range over the active keys that expire within a week
  { name: 'expiring-keys', cron: '*/5 * * * *', timeZone: 'UTC', lateSeconds: 120, run: expiringKeys },
  // cost: one index look-up when nothing waits
  { name: 'deliver-alerts', cron: '*/10 * * * * *', timeZone: 'UTC', lateSeconds: 60, run: deliverAlerts },
]
