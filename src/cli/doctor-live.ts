import { systemClock } from '../foundation/clock.ts'
import type { Config } from '../foundation/config.ts'
import { type Database, openDatabase } from '../foundation/database.ts'
import { openLog } from '../foundation/log.ts'
import { systemRandom } from '../foundation/random.ts'
import { StartError } from '../foundation/start-error.ts'
import type { World } from '../foundation/world.ts'
import { inCharge } from '../members/member.ts'
import { allWorkspaces } from '../workspaces/workspace.ts'
import type { Finding } from './finding.ts'
import { printable, printOut } from './print.ts'

/** Tries on Slack what the product does there, in messages to one person, and removes all of it. */
export type TryLive = (
  world: Pick<World, 'config' | 'log' | 'clock' | 'random'>,
  options: { to: string; channels: string[]; scopes: string[]; signal: AbortSignal },
) => Promise<(Finding & { what: string })[]>

type Wanted = { to: string | undefined; channels: string[]; scopes: string[] }

/**
 * Prints what Slack accepted and what it refused. Ctrl-C ends it early, and what was posted is removed first.
 * Returns 1 when something failed that the product needs or something was left behind, 0 otherwise.
 * @throws StartError when it is not known whom to write to
 */
export async function doctorLive(config: Config, tryLive: TryLive, wanted: Wanted): Promise<number> {
  const to = wanted.to ?? (await firstOwner(config))
  printOut(`\nTrying on Slack, in direct messages to ${to}:\n`)
  const stop = new AbortController()
  const onSignal = () => stop.abort()
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal)
  try {
    const log = openLog({ level: 'silent', tokenPrefix: config.tokenPrefix })
    const world = { config, log, clock: systemClock, random: systemRandom }
    const tried = await tryLive(world, { ...wanted, to, signal: stop.signal })
    const width = Math.max(...tried.map(({ what }) => what.length))
    for (const { state, what, said } of tried)
      printOut(printable(`${state.padEnd(4)}  ${what.padEnd(width)}  ${said}`))
    const refused = tried.filter(({ state }) => state !== 'ok').length
    const left = tried.some(({ what }) => what === 'left behind')
    printOut(
      `\n${tried.length - refused} accepted, ${refused} not. ${left ? 'Some of it is still in Slack.' : 'Nothing was left behind.'}`,
    )
    return tried.some(({ state }) => state === 'FAIL') ? 1 : 0
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
  }
}

/** The first owner of the oldest workspace; before the first start, the one in the configuration. */
async function firstOwner(config: Config): Promise<string> {
  const db = openDatabase(config.databaseUrl, { connections: 1, name: 'keywarden doctor' })
  try {
    const owner = (await ownerIn(db).catch(() => undefined)) ?? config.firstOwner
    if (owner) return owner
    throw new StartError('There is no owner to write to yet. Say whom with --to U012AB3CD.')
  } finally {
    await db.destroy()
  }
}

async function ownerIn(db: Database): Promise<string | undefined> {
  const [workspace] = await allWorkspaces(db)
  return workspace && (await inCharge(db, workspace.id, ['owner'], 1))[0]
}
