import { commits } from './commits.ts'
import { epochs } from './epochs.ts'
import { failovers } from './failovers.ts'
import { others } from './others.ts'
import type { Schedule } from './stage.ts'

/** Where the promise meets what Postgres, its standbys and poolers do. */
export const schedules: Schedule[] = [...commits, ...failovers, ...epochs, ...others]
