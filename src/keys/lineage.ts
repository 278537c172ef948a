import type { Executor } from '../foundation/database.ts'
import type { Status } from './key.ts'

/** A key before or after another in its line of successors. */
export type Relative = {
  id: string
  hint: string | null
  status: Status
  revealedAt: Date | null
  statusChangedAt: Date
}

const max = 10

/** The predecessors and successors of a key, the nearest first, at most ten each way. */
export async function lineageOf(
  db: Executor,
  keyId: string,
): Promise<{ before: Relative[]; after: Relative[] }> {
  const { rows } = await db.raw(
    `with recursive line as (
       select id, predecessor_id, successor_id, 0 as place from keys where id = :id
       union all
       select k.id, k.predecessor_id, k.successor_id, case when k.id = line.predecessor_id then line.place - 1
         else line.place + 1 end
       from line join keys k on (k.id = line.predecessor_id and line.place <= 0)
         or (k.id = line.successor_id and line.place >= 0)
       where abs(line.place) < :max
     )
     select k.id, k.hint, k.status, k.revealed_at as "revealedAt", k.status_changed_at as "statusChangedAt", place
     from line join keys k on k.id = line.id where place <> 0 order by abs(place)`,
    { id: keyId, max },
  )
  const relatives = rows as (Relative & { place: number })[]
  return {
    before: relatives.filter(({ place }) => place < 0),
    after: relatives.filter(({ place }) => place > 0),
  }
}
