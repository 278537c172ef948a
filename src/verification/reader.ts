import {
  type DedicatedConnection,
  openDedicatedConnection,
  type Statement,
} from '../foundation/dedicated-connection.ts'
import { HotStandby } from '../foundation/primary.ts'

const hashesPerBatch = 500

/** Thrown when more reads are wanted than may wait; HTTP answers 503. */
export class Overloaded extends Error {
  override name = 'Overloaded'
}

type Read<Row> = { is_standby: boolean; database_ms: number } & (Row | { token_hash: null })

export type Reader<Row> = {
  /**
   * The row with that token hash as the primary has it, in a statement that is sent after this call. Rejects when the
   * primary cannot be asked.
   */
  read(hash: string): Promise<Row | null>
  close(): Promise<void>
}

export type ReaderOptions = {
  url: string
  /** has one parameter, an array of token hashes, and answers `token_hash` with each row */
  statement: Statement
  connections: number
  timeoutMs: number
  /** reads that may wait or be under way */
  max: number
  /** the database's time, which each answer brings; see `Clock` */
  heardTime(databaseMs: number, sentMs: number, receivedMs: number): void
}

type WaitingRead<Row> = {
  hash: string
  answer: Promise<Row | null>
  resolve(row: Row | null): void
  reject(error: unknown): void
}

/**
 * The same rows, or one without any when there are none, each with the database's time, by which ends are judged, and with
 * whether the server is in recovery: something between here and there may send a read to another server than the one
 * that was connected to, and a standby does not know what it lacks.
 */
const withServer = ({ name, text }: Statement): Statement => ({
  name,
  text: `select server.*, found.* from (select pg_is_in_recovery() as is_standby,
      (extract(epoch from clock_timestamp()) * 1000)::float8 as database_ms) as server
    left join (${text}) as found on true`,
})

/** Reads rows by token hash, many to a statement when many are wanted at once. */
export function openReader<Row extends { token_hash: Buffer }>(options: ReaderOptions): Reader<Row> {
  const { url, timeoutMs } = options
  const statement = withServer(options.statement)
  const lanes = Array.from({ length: options.connections }, () =>
    openDedicatedConnection(url, { name: 'keywarden read', timeoutMs }),
  )
  const idle = [...lanes]
  // Not sent yet: readers of the same hash may share it, since its statement will be newer than both.
  let waiting = new Map<string, WaitingRead<Row>>()
  let underWay = 0
  let isScheduled = false

  function schedule() {
    if (isScheduled) return
    isScheduled = true
    setImmediate(() => {
      isScheduled = false
      while (waiting.size > 0 && idle.length > 0) void send(idle.pop()!)
    })
  }

  async function send(connection: DedicatedConnection) {
    const batch = takeBatch()
    try {
      const hashes = batch.map(({ hash }) => Buffer.from(hash, 'latin1'))
      const sentMs = performance.now()
      const rows = await connection.query<Read<Row>>(statement, [hashes])
      const receivedMs = performance.now()
      if (rows[0]!.is_standby) {
        connection.leave()
        throw new HotStandby()
      }
      options.heardTime(rows[0]!.database_ms, sentMs, receivedMs)
      const byHash = new Map(rows.map((row) => [row.token_hash?.toString('latin1'), row as Row]))
      for (const { hash, resolve } of batch) resolve(byHash.get(hash) ?? null)
    } catch (error) {
      for (const { reject } of batch) reject(error)
    } finally {
      underWay -= batch.length
      idle.push(connection)
      schedule()
    }
  }

  function takeBatch(): WaitingRead<Row>[] {
    const all = [...waiting.values()]
    const batch = all.slice(0, hashesPerBatch)
    waiting = new Map(all.slice(hashesPerBatch).map((wanted) => [wanted.hash, wanted]))
    underWay += batch.length
    return batch
  }

  return {
    read(hash) {
      const same = waiting.get(hash)
      if (same) return same.answer
      if (waiting.size + underWay >= options.max)
        return Promise.reject(new Overloaded('too many keys are being read at once'))
      const { promise: answer, resolve, reject } = withResolvers<Row | null>()
      waiting.set(hash, { hash, answer, resolve, reject })
      schedule()
      return answer
    },
    async close() {
      await Promise.all(lanes.map((connection) => connection.close()))
    },
  }
}

function withResolvers<T>() {
  let resolve!: (value: T) => void
  let reject!: (error: unknown) => void
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}
