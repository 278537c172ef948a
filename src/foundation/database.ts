import type { Socket } from 'node:net'
import knex, { type Knex } from 'knex'
import pg from 'pg'
import { failedToConnect, isConnectionSpent, isOutage } from './outage.ts'
import { beginSession } from './primary.ts'
import { isRefusal, type Refusal, refuse } from './refusal.ts'

export type Database = Knex
export type Transaction = Knex.Transaction
/** Where a query can run: in the open, or within the caller's transaction. */
export type Executor = Knex | Knex.Transaction

const int8 = 20
export const databaseTypes = new pg.TypeOverrides()
// Counts and sequence numbers stay far below 2^53; as strings they would be added like words.
databaseTypes.setTypeParser(int8, Number)

export type DatabaseOptions = {
  connections?: number
  name?: string
  /**
   * real milliseconds without a byte after which a connection is given up: longer than any statement may take, so
   * that a cable which was cut looks like one that was unplugged; 0 waits for ever
   */
  silenceMs?: number
  /** real milliseconds that connecting may take: short where somebody in Slack waits for the answer */
  connectMs?: number
  /** waits for locks and statements as long as they take: for migrations, which nobody waits for */
  patient?: boolean
  /** also reads from a hot standby, a little late: for statistics and exports alone */
  mayBeStandby?: boolean
}

/**
 * Opens a pool of connections to the primary. Nothing is connected until the first query, so this never fails; queries
 * do. A connection on which the server said that it takes no changes, or has lost the session, is not used again.
 */
export function openDatabase(url: string, options: DatabaseOptions = {}): Database {
  const { patient = false, silenceMs = patient ? 0 : 12_000, connectMs = 2_000 } = options
  const spent = new WeakSet<PgClient>()
  return knex({
    client: Client,
    connection: {
      connectionString: url,
      application_name: options.name ?? 'keywarden',
      connectionTimeoutMillis: connectMs,
      keepAlive: true,
      types: databaseTypes,
    } as Knex.PgConnectionConfig,
    pool: {
      min: 0,
      max: options.connections ?? 10,
      afterCreate(client: PgClient, done: (error: unknown, client: PgClient) => void) {
        const { stream } = client.connection
        stream.setTimeout(silenceMs, () => stream.destroy())
        client.connection.on('errorMessage', (error) => isConnectionSpent(error) && spent.add(client))
        const limits = patient ? unlimited : { statementMs: 10_000, lockMs: 4_000, idleMs: 10_000 }
        beginSession(client, limits, options.mayBeStandby)
          .catch(failedToConnect)
          .then(
            () => done(undefined, client),
            (error) => {
              stream.destroy()
              done(error, client)
            },
          )
      },
      validate: (client: PgClient) => !spent.has(client),
    },
    acquireConnectionTimeout: connectMs + 500,
    // Knex throws all that it would print.
    log: { debug: silent, warn: silent, error: silent, deprecate: silent },
  })
}

/** The parts of the pg package that its types lack, and the mark by which knex's pool knows a lost connection. */
type PgClient = pg.Client & {
  __knex__disposed?: unknown
  connection: { stream: Socket; on(event: 'errorMessage', heard: (error: unknown) => void): void }
}

/** Real milliseconds that a server may take to end a connection. */
const goodbyeMs = 500

const unlimited = { statementMs: 0, lockMs: 0, idleMs: 0 }

const PostgresClient = knex({ client: 'pg' }).client.constructor as typeof knex.Client

/**
 * Knex's client, for which a COMMIT that Postgres answered with ROLLBACK has failed, and what fails while connecting is
 * an outage.
 */
class Client extends PostgresClient {
  /** Knex's own would leave a connection open that fails after it was made, as at the password. */
  override async acquireRawConnection(): Promise<unknown> {
    const client = new pg.Client(this.connectionSettings) as PgClient
    const dispose = (why?: unknown) => {
      client.__knex__disposed = why ?? 'ended'
    }
    client.on('error', dispose)
    client.on('end', dispose)
    return client.connect().then(
      () => client,
      (error) => {
        client.connection.stream.destroy()
        failedToConnect(error)
      },
    )
  }

  /** Knex's own would wait for the answer of a server that is cut off. */
  override async destroyRawConnection(client: PgClient): Promise<void> {
    const { stream } = client.connection
    const giveUp = setTimeout(() => stream.destroy(), goodbyeMs)
    await client.end().finally(() => clearTimeout(giveUp))
  }

  override query(connection: unknown, question: unknown): Promise<Answered> {
    const answer: Promise<Answered> = super.query(connection, question)
    return question === 'COMMIT;' ? answer.then(committed) : answer
  }
}

type Answered = { response: { command: string } }

function committed(answer: Answered): Answered {
  if (answer.response.command === 'ROLLBACK') throw new RolledBack()
  return answer
}

/** A statement had failed, its error was caught, and what came before it and after it is undone. */
class RolledBack extends Error {
  override name = 'RolledBack'
  constructor() {
    super('the transaction was rolled back at COMMIT, because a statement of it had failed')
  }
}

function silent(): void {}

/**
 * Rejects when nothing could be saved at this moment. It locks no row and writes nothing.
 * @throws the error that Postgres gives to a change
 */
export async function requireChanges(db: Database): Promise<void> {
  await db.raw('select from leases where false for update')
}

/**
 * How a transaction ended. `unknown`: the connection went away during COMMIT, so that its changes may be there, or come
 * to be there; `value` is true only if they are.
 */
export type Outcome<T> =
  | { state: 'committed'; value: T }
  | { state: 'rolled-back'; refusal: Refusal }
  | { state: 'unknown'; value: T; error: unknown }

/**
 * Runs `work` in one transaction and says how it ended. A refusal rolls back, so a refused act leaves nothing behind. A
 * database that is out before COMMIT becomes a refusal too: `database_out`; so does a wait for another change to the same
 * rows that took too long: `outcome_unknown`, since that change may be an earlier attempt.
 * @throws what `work` throws, and what keeps a COMMIT from succeeding other than an outage: nothing was saved then
 */
export async function commit<T>(
  db: Database,
  work: (trx: Transaction) => Promise<T | Refusal>,
): Promise<Outcome<T>> {
  let refusal: Refusal | undefined
  let committing: { value: T } | undefined
  try {
    // Not begun and committed by hand: knex's own commit() keeps to itself that it failed.
    const value = await db.transaction(async (trx) => {
      const result = await work(trx)
      if (isRefusal(result)) {
        refusal = result
        throw new Error('refused')
      }
      committing = { value: result }
      return result
    })
    return { state: 'committed', value }
  } catch (error) {
    if (refusal) return { state: 'rolled-back', refusal }
    if (committing && mayHaveCommitted(error)) return { state: 'unknown', ...committing, error }
    if (!isOutage(error)) throw error
    // At COMMIT it waits for the lock that all changes take; before that, for another change to the same rows.
    const isBehind = !committing && isLockTimeout(error)
    const why = isBehind ? behindAnother : hasGivenWay(error) ? gaveWay : databaseOut
    return { state: 'rolled-back', refusal: why(error) }
  }
}

/** Whether a transaction gave up waiting for another one to end. */
export const isLockTimeout = (error: unknown): boolean => (error as { code?: unknown }).code === '55P03'

/**
 * The same for work that may be done again: its value, or the refusal, which is `outcome_unknown` where nobody knows.
 * @throws as `commit`
 */
export const transact = async <T>(
  db: Database,
  work: (trx: Transaction) => Promise<T | Refusal>,
): Promise<T | Refusal> => answerOf(await commit(db, work))

/** The value of what was committed, or why there is none. */
export function answerOf<T>(outcome: Outcome<T>): T | Refusal {
  if (outcome.state === 'committed') return outcome.value
  return outcome.state === 'rolled-back' ? outcome.refusal : outcomeUnknown(outcome.error)
}

// A lost connection, an administrator's stop and a server in distress may come after the commit was written.
const doubtfulCodes = /^(08|53|57P|58|XX|25P0[34])/

/** Whether the transaction may be there although its COMMIT failed. An error that the server answers undoes it. */
const mayHaveCommitted = (error: unknown): boolean =>
  !(error instanceof RolledBack) &&
  !(error instanceof pg.DatabaseError && !doubtfulCodes.test(error.code ?? '08'))

/** The value of `work`, or a refusal when the database cannot be asked. For reads. */
export async function orDatabaseOut<T>(work: () => Promise<T>): Promise<T | Refusal> {
  try {
    return await work()
  } catch (error) {
    if (!isOutage(error)) throw error
    return databaseOut(error)
  }
}

/** Nothing can have been saved; what an earlier attempt did is another matter. */
export const databaseOut = (error: unknown) =>
  refuse('database_out', 'The database is unavailable. This changed nothing.', {
    next: 'Try again in a minute.',
    logged: { error: String(error) },
  })

/** Whether Postgres undid a transaction so that another one could go on. */
const hasGivenWay = (error: unknown): boolean => /^40/.test(String((error as { code?: unknown }).code))

/** The database works: the same act succeeds once the other one is through. */
const gaveWay = (error: unknown) =>
  refuse('database_out', 'Another change came at the same moment. This one changed nothing.', {
    next: 'Try again.',
    logged: { error: String(error) },
  })

/** The changes may be there, or come to be there. */
export const outcomeUnknown = (error: unknown) =>
  refuse('outcome_unknown', 'I do not yet know whether it was saved.', {
    next: 'Look whether it was before you do it again.',
    logged: { error: String(error) },
  })

const behind =
  'Another change to this is being saved, and I do not know yet how it ends. This one changed nothing.'

/** The other change may be the first attempt of the same one. */
const behindAnother = (error: unknown) =>
  refuse('outcome_unknown', behind, {
    next: 'Look how it ended before you try again.',
    logged: { error: String(error) },
  })

/** Whether an error is the violation of that unique index or constraint. */
export function violates(error: unknown, constraint: string): boolean {
  const { code, constraint: violated } = error as { code?: string; constraint?: string }
  return code === '23505' && violated === constraint
}
