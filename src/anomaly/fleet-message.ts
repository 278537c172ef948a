import type { Executor } from '../foundation/database.ts'
import type { Source } from '../notifications/source.ts'

/** A fleet event: many keys of a workspace changed at once. Its current state. */
export type Fleet = {
  id: string
  direction: 'more' | 'less' | 'failing'
  keys: number
  activeKeys: number
  beganAt: Date
  grownAt: Date
  overAt: Date | null
  /** some of them, the busiest first */
  names: string[]
  /** some of those that left it and have alerts of their own */
  left: string[]
}

export type FleetContent = { about: 'fleet'; fleet: Fleet }

/** One message for the whole event, kept up to date. */
export const fleetEvents: Source = {
  read: (db, messages) =>
    Promise.all(
      messages.map(async ({ subjectId }) => {
        const fleet = await readFleet(db, subjectId)
        if (!fleet) return undefined
        const content: FleetContent = { about: 'fleet', fleet }
        return { live: { content, isOver: fleet.overAt !== null } }
      }),
    ),
}

/** This many keys are named; the rest are counted. */
const maxNamed = 10

/** Reads the current state of a fleet event and names its busiest keys. */
async function readFleet(db: Executor, id: string): Promise<Fleet | undefined> {
  const row = await db('fleet_events').where({ id }).first()
  if (!row) return undefined
  const [names, left] = await Promise.all([
    namesOf(db, { fleet_id: id }),
    namesOf(db, { left_fleet_id: id, fleet_id: null }),
  ])
  return {
    id,
    direction: row.direction,
    keys: row.keys,
    activeKeys: row.active_keys,
    beganAt: row.began_at,
    grownAt: row.grown_at,
    overAt: row.over_at,
    names,
    left,
  }
}

const namesOf = async (db: Executor, which: Record<string, string | null>): Promise<string[]> =>
  db('anomaly_episodes')
    .join('keys', 'keys.id', 'anomaly_episodes.key_id')
    .leftJoin('key_usage', 'key_usage.key_id', 'keys.id')
    .where(which)
    .orderByRaw('key_usage.requests desc nulls last, keys.name')
    .limit(maxNamed)
    .pluck('keys.name')
