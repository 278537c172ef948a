import type { World } from '../../src/foundation/world.ts'
import type { RotationBoard } from '../../src/rotation/board.ts'

/**
 * What a job is given. `deliver` sends what waits in the outbox, now; `offboard` carries out offboardings and tells of
 * them, as everyone else in this process does; `board` tells of rotations. The last two need somebody to tell.
 */
export type JobContext = {
  world: World
  deliver: () => Promise<void>
  offboard?: () => Promise<void>
  board?: RotationBoard
}

/** A line of the timetable. A job answers a question with a set: a run that was missed costs lateness, no more. */
export type Job = {
  name: string
  /** five fields, or six with seconds first */
  cron: string
  timeZone: string
  /** how long after its time a run may start before the watchdog steps in and `doctor` complains */
  lateSeconds: number
  run(context: JobContext): Promise<void>
}
