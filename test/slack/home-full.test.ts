import type { Call, Fault } from 'local-slack/contract'
import { findButton } from 'local-slack/inspect'
import { beforeAll, expect, test } from 'vitest'
import { perform } from '../../src/acts/perform.ts'
import { makeRequest } from '../../src/workspaces/requests.ts'
import { addWorkspace, allWorkspaces, type Workspace } from '../../src/workspaces/workspace.ts'
import { join, ownedKey } from '../offboarding/leavers.ts'
import { choose, house, makeKey, openDialog, people, said, submitAndSee, useHouse } from '../setup/house.ts'
import { plant } from '../setup/plant.ts'
import { must } from '../setup/records.ts'
import { homeWith } from '../setup/seen.ts'

let workspace: Workspace
useHouse()
beforeAll(async () => {
  workspace = (await allWorkspaces(house.world.db))[0]!
})

const fault = (wanted: Fault) =>
  fetch(`${house.slack.url}/faults`, { method: 'POST', body: JSON.stringify(wanted) })

/** In a call that publishes this person's Home, and in no other's. */
const homeOf = (userId: string) => `{"user_id":"${userId}","view":`

const publishedFor = async (userId: string) => {
  const calls = (await (await fetch(`${house.slack.url}/calls?method=views.publish`)).json()) as Call[]
  return calls.filter(({ args }) => args.user_id === userId)
}

test('a Home with as much of everything as there can be is drawn, and says where the rest is', async () => {
  const { world } = house
  const manager = house.as('manager')
  const owner = await join(world, workspace.id, people.owner, 'owner')
  must(
    await perform(world, { kind: 'operator', id: 'test' }, (act) =>
      addWorkspace(act, workspace.accountId, { name: 'Second', policy: {} }, world.random),
    ),
  )
  for (let i = 0; i < 4; i++) {
    await makeKey(manager, { name: `Leaked ${i}` })
    const form = await openDialog(manager, `rotate Leaked ${i}`)
    const compromised = await choose(manager, form, 'reason', 'compromised')
    await manager.close((await submitAndSee(manager, compromised, {})).id)
  }
  // Past their deadline each has a warning beside its receipt.
  await world.db('rotations').update({ due_at: world.clock.now() })
  for (let i = 0; i < 7; i++) {
    await ownedKey(world, owner, `Offer ${i}`, { owner: people.manager, waits: true })
    const draft = {
      name: `Wish ${i}`,
      description: '',
      integration: 'CRM',
      scopes: ['read'],
      lifetimeDays: 90,
    }
    const rest = { allowedNetworks: [], limitPerMinute: null, ownerId: people.member }
    const member = await join(world, workspace.id, people.member)
    must(
      await perform(world, member, (act) =>
        makeRequest(act, workspace, { ...draft, ...rest }, 'For the sync', world.random),
      ),
    )
  }
  const soon = Array.from({ length: 7 }, (_, i) => ({ name: `Ends ${i}`, endsInDays: 3 }))
  const others = Array.from({ length: 20 }, (_, i) => ({ name: `Other ${i}`, ownerId: people.manager }))
  await plant(world, workspace.id, [...soon, ...others])
  await house.keywarden.runTimetable()

  await manager.home()
  const { blocks } = await homeWith(manager, 'Updated')
  expect(blocks.length).toBeLessThanOrEqual(50)
  const words = said(blocks)
  for (const shown of ['Needs attention', 'Rotations', 'Leaked 0: ', 'Leaked 3: ', 'was due', 'My keys'])
    expect(words).toContain(shown)
  expect(findButton(blocks, /^Show all (\d\d|99\+)$/)).toBeDefined()
  expect(findButton(blocks, 'See all of them')).toBeDefined()
  expect(findButton(blocks, 'Create key')).toBeDefined()
})

test('one Home that cannot be drawn does not keep the others from what happened', async () => {
  const [owner, member] = [house.as('owner'), house.as('member')]
  await owner.home()
  await homeWith(owner, 'Updated')
  await member.home()
  await homeWith(member, 'Updated')
  // Of the recent visitors of Home, the member came last, and is drawn first.
  await fault({
    method: 'views.publish',
    times: 1_000,
    kind: 'error',
    error: 'user_not_found',
    about: homeOf(people.member),
  })
  const seen = [people.member, people.owner, people.manager]
  const before = await Promise.all(seen.map(async (one) => (await publishedFor(one)).length))
  await makeKey(owner, { name: 'News for all' })
  const since = async (i: number) =>
    (await publishedFor(seen[i]!)).slice(before[i]).map(({ reply }) => reply.ok === true)
  await expect.poll(() => since(1), { timeout: 40_000 }).toContain(true)
  await expect.poll(() => since(2), { timeout: 40_000 }).toContain(true)
  expect(await since(0)).toContain(false)
  expect(await since(0)).not.toContain(true)
})

test.each<[string, Partial<Fault>]>([
  ['fails', { kind: 'server_error' }],
  ['asks to wait', { kind: 'ratelimited', retryAfterSeconds: 1 }],
  ['breaks off', { kind: 'drop_before' }],
])('a Home that was opened while Slack %s is drawn a moment later', async (_what, how) => {
  const user = people.otherManager
  const before = (await publishedFor(user)).length
  await fault({ method: 'views.publish', times: 1, kind: 'error', about: homeOf(user), ...how })
  await house.as('otherManager').home()
  await expect
    .poll(async () => (await publishedFor(user)).slice(before).map(({ reply }) => reply.ok === true), {
      timeout: 40_000,
    })
    .toEqual([false, true])
})

test('a Home that Slack refuses for what it holds is drawn with the way to everything', async () => {
  const user = people.otherMember
  const times = 1
  await fault({
    method: 'views.publish',
    times,
    kind: 'error',
    error: 'invalid_arguments',
    about: homeOf(user),
  })
  await house.as('otherMember').home()
  const home = await homeWith(house.as('otherMember'), 'could not be drawn')
  expect(said(home.blocks)).toContain('`/keys list`')
  expect(findButton(home.blocks, 'Request a key')).toBeDefined()
})
