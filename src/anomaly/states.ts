import type { Executor, Transaction } from '../foundation/database.ts'
import { stateBytes } from './detector/state.ts'

/** A state as it is stored: everything before `through` is in it. When its silence could be news: seconds since 1970. */
export type Stored = { through: Date; silenceDue: number | null; state: Uint8Array }

/** The stored states of these keys, in one read. */
export async function readStates(db: Executor, keyIds: readonly string[]): Promise<Map<string, Stored>> {
  // Times as numbers: to read their words takes longer than a step.
  const { rows } = await db.raw(
    `select key_id, extract(epoch from through)::float8 as through, extract(epoch from silence_due)::float8 as due, state
     from anomaly_states where key_id = any(:keyIds)`,
    { keyIds },
  )
  type Row = { key_id: string; through: number; due: number | null; state: Buffer }
  return new Map(
    (rows as Row[]).map(({ key_id, through, due, state }) => [
      key_id,
      { through: new Date(through * 1000), silenceDue: due, state },
    ]),
  )
}

export type Stepped = {
  keyId: string
  silenceDue: number | null
  /** there was none before */
  isFirst: boolean
  /** from usage as it is now, so that there is no doubt any more */
  isRebuilt: boolean
  bytes: Uint8Array
}

/** Writes the states of a batch, all stepped until then. A state that has got further meanwhile stays as it is. */
export async function writeStates(
  trx: Transaction,
  stepped: readonly Stepped[],
  through: Date,
): Promise<void> {
  const known = stepped.filter(({ isFirst }) => !isFirst)
  await write(trx, changeStates, known, through)
  const first = stepped.filter(({ isFirst }) => isFirst)
  await write(trx, addStates, first, through)
}

/** The states go as one block of bytes that the database cuts: an array of them would be sent as text twice as long. */
async function write(
  trx: Transaction,
  statement: string,
  stepped: readonly Stepped[],
  through: Date,
): Promise<void> {
  if (stepped.length === 0) return
  await trx.raw(statement, {
    states: Buffer.concat(
      stepped.map(({ bytes }) => bytes),
      stepped.length * stateBytes,
    ),
    size: stateBytes,
    keys: stepped.map(({ keyId }) => keyId),
    through,
    rebuilt: stepped.map(({ isRebuilt }) => isRebuilt),
    dues: stepped.map(({ silenceDue }) => silenceDue),
  })
}

const given = `(
  select key_id, :through::timestamptz as through, to_timestamp(due) as due, is_rebuilt,
    substr(:states::bytea, 1 + (n::int - 1) * :size::int, :size::int) as state
  from unnest(:keys::text[], :dues::float8[], :rebuilt::boolean[]) with ordinality as u (key_id, due, is_rebuilt, n)
  order by key_id)`

/** Half the work of an insertion that finds its row there. */
const changeStates = `
  update anomaly_states s
  set through = b.through, silence_due = b.due, state = b.state, is_doubtful = s.is_doubtful and not b.is_rebuilt
  from ${given} b
  where s.key_id = b.key_id and (s.through < b.through or (s.is_doubtful and b.is_rebuilt))`

const addStates = `
  insert into anomaly_states (key_id, through, silence_due, is_doubtful, state)
  select key_id, through, due, not is_rebuilt, state from ${given} b
  on conflict (key_id) do nothing`

/** Forgets the key's state: it is built from usage at the next step. */
export async function forgetState(trx: Transaction, keyId: string): Promise<void> {
  await trx('anomaly_states').where({ key_id: keyId }).delete()
}
