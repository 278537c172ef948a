import { afterEach, beforeEach, expect, test } from 'vitest'
import { perform } from '../../src/acts/perform.ts'
import { isRefusal } from '../../src/foundation/refusal.ts'
import { plain } from '../../src/foundation/words.ts'
import { activate } from '../../src/keys/state.ts'
import { startWatching } from '../../src/leases/confirm.ts'
import type { Act } from '../../src/members/actor.ts'
import { findMember } from '../../src/members/member.ts'
import { carryOut } from '../../src/offboarding/execute.ts'
import { findOffboarding, leaverKeysOf } from '../../src/offboarding/offboarding.ts'
import { previewOffboarding } from '../../src/offboarding/preview.ts'
import { type OffboardingRequest, requestOffboarding } from '../../src/offboarding/request.ts'
import { offboardMissed } from '../../src/offboarding/request-missed.ts'
import { undoOffboarding } from '../../src/offboarding/undo.ts'
import { setRole } from '../../src/workspaces/roles.ts'
import { addWorkspace, type Workspace } from '../../src/workspaces/workspace.ts'
import { must, openRecords, type Records } from '../setup/records.ts'
import { join, keysByName, ownedKey, use } from './leavers.ts'

const leaver = 'U0LEAVER01'
const manager = 'U0BRUNO002'
const there = 'U0GUS00007'
const member = 'U0DANA0004'
const scim = { kind: 'job', id: 'scim' } as const
const webhook = { kind: 'job', id: 'webhook con_hr' } as const

let r: Records
let production: Workspace
let watching: { stop(): Promise<void> }
beforeEach(async () => {
  r = await openRecords()
  watching = startWatching(r.world)
  await join(r.world, r.workspace.id, manager, 'manager')
  production = await workspace('Production')
  await join(r.world, production.id, there, 'manager')
})
afterEach(async () => {
  await watching.stop()
  await r.drop()
})

const workspace = (name: string) =>
  r.act((act) => addWorkspace(act, r.workspace.accountId, { name, policy: {} }, r.world.random))

/** As the policy stands in the database. */
async function setPolicy(of: Workspace, policy: Record<string, unknown>): Promise<Workspace> {
  await r.world
    .db('workspaces')
    .where({ id: of.id })
    .update({ policy: JSON.stringify(policy) })
  return { ...of, policy: { ...of.policy, ...policy } }
}

const bruno = () => ({ kind: 'member', id: manager, role: 'manager', workspaceId: r.workspace.id }) as const

const ask = (
  request: Partial<OffboardingRequest>,
  actor: Parameters<Records['act']>[1],
  from = r.workspace,
) =>
  r.act(
    (act) => requestOffboarding(act, from, { source: 'slack', userId: leaver, ...request }, r.world.random),
    actor,
  )

const roleIn = async (id: string) => (await findMember(r.world.db, id, leaver))?.role

async function busyKey(of: Workspace, role: 'manager' | 'owner', name: string) {
  const key = await ownedKey(r.world, await join(r.world, of.id, leaver, role), name)
  await use(r.world, key.id)
  return key
}

test('a named successor, a mode and a choice hold where their author is in charge, and nowhere else', async () => {
  await busyKey(r.workspace, 'manager', 'Here')
  const key = await busyKey(production, 'owner', 'There')
  await ask({ mode: 'rotate', successorId: manager, choices: { [key.id]: 'revoke' } }, bruno())
  await carryOut(r.world)
  expect(await keysByName(r.world)).toMatchObject({
    Here: { status: 'active', owner_id: manager },
    There: { status: 'inactive', owner_id: leaver, successor_id: null },
  })
  expect([await roleIn(r.workspace.id), await roleIn(production.id)]).toEqual([undefined, 'owner'])
  const owners = { workspace_id: production.id, role: 'owner' }
  expect(await r.world.db('members').where(owners).select('user_id', 'left_at')).toEqual([
    { user_id: leaver, left_at: null },
  ])
})

test('what another workspace’s policy gives away goes to somebody in charge there', async () => {
  await setPolicy(production, { offboardingUnattendedMode: 'rotate' })
  const key = await busyKey(production, 'manager', 'There')
  await ask({ mode: 'deactivate', successorId: manager, choices: {} }, bruno())
  await carryOut(r.world)
  expect((await keysByName(r.world)).There).toMatchObject({ status: 'active', owner_id: there })
  const next = await r.world.db('keys').where({ predecessor_id: key.id }).first()
  expect(next).toMatchObject({ owner_id: there, status: 'unrevealed' })
})

test('a manager of both workspaces ends no owner of the other, and no key of theirs for good', async () => {
  await join(r.world, production.id, manager, 'manager')
  await busyKey(production, 'owner', 'There')
  await ask({ mode: 'revoke', choices: {} }, bruno())
  await carryOut(r.world)
  expect((await keysByName(r.world)).There).toMatchObject({ status: 'inactive' })
  expect(await roleIn(production.id)).toBe('owner')
})

test.each(['requested', 'confirming', 'done'])(
  'a directory ends a role that had stayed, also when the offboarding is %s',
  async (state) => {
    await busyKey(production, 'manager', 'There')
    const off = await ask({ choices: {} }, bruno())
    if (state !== 'requested') await carryOut(r.world)
    if (state === 'confirming')
      await r.world.db('offboardings').where({ id: off.id }).update({ state, done_at: null })
    await ask({ source: 'scim' }, scim)
    await carryOut(r.world)
    expect(await roleIn(production.id)).toBeUndefined()
    const after = await findOffboarding(r.world.db, r.workspace.accountId, off.id)
    expect(after).toMatchObject({ state: 'done', keepsRoleIn: [] })
    // One that repeats itself finds nothing more to do.
    expect((await ask({ source: 'scim' }, scim)).state).toBe('done')
  },
)

test('a key that the leaver activated where their role had stayed is refused again once the role ends', async () => {
  await busyKey(r.workspace, 'manager', 'Here')
  const key = await busyKey(production, 'manager', 'There')
  const as = await join(r.world, production.id, leaver, 'manager')
  const waiting = await ownedKey(r.world, as, 'Waiting', { waits: true })
  const off = await ask({ mode: 'deactivate', choices: {} }, bruno())
  await carryOut(r.world)
  await r.act((act) => activate(act, production.id, key.id, 'still needed'), as)
  expect(await keysByName(r.world)).toMatchObject({
    There: { status: 'active' },
    Waiting: { status: 'unrevealed', owner_id: leaver },
  })
  await ask({ source: 'scim' }, scim)
  await carryOut(r.world)
  expect(await keysByName(r.world)).toMatchObject({
    Here: { status: 'inactive' },
    There: { status: 'inactive' },
    Waiting: { status: 'unrevealed', owner_id: there },
  })
  const outcomes = (await leaverKeysOf(r.world.db, [off.id], r.world.clock.now())).map((one) => [
    one.keyId,
    one.outcome,
  ])
  expect(outcomes).toContainEqual([key.id, 'deactivated'])
  expect(outcomes).toContainEqual([waiting.id, 'handed-over'])
})

test('whoever goes on with a finished offboarding decides about the keys that they were shown, where they are in charge', async () => {
  await busyKey(r.workspace, 'manager', 'Before')
  await ask({ source: 'scim' }, scim)
  await carryOut(r.world)
  const as = await join(r.world, r.workspace.id, leaver, 'manager')
  const here = await ownedKey(r.world, as, 'Here')
  const elsewhere = await busyKey(production, 'manager', 'There')
  await ask(
    { mode: 'revoke', successorId: member, choices: { [here.id]: 'keep', [elsewhere.id]: 'revoke' } },
    bruno(),
  )
  await carryOut(r.world)
  expect(await keysByName(r.world)).toMatchObject({
    Before: { status: 'inactive', owner_id: leaver },
    Here: { status: 'active', owner_id: member },
    There: { status: 'inactive', owner_id: leaver },
  })
})

test('whoever ends a role that had stayed sees the keys that the leaver activated there, and decides about them', async () => {
  const key = await busyKey(production, 'manager', 'There')
  const as = await join(r.world, production.id, leaver, 'manager')
  await ask({ choices: {} }, bruno())
  await carryOut(r.world)
  await r.act((act) => activate(act, production.id, key.id, 'still needed'), as)
  const gus = { kind: 'member', id: there, role: 'manager', workspaceId: production.id } as const
  const preview = await previewOffboarding(r.world.db, production, gus, leaver, r.world.clock.now())
  expect(preview.keys.map((one) => one.name)).toEqual(['There'])
  await ask({ choices: { [key.id]: 'revoke' } }, gus, production)
  await carryOut(r.world)
  expect((await keysByName(r.world)).There).toMatchObject({ status: 'revoked' })
  expect(await roleIn(production.id)).toBeUndefined()
})

test('an undo makes nobody an owner again where whoever undoes is not in charge', async () => {
  await busyKey(r.workspace, 'manager', 'Here')
  await join(r.world, r.workspace.id, leaver, 'manager')
  await busyKey(production, 'owner', 'There')
  const off = await ask({ source: 'scim' }, scim)
  await carryOut(r.world)
  expect(await roleIn(production.id)).toBeUndefined()
  const undo = (act: Act) => undoOffboarding(act, r.workspace.accountId, off.id, r.world.random)
  expect(await r.act(undo, bruno())).toMatchObject({
    roles: [{ workspace: r.workspace.name, role: 'manager' }],
    rolesStayEnded: true,
  })
  expect(await roleIn(production.id)).toBeUndefined()
})

test('the nightly look ends a role that had stayed of somebody who is gone', async () => {
  await busyKey(production, 'owner', 'There')
  await ask({ choices: {} }, bruno())
  await carryOut(r.world)
  const gone = [{ userId: leaver, email: null, deleted: true, isBot: false }]
  expect(await offboardMissed(r.world, r.workspace.accountId, gone)).toBe(1)
  await carryOut(r.world)
  expect(await roleIn(production.id)).toBeUndefined()
  expect(await offboardMissed(r.world, r.workspace.accountId, gone)).toBe(0)
})

test('an HR system gets no more than policy gives, and names nobody as owner who is not in charge', async () => {
  await busyKey(r.workspace, 'manager', 'Here')
  const off = await ask({ source: 'webhook', mode: 'rotate', successorId: member }, webhook)
  expect(off.mode).toBe('deactivate')
  await carryOut(r.world)
  expect((await keysByName(r.world)).Here).toMatchObject({ status: 'inactive', owner_id: leaver })
  expect(await r.world.db('keys').whereNotNull('predecessor_id')).toEqual([])
})

test('an HR system may ask for less than policy gives, and name somebody in charge', async () => {
  const home = await setPolicy(r.workspace, { offboardingUnattendedMode: 'revoke' })
  await busyKey(r.workspace, 'manager', 'Here')
  await busyKey(production, 'manager', 'There')
  await ask({ source: 'webhook', mode: 'deactivate', successorId: manager }, webhook, home)
  await carryOut(r.world)
  expect(await keysByName(r.world)).toMatchObject({
    Here: { status: 'inactive', owner_id: manager },
    // In charge here, and nobody there.
    There: { status: 'inactive', owner_id: leaver },
  })
})

test('no system ends keys of a workspace for good whose own policy does not', async () => {
  const home = await setPolicy(r.workspace, { offboardingUnattendedMode: 'revoke' })
  await busyKey(r.workspace, 'manager', 'Here')
  await busyKey(production, 'manager', 'There')
  const off = await ask({ source: 'scim' }, scim, home)
  await carryOut(r.world)
  expect(
    (await leaverKeysOf(r.world.db, [off.id], r.world.clock.now())).map((key) => [key.name, key.outcome]),
  ).toEqual(
    expect.arrayContaining([
      ['Here', 'revoked'],
      ['There', 'deactivated'],
    ]),
  )
})

test('a workflow offboards somebody only when every workspace of the account has the step switched on', async () => {
  await busyKey(r.workspace, 'manager', 'Here')
  await setPolicy(r.workspace, { offboardingByWorkflow: true })
  const run = () =>
    perform(r.world, { kind: 'job', id: 'slack-events' }, (act) =>
      requestOffboarding(
        act,
        r.workspace,
        { source: 'workflow', reference: 'Fx1', userId: leaver },
        r.world.random,
      ),
    )
  const refused = await run()
  expect(isRefusal(refused) && plain(refused.message)).toBe(
    'The step is switched off in Production. Nobody was offboarded.',
  )
  expect(await r.world.db('offboardings')).toEqual([])
  await setPolicy(production, { offboardingByWorkflow: true })
  must(await run())
  await carryOut(r.world)
  expect((await keysByName(r.world)).Here).toMatchObject({ status: 'inactive' })
})

test('an undo is for who is in charge where it was asked for', async () => {
  await busyKey(r.workspace, 'manager', 'Here')
  const off = await ask({ mode: 'deactivate', choices: {} }, bruno())
  await carryOut(r.world)
  const gus = { kind: 'member', id: there, role: 'manager', workspaceId: production.id } as const
  const undone = await perform(r.world, gus, (act) =>
    undoOffboarding(act, r.workspace.accountId, off.id, r.world.random),
  )
  expect(isRefusal(undone) && undone.code).toBe('not_found')
  expect((await keysByName(r.world)).Here).toMatchObject({ status: 'inactive' })
})

test('the person who asked decides only where they are still in charge when it is carried out', async () => {
  await busyKey(r.workspace, 'manager', 'Here')
  await ask({ mode: 'rotate', successorId: manager }, bruno())
  await r.act((act) => setRole(act, r.workspace.id, manager, 'member'))
  await carryOut(r.world)
  expect(await keysByName(r.world)).toMatchObject({ Here: { status: 'inactive', successor_id: null } })
  expect(await roleIn(r.workspace.id)).toBe('manager')
})
