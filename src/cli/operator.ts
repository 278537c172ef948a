import { userInfo } from 'node:os'
import { perform } from '../acts/perform.ts'
import { openDatabaseClock } from '../foundation/clock.ts'
import { type Config, readConfig } from '../foundation/config.ts'
import { openDatabase } from '../foundation/database.ts'
import { hearDatabaseTime } from '../foundation/database-time.ts'
import { openLog } from '../foundation/log.ts'
import { databaseStartError } from '../foundation/outage.ts'
import { systemRandom } from '../foundation/random.ts'
import { type Refusal, refuse, sentence } from '../foundation/refusal.ts'
import { requireSessions } from '../foundation/sessions.ts'
import type { Phrase } from '../foundation/words.ts'
import { openStandby, type World } from '../foundation/world.ts'
import { confirmRequest, type Receipt } from '../leases/confirm.ts'
import { isLost } from '../leases/receipt.ts'
import { type ReceiptAbout, receiptPhrase } from '../leases/receipt-words.ts'
import type { Act, Actor } from '../members/actor.ts'
import { type Workspace, workspacesOfTeam } from '../workspaces/workspace.ts'
import { printError, printOut } from './print.ts'

/** Opens the world for one command and closes it again. */
export async function withWorld<T>(
  env: Record<string, string | undefined>,
  work: (world: World) => Promise<T>,
): Promise<T> {
  const config: Config = readConfig(env)
  await requireSessions(config.databaseUrl)
  const db = openDatabase(config.databaseUrl, {
    connections: 2,
    name: 'keywarden shell',
    // On a busy machine, waiting is better than reporting that there is no database.
    connectMs: 10_000,
  })
  // Output may be piped, so logs must not be part of it.
  const log = openLog({ level: 'error', tokenPrefix: config.tokenPrefix, destination: process.stderr })
  const clock = openDatabaseClock()
  const standby = openStandby(config, 'keywarden shell')
  try {
    await hearDatabaseTime({ db, clock })
    return await work({ config, db, standby, log, clock, random: systemRandom })
  } finally {
    await Promise.all([db.destroy(), standby?.destroy()])
  }
}

/** Passes on what is read from the standby, if there is one: its trouble is named by its own variable. */
export async function* fromStandby(
  { standby }: World,
  pieces: AsyncIterable<string>,
): AsyncGenerator<string> {
  try {
    yield* pieces
  } catch (error) {
    throw (standby && databaseStartError(error, 'DATABASE_READ_URL')) ?? error
  }
}

/** The user who is logged in to the machine. */
export const operator = (): Actor => ({ kind: 'operator', id: userInfo().username })

/** Runs an act as the operator: same rules, same audit. A `requestId` is for asking for its receipt. */
export const asOperator = <T>(
  world: World,
  act: (act: Act) => Promise<T | Refusal>,
  options: { requestId?: string } = {},
): Promise<T | Refusal> => perform(world, operator(), act, options)

/** A change in words: once it is confirmed everywhere, and before. */
export type InWords = { done: Phrase; underWay: Phrase }

/**
 * Waits until every verifier has learnt what the act of this request changed, and prints what is known: that it is done
 * or under way, unless the change is lost, and the receipt. Returns the exit code: 0 when it is confirmed.
 */
export async function printConfirmed(
  world: World,
  requestId: string,
  change: InWords,
  about?: ReceiptAbout,
): Promise<number> {
  const receipt = await confirmRequest(world, requestId, { withinMs: timeoutMs(world) })
  const isConfirmed = receipt.state === 'confirmed'
  if (!isLost(receipt)) printOut(isConfirmed ? change.done : change.underWay)
  ;(isConfirmed ? printOut : printError)(receiptPhrase(receipt, about))
  return isConfirmed ? 0 : 1
}

/**
 * Prints a refusal to repeat a change that somebody made before, and what is missing until it is confirmed everywhere.
 * Returns the exit code of the refusal. `ask` waits for so many real milliseconds.
 */
export async function complainRepeated(
  refusal: Refusal,
  ask: (within: { withinMs: number }) => Promise<Receipt>,
  about?: ReceiptAbout,
): Promise<number> {
  const code = complain(refusal)
  const receipt = await ask({ withinMs: 2_000 })
  if (receipt.state !== 'confirmed') printError(receiptPhrase(receipt, about))
  return code
}

/** The longest lease that this configuration allows, plus time to fence it. Real milliseconds. */
const timeoutMs = ({ config }: World): number => config.verify.leaseMs + 15_000

/** The only account; its oldest workspace records the audit events of the account. */
export async function onlyAccount(world: World): Promise<{ id: string; workspace: Workspace } | Refusal> {
  const accounts = await world.db('accounts').orderBy('created_at').limit(2).select('id', 'slack_team_id')
  if (accounts.length === 0)
    return refuse('not_found', 'There is no account yet.', {
      next: 'Start Keywarden once with its Slack token: keywarden start',
    })
  const [account] = accounts
  const [workspace] = await workspacesOfTeam(world.db, account.slack_team_id)
  return { id: account.id, workspace: workspace! }
}

/** Whether anything changed could not be found out. */
const unknownOutcome = 4

/** Prints a refusal to standard error. Returns its exit code: 1 when nothing changed, 4 when nobody knows. */
export function complain(refusal: Refusal): number {
  printError(sentence(refusal))
  return refusal.code === 'outcome_unknown' ? unknownOutcome : 1
}
