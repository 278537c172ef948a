import type { Clock } from './clock.ts'
import type { Config } from './config.ts'
import type { Database } from './database.ts'
import type { Log } from './log.ts'
import type { Random } from './random.ts'

/** The injected dependencies of every part: time, randomness, the database, the log, the configuration. */
export type World = {
  clock: Clock
  random: Random
  db: Database
  log: Log
  config: Config
}
