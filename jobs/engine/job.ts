import type { World } from '../../src/foundation/world.ts'

/**
 * The context of a job. `deliver` sends the outbox now; `offboard` carries out offboardings and posts their progress,
 * like the bot; it is absent without Slack.
 */
export type JobContext = {
  world: World
  deliver: () => Promise<void>
  offboard?: () => Promise<void>
  /** acts on reports of leaks and sends their alerts, like the bot; absent without Slack */
  leaks?: () => Promise<void>
}

/** A line of the timetable. A job answers a question about a set, so a missed run only delays the answer. */
export type Job = {
  name: string
  /** five fields, or six with seconds first */
  cron: string
  timeZone: string
  /** how late a run may start before the watchdog runs it and `doctor` reports it */
  lateSeconds: number
  run(context: JobContext): Promise<void>
}
