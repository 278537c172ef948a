import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { messagesIn } from 'local-slack/inspect'
import { beforeAll, expect, test } from 'vitest'
import { revealShown } from '../../sandbox/reveal-shown.ts'
import { perform } from '../../src/acts/perform.ts'
import { listEvents } from '../../src/audit/list.ts'
import { workspacesOfTeam } from '../../src/workspaces/workspace.ts'
import { join, ownedKey } from '../offboarding/leavers.ts'
import { counted, house, people, said, security, useHouse } from '../setup/house.ts'
import { must } from '../setup/records.ts'
import { directMessages, setPolicyOf } from '../setup/seen.ts'
import { retryNow } from './trackers.ts'
import { startClient } from './traffic.ts'

const source = fileURLToPath(new URL('one-round.ts', import.meta.url))
// Beside the packages that it loads; compiled once, since it starts again and again.
const script = fileURLToPath(
  new URL('../../node_modules/.cache/keywarden/one-rotation-round.mjs', import.meta.url),
)

// A verifier for the customer's program; no worker that could help: the processes that die are the only ones.
useHouse({ roles: ['bot', 'verify'] })
beforeAll(async () => {
  const how = { bundle: true, platform: 'node', format: 'esm', packages: 'external' } as const
  await build({ ...how, entryPoints: [source], outfile: script, logLevel: 'error' })
  await setPolicyOf(house, { silentBeforeFinishHours: 1 })
})

async function runsUntil(diesAt: number, ...what: string[]): Promise<NodeJS.Signals | null> {
  const { config } = house.world
  const child = spawn(process.execPath, [script, ...what], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: config.databaseUrl,
      SLACK_BOT_TOKEN: config.slack.botToken,
      SLACK_APP_TOKEN: config.slack.appToken,
      SLACK_API_URL: config.slack.apiUrl,
      DIES_AT: String(diesAt),
      AHEAD_MS: String(house.calendar.now().getTime() - Date.now()),
      ACTOR: people.manager,
    },
  })
  const [, signal] = await once(child, 'exit')
  return signal
}

/** Kills one process after the other, each some statements later than the one before, until one comes to its end. */
async function killsUntilDone(...what: string[]): Promise<number> {
  for (let diesAt = 2, killed = 0; ; diesAt += 5, killed++) {
    expect(killed).toBeLessThan(40)
    // What a dead process held is free in twenty seconds of real time.
    await house.world.db('outbox').update({ claimed_until: null })
    await retryNow(house.world.db)
    if ((await runsUntil(diesAt, ...what)) === null) return killed
  }
}

test('bot and worker are killed at step after step of a rotation, and no request of a client fails', async () => {
  const { world } = house
  const [workspace] = await workspacesOfTeam(world.db, house.slack.teamId)
  const manager = await join(world, workspace!.id, people.manager, 'manager')
  const waiting = await ownedKey(world, manager, 'Unkillable', { waits: true })
  const deps = { random: world.random, tokenPrefix: 'tml_', timeZone: 'UTC' }
  const show = async (keyId: string) =>
    must(await perform(world, manager, (act) => revealShown(act, workspace!.id, keyId, deps))).token.open()
  const client = startClient(house.platform.url, await show(waiting.id))
  await client.more(10)
  await counted(house, 10)

  let killed = await killsUntilDone('start', waiting.id)
  const rotations = () => world.db('rotations').where({ predecessor_id: waiting.id })
  expect(await rotations()).toHaveLength(1)
  const { id, successor_id: successorId } = (await rotations())[0]
  killed += await killsUntilDone('work')
  client.use(await show(successorId))
  await client.more(30)
  killed += await killsUntilDone('work')
  expect((await rotations())[0]).toMatchObject({ phase: 'switch' })

  const then = house.calendar.now().getTime()
  house.calendar.advance({ days: 0, minutes: 90 })
  await client.more(10)
  await expect
    .poll(
      async () => (await world.db('usage_counters').min('through as through').first())!.through.getTime(),
      {
        timeout: 40_000,
      },
    )
    .toBeGreaterThan(then + 89 * 60_000)
  killed += await killsUntilDone('work')
  expect((await rotations())[0]).toMatchObject({ phase: 'safe' })
  killed += await killsUntilDone('finish', id)
  killed += await killsUntilDone('work')
  await client.more(20)
  expect([...(await client.stop()).keys()]).toEqual([200])
  expect(killed).toBeGreaterThan(12)

  expect((await rotations())[0]).toMatchObject({ phase: 'finished', receipt: { state: 'confirmed' } })
  const keys = await world
    .db('keys')
    .where({ name: 'Unkillable' })
    .orderBy('created_at')
    .select('id', 'status')
  expect(keys).toEqual([
    { id: waiting.id, status: 'revoked' },
    { id: successorId, status: 'active' },
  ])
  const named = (await listEvents(world.db, { workspaceId: workspace!.id, limit: 200 })).map(
    (one) => one.event,
  )
  const times = (event: string) => named.filter((one) => one === event).length
  expect(['key.rotated', 'rotation.safe', 'rotation.finished', 'key.revoked'].map(times)).toEqual([
    1, 1, 1, 1,
  ])
  const posts = messagesIn(await house.as('manager').screen(), security)
  expect(posts.filter((one) => !one.threadTs).map(said)).toEqual([
    expect.stringContaining('Rotated Unkillable'),
  ])
  const replies = posts.filter((one) => one.threadTs)
  expect(replies.map(said)).toEqual([expect.stringContaining('Unkillable is safe to finish')])
  const offers = directMessages(await house.as('manager').screen()).filter((one) =>
    said(one).includes('started a rotation'),
  )
  expect(offers).toEqual([])
  const revealed = directMessages(await house.as('manager').screen()).filter((one) =>
    said(one).includes('Unkillable: you have revealed the key'),
  )
  expect(revealed).toHaveLength(1)
}, 180_000)
