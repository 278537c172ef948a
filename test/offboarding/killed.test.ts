import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { messagesIn } from 'local-slack/inspect'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { perform } from '../../src/acts/perform.ts'
import { listEvents } from '../../src/audit/list.ts'
import { startWatching } from '../../src/leases/confirm.ts'
import { leaverKeysOf } from '../../src/offboarding/offboarding.ts'
import { requestOffboarding } from '../../src/offboarding/request.ts'
import { workspacesOfTeam } from '../../src/workspaces/workspace.ts'
import { house, said, security, useHouse } from '../setup/house.ts'
import { must } from '../setup/records.ts'
import { join, ownedKey, use } from './leavers.ts'

const leaver = 'U0LEAVER01'
const source = fileURLToPath(new URL('one-round.ts', import.meta.url))
// Beside the packages that it loads; compiled once, since it starts again and again.
const script = fileURLToPath(new URL('../../node_modules/.cache/keywarden/one-round.mjs', import.meta.url))

let watching: { stop(): Promise<void> }
// No bot and no worker that could help: the processes that die are the only ones.
useHouse({ roles: ['bot'] })
beforeAll(async () => {
  const how = { bundle: true, platform: 'node', format: 'esm', packages: 'external' } as const
  await build({ ...how, entryPoints: [source], outfile: script, logLevel: 'error' })
  watching = startWatching(house.world)
})
afterAll(() => watching.stop())

async function runsUntil(diesAt: number): Promise<NodeJS.Signals | null> {
  const { config } = house.world
  const child = spawn(process.execPath, [script], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: config.databaseUrl,
      SLACK_BOT_TOKEN: config.slack.botToken,
      SLACK_APP_TOKEN: config.slack.appToken,
      SLACK_API_URL: config.slack.apiUrl,
      DIES_AT: String(diesAt),
      // Slack's history is searched by its clock.
      NOW: house.world.clock.now().toISOString(),
    },
  })
  const [, signal] = await once(child, 'exit')
  return signal
}

/** Ends the claims of a process that died, which they do by themselves in 20 seconds of real time. */
const claimsRunOut = () =>
  house.world.db('outbox').whereNull('completed_at').update({ claimed_until: null, retry_after: null })

test('a worker that is killed at step after step is followed by one that goes on; nothing happens twice', async () => {
  const { world } = house
  const [workspace] = await workspacesOfTeam(world.db, house.slack.teamId)
  const as = await join(world, workspace!.id, leaver, 'manager')
  const busy = await ownedKey(world, as, 'Busy')
  await use(world, busy.id)
  for (const name of ['One', 'Two']) await ownedKey(world, as, name)
  const off = must(
    await perform(world, { kind: 'job', id: 'scim' }, (act) =>
      requestOffboarding(act, workspace!, { source: 'scim', userId: leaver, mode: 'by-use' }, world.random),
    ),
  )
  let killed = 0
  for (let diesAt = 2; ; diesAt += 7) {
    await claimsRunOut()
    if ((await runsUntil(diesAt)) === null) break
    killed++
    expect(killed).toBeLessThan(40)
  }
  expect(killed).toBeGreaterThan(4)

  const keys = await leaverKeysOf(world.db, [off.id], world.clock.now())
  expect(keys.map((key) => [key.name, key.outcome, key.receipt?.state])).toEqual([
    ['Busy', 'rotating', 'confirmed'],
    ['One', 'revoked', 'confirmed'],
    ['Two', 'revoked', 'confirmed'],
  ])
  expect(await world.db('keys').where({ predecessor_id: busy.id })).toHaveLength(1)
  const named = (await listEvents(world.db, { workspaceId: workspace!.id, limit: 200 })).map(
    (one) => one.event,
  )
  const times = (event: string) => named.filter((one) => one === event).length
  expect([times('key.revoked'), times('key.rotated'), times('offboarding.completed')]).toEqual([2, 1, 1])
  const screen = await house.as('manager').screen()
  const reports = messagesIn(screen, security).filter((one) => !one.threadTs && said(one).includes(leaver))
  expect(reports).toHaveLength(1)
  expect(said(reports[0]!)).toMatch(/Offboarded .*: 2 refused, 1 rotating/)
  const files = messagesIn(screen, security).filter(
    (one) => one.threadTs === reports[0]!.ts && one.files?.length,
  )
  expect(files).toHaveLength(1)
})
