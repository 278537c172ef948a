import type { Clock } from './clock.ts'
import type { Config } from './config.ts'
import { type Database, openDatabase } from './database.ts'
import type { Log } from './log.ts'
import type { Random } from './random.ts'

/** The injected dependencies of every part: time, randomness, the database, the log, the configuration. */
export type World = {
  clock: Clock
  random: Random
  db: Database
  /** where DATABASE_READ_URL leads, if anywhere: a hot standby, which is a little late */
  standby?: Database
  log: Log
  config: Config
}

/** Opens the standby of the configuration, if it names one. Only connected when something is read from it. */
export const openStandby = ({ databaseReadUrl }: Config, name: string): Database | undefined =>
  databaseReadUrl === undefined
    ? undefined
    : openDatabase(databaseReadUrl, { connections: 4, name, mayBeStandby: true })

/** The database that statistics and exports are read from; never read for a verdict or a change. */
export const statisticsDatabase = ({ standby, db }: Pick<World, 'standby' | 'db'>): Database => standby ?? db
