import type { Database } from '../foundation/database.ts'
import { minuteMs } from '../foundation/time.ts'
import type { World } from '../foundation/world.ts'

type Batch = {
  seq: number
  batch: string
  source: string
  names: string[]
  endpoints: number[]
  classes: number[]
  buckets: number[]
  keys: string[]
  counts: number[]
}

type SendOptions = {
  /** real milliseconds that the sink may take to answer */
  timeoutMs?: number
  /** at most so many batches, so that a run ends */
  atMost?: number
}

/**
 * Sends what was counted to the sink of the configuration, oldest first: one POST for each batch, as NDJSON, with the
 * batch's id as `Idempotency-Key`. A batch is forgotten once the sink has answered 2xx, and else sent again unchanged by
 * the next run: the sink has each row at least once, and once if it knows a batch again. Without a sink in the
 * configuration nothing is collected any more, and what waits goes on waiting.
 * @returns how many batches the sink took
 * @throws Error when it does not take one; those after it wait too
 */
export async function sendUsage({ db, config, clock }: World, options: SendOptions = {}): Promise<number> {
  const { sink } = config
  await register(db, sink !== undefined, clock.now())
  if (!sink) return 0
  const { timeoutMs = 10_000, atMost = 500 } = options
  for (let sent = 0; sent < atMost; sent++) {
    const [batch]: Batch[] = await db('usage_leaving').orderBy('seq').limit(1).select(columns)
    if (!batch) return sent
    await post(sink, batch, timeoutMs)
    await db('usage_leaving').where({ seq: batch.seq, batch: batch.batch }).delete()
  }
  return atMost
}

const columns = [
  'seq',
  'batch',
  'source',
  'names',
  'endpoints',
  'classes',
  'buckets',
  'keys',
  'counts',
] as const

const only = 'http'

async function register(db: Database, isWanted: boolean, since: Date): Promise<void> {
  const [registered] = await db('usage_sinks').where({ name: only }).select('name')
  if (isWanted && !registered) await db('usage_sinks').insert({ name: only, since }).onConflict().ignore()
  if (!isWanted && registered) await db('usage_sinks').where({ name: only }).delete()
}

async function post(sink: { url: string; token: string | undefined }, batch: Batch, timeoutMs: number) {
  const response = await fetch(sink.url, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-ndjson',
      'idempotency-key': batch.batch,
      ...(sink.token ? { authorization: `Bearer ${sink.token}` } : {}),
    },
    body: linesOf(batch),
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  }).catch((error: Error) => {
    throw new Error(
      `The sink of usage cannot be reached: ${(error.cause as Error)?.message ?? error.message}.`,
    )
  })
  await response.body?.cancel()
  if (!response.ok) throw new Error(`The sink of usage answered ${response.status}.`)
}

/** A line for each row, in the order of the batch; `row` makes `batch` and `row` the key of a line. */
function linesOf({ batch, source, names, endpoints, classes, buckets, keys, counts }: Batch): string {
  return keys
    .map((key, row) => {
      const at = new Date(buckets[row]! * 5 * minuteMs).toISOString()
      const endpoint = names[endpoints[row]! - 1]
      const counted = { key, endpoint, source, class: classes[row], requests: Number(counts[row]) }
      return `${JSON.stringify({ batch, row, at, ...counted })}\n`
    })
    .join('')
}
