import { afterEach, beforeEach, expect, test } from 'vitest'
import { said } from '../../sandbox/acting.ts'
import { revealShown } from '../../sandbox/reveal-shown.ts'
import { perform } from '../../src/acts/perform.ts'
import { listEvents } from '../../src/audit/list.ts'
import { isRefusal } from '../../src/foundation/refusal.ts'
import { plain } from '../../src/foundation/words.ts'
import { addHolder } from '../../src/keys/holders.ts'
import { activate } from '../../src/keys/state.ts'
import { startWatching } from '../../src/leases/confirm.ts'
import { findMember } from '../../src/members/member.ts'
import { carryOut } from '../../src/offboarding/execute.ts'
import { findOffboarding, leaverKeysOf, requestsOf } from '../../src/offboarding/offboarding.ts'
import { readReport } from '../../src/offboarding/report.ts'
import { type OffboardingRequest, requestOffboarding } from '../../src/offboarding/request.ts'
import { previewUndo, recordReturn, undoOffboarding } from '../../src/offboarding/undo.ts'
import { abortRotation, finishRotation } from '../../src/rotation/end.ts'
import { toRotation } from '../../src/rotation/rotation.ts'
import { startRotation } from '../../src/rotation/start.ts'
import { offboardingMessage } from '../../src/slack/messages/offboarding/progress.ts'
import { addWorkspace } from '../../src/workspaces/workspace.ts'
import { must, openRecords, type Records } from '../setup/records.ts'
import { join, keysByName, ownedKey, use } from './leavers.ts'

const leaver = 'U0LEAVER01'
const manager = 'U0BRUNO002'
const successor = 'U0CHIDI003'
let r: Records
let watching: { stop(): Promise<void> }
beforeEach(async () => {
  r = await openRecords()
  watching = startWatching(r.world)
  await join(r.world, r.workspace.id, manager, 'manager')
})
afterEach(async () => {
  await watching.stop()
  await r.drop()
})

const ask = (request: Partial<OffboardingRequest> = {}, actor?: Parameters<Records['act']>[1]) =>
  r.act(
    (act) =>
      requestOffboarding(act, r.workspace, { source: 'slack', userId: leaver, ...request }, r.world.random),
    actor,
  )

/** What the undo says before, and what it has done. */
const undo = async (id: string) => {
  const { accountId } = r.workspace
  const preview = await r.act((act) => previewUndo(act, accountId, id))
  return [preview, await r.act((act) => undoOffboarding(act, accountId, id, r.world.random))] as const
}

/** What the message of an offboarding says now. */
async function shown(id: string): Promise<string> {
  const { message_id: messageId } = await r.world.db('offboardings').where({ id }).first('message_id')
  const { blocks } = offboardingMessage(await readReport(r.world.db, messageId, r.world.clock.now()))
  return said(blocks as never)
}

const outcomes = async (id: string) =>
  Object.fromEntries(
    (await leaverKeysOf(r.world.db, [id], r.world.clock.now())).map((key) => [key.name, key.outcome]),
  )

test('with a preview busy keys rotate to a manager, quiet ones end, and one only made by the leaver stays', async () => {
  const as = await join(r.world, r.workspace.id, leaver, 'manager')
  const busy = await ownedKey(r.world, as, 'Busy')
  await use(r.world, busy.id, 6)
  const quiet = await ownedKey(r.world, as, 'Quiet')
  await use(r.world, quiet.id, 8)
  await ownedKey(r.world, as, 'Waiting', { waits: true })
  await ownedKey(r.world, as, 'Made for Ada', { owner: r.owner.id })
  const held = await ownedKey(r.world, r.owner, 'Held')
  await r.act((act) => addHolder(act, r.workspace.id, held.id, { userId: leaver, why: 'on call' }))
  await ownedKey(r.world, r.owner, 'None of theirs')

  const off = await ask({ choices: {} })
  expect(off.mode).toBe('by-use')
  expect(await carryOut(r.world)).toBe(1)

  expect(await outcomes(off.id)).toEqual({
    Busy: 'rotating',
    Quiet: 'revoked',
    Waiting: 'handed-over',
    'Made for Ada': 'kept',
    Held: 'revoked',
  })
  const byName = await keysByName(r.world)
  expect(byName.Busy).toMatchObject({ status: 'active', owner_id: manager })
  const grace = (byName.Busy!.ends_at as Date).getTime() - r.world.clock.now().getTime()
  expect(Math.round(grace / 86_400_000)).toBe(7)
  const next = await r.world.db('keys').where({ predecessor_id: busy.id }).first()
  expect(next).toMatchObject({ status: 'unrevealed', owner_id: manager, scopes: ['read'] })
  expect(byName.Waiting).toMatchObject({ status: 'unrevealed', owner_id: manager })
  expect(byName['Made for Ada']).toMatchObject({ status: 'active', owner_id: r.owner.id })
  expect(byName['None of theirs']).toMatchObject({ status: 'active' })
  expect((await findMember(r.world.db, r.workspace.id, leaver))?.role).toBeUndefined()
  const keys = await leaverKeysOf(r.world.db, [off.id], r.world.clock.now())
  expect(keys.find((key) => key.name === 'Quiet')!.reasons).toEqual(['owned', 'revealed', 'created'])
  const [kept, ended] = [true, false].map((is) => keys.filter(({ outcome }) => (outcome === 'kept') === is))
  expect(ended!.map(({ receipt }) => receipt?.state)).toEqual(ended!.map(() => 'confirmed'))
  // Nobody has to confirm that a key goes on.
  expect(kept!.map(({ receipt }) => receipt)).toEqual([null])
})

test('without a preview everything is deactivated, in every workspace, and undo by who is in charge brings it back', async () => {
  const other = must(
    await perform(r.world, r.owner, (act) =>
      addWorkspace(act, r.workspace.accountId, { name: 'EU', policy: {} }, r.world.random),
    ),
  )
  await join(r.world, other.id, r.owner.id, 'owner')
  await join(r.world, other.id, successor, 'manager')
  const here = await ownedKey(r.world, await join(r.world, r.workspace.id, leaver, 'manager'), 'Here')
  await use(r.world, here.id)
  await ownedKey(r.world, await join(r.world, other.id, leaver, 'manager'), 'There')
  const off = await ask(
    { source: 'user-change', successorId: successor },
    { kind: 'job', id: 'slack-events' },
  )
  await carryOut(r.world)
  expect(await outcomes(off.id)).toEqual({ Here: 'deactivated', There: 'deactivated' })
  expect((await keysByName(r.world)).There).toMatchObject({ status: 'inactive', owner_id: successor })

  const [preview, undone] = await undo(off.id)
  expect(undone).toEqual(preview)
  expect(undone.roles.map(({ workspace, role }) => `${role} of ${workspace}`).sort()).toEqual([
    'manager of EU',
    'manager of Platform',
  ])
  for (const id of [r.workspace.id, other.id])
    expect(await findMember(r.world.db, id, leaver)).toMatchObject({ role: 'manager' })
  expect(undone.activated.sort()).toEqual(['Here', 'There'])
  expect(undone.returned.sort()).toEqual(['Here', 'There'])
  expect(await keysByName(r.world)).toMatchObject({
    Here: { status: 'active', owner_id: leaver },
    There: { status: 'active', owner_id: leaver },
  })
  const twice = await perform(r.world, r.owner, (act) =>
    undoOffboarding(act, r.workspace.accountId, off.id, r.world.random),
  )
  expect(isRefusal(twice) && twice.code).toBe('already')
})

test('undo leaves alone what somebody touched since, and never revives a revoked key', async () => {
  const as = await join(r.world, r.workspace.id, leaver, 'manager')
  const touched = await ownedKey(r.world, as, 'Touched')
  await ownedKey(r.world, as, 'Gone')
  const gone = (await r.world.db('keys').where({ name: 'Gone' }).first('id')).id
  const off = await ask({ mode: 'deactivate', choices: { [gone]: 'revoke' } })
  await carryOut(r.world)
  await r.world.db('keys').where({ id: touched.id }).update({ status_changed_by: manager })
  const undone = await r.act((act) => undoOffboarding(act, r.workspace.accountId, off.id, r.world.random))
  expect(undone).toMatchObject({ activated: [], kept: ['Gone', 'Touched'] })
  expect(await keysByName(r.world)).toMatchObject({
    Touched: { status: 'inactive' },
    Gone: { status: 'revoked' },
  })
})

test('undo says of a key that somebody activated since that it works already', async () => {
  const as = await join(r.world, r.workspace.id, leaver, 'manager')
  const resumed = await ownedKey(r.world, as, 'Resumed')
  const expired = await ownedKey(r.world, as, 'Expired since')
  const off = await ask({ mode: 'deactivate' })
  await carryOut(r.world)
  for (const { id } of [resumed, expired]) await r.act((act) => activate(act, r.workspace.id, id))
  await r.world.db('keys').where({ id: expired.id }).update({ ends_at: r.world.clock.now() })
  const report = await shown(off.id)
  expect(report).toMatch(/Resumed tml_\S+ was deactivated ?; works again/)
  expect(report).toMatch(/Expired since tml_\S+ deactivated ?\. .*every request from now on is refused/)
  const [preview, undone] = await undo(off.id)
  expect(undone).toEqual(preview)
  expect(undone).toMatchObject({ activated: [], working: ['Resumed'], kept: ['Expired since'] })
  expect(await shown(off.id)).not.toContain('from now on')
})

test('undo gives back a rotating key and its successor, which goes on rotating and is offered to its owner again', async () => {
  const as = await join(r.world, r.workspace.id, leaver, 'manager')
  const key = await ownedKey(r.world, as, 'Busy')
  await use(r.world, key.id)
  const off = await ask({ mode: 'rotate', successorId: successor })
  await carryOut(r.world)
  const newKey = () => r.world.db('keys').where({ predecessor_id: key.id }).first()
  expect(await newKey()).toMatchObject({ status: 'unrevealed', owner_id: successor })
  const [preview, undone] = await undo(off.id)
  expect(undone).toEqual(preview)
  expect(undone).toMatchObject({ activated: [], returned: ['Busy'], rotating: ['Busy'], kept: [] })
  expect(await newKey()).toMatchObject({ status: 'unrevealed', owner_id: leaver })
  const offers = await r.world.db('key_offers').where({ key_id: (await newKey()).id, owner_id: leaver })
  expect(offers).toMatchObject([{ because: 'given' }])
})

test('of a rotation that is over nothing says that it goes on, nor that a revoked key works', async () => {
  const as = await join(r.world, r.workspace.id, leaver, 'manager')
  for (const name of ['Aborted', 'Finished', 'Running'])
    await use(r.world, (await ownedKey(r.world, as, name)).id)
  const off = await ask({ mode: 'rotate', successorId: manager })
  await carryOut(r.world)
  const { workspace } = r
  const rotationOf = async (name: string) => {
    const keys = r.world.db('keys').where({ name }).whereNotNull('successor_id').select('id')
    return toRotation(await r.world.db('rotations').whereIn('predecessor_id', keys).first())
  }
  const [aborted, finished] = [await rotationOf('Aborted'), await rotationOf('Finished')]
  await r.act((act) => abortRotation(act, workspace.id, aborted.id, { sure: true }))
  const deps = { random: r.world.random, tokenPrefix: r.world.config.tokenPrefix, timeZone: 'UTC' }
  const owner = { kind: 'member', id: manager, role: 'manager', workspaceId: workspace.id } as const
  await r.act((act) => revealShown(act, workspace.id, finished.successorId, deps), owner)
  await r.act((act) => finishRotation(act, workspace.id, finished.id, { early: true }))

  const before = await shown(off.id)
  expect(before).toMatch(/can still use 2 keys until [-\d]+\. /)
  expect(before).toMatch(/Aborted tml_\S+ rotation aborted ; owner is now \S+ ; old key works until/)
  expect(before).toMatch(/Finished tml_\S+ rotated ; owner is now \w+ Running/)
  expect(before).toMatch(/Running tml_\S+ rotating ; owner is now \S+ ; old key works until/)
  const [, undone] = await undo(off.id)
  expect(undone).toMatchObject({ activated: [], rotating: ['Running'], working: ['Aborted'], kept: [] })
  const after = await shown(off.id)
  expect(after).toMatch(/Running tml_\S+ goes on rotating/)
  expect(after.match(/goes on rotating/g)).toHaveLength(1)
})

test('an undo by a manager gives no owner their role back', async () => {
  await join(r.world, r.workspace.id, leaver, 'owner')
  const off = await ask({ source: 'user-change' }, { kind: 'job', id: 'slack-events' })
  await carryOut(r.world)
  const as = await join(r.world, r.workspace.id, manager, 'manager')
  const undone = must(
    await perform(r.world, as, (act) => undoOffboarding(act, r.workspace.accountId, off.id, r.world.random), {
      changesRoles: true,
    }),
  )
  expect(undone.roles).toEqual([])
  expect(await findMember(r.world.db, r.workspace.id, leaver)).toBeUndefined()
})

test('undo does not bring back what a later offboarding deactivated', async () => {
  const key = await ownedKey(r.world, await join(r.world, r.workspace.id, leaver, 'manager'), 'Shared')
  await r.act((act) => addHolder(act, r.workspace.id, key.id, { userId: successor, why: 'on call' }))
  const first = await ask({ mode: 'deactivate' })
  await carryOut(r.world)
  r.calendar.advance({ days: 1, minutes: 0 })
  await r.act((act) => activate(act, r.workspace.id, key.id))
  const second = await ask({ userId: successor, mode: 'deactivate' })
  await carryOut(r.world)
  expect(await outcomes(second.id)).toMatchObject({ Shared: 'deactivated' })
  const undone = await r.act((act) => undoOffboarding(act, r.workspace.accountId, first.id, r.world.random))
  expect(undone).toMatchObject({ activated: [], kept: ['Shared'] })
  expect((await keysByName(r.world)).Shared).toMatchObject({ status: 'inactive' })
  const last = await r.act((act) => undoOffboarding(act, r.workspace.accountId, second.id, r.world.random))
  expect(last).toMatchObject({ activated: ['Shared'] })
})

test('through two sources at once there is one offboarding, and each key is dealt with once', async () => {
  const as = await join(r.world, r.workspace.id, leaver, 'manager')
  for (let i = 0; i < 5; i++) await ownedKey(r.world, as, `Key ${i}`)
  const job = { kind: 'job', id: 'scim' } as const
  const offs = await Promise.all([
    ask({ source: 'scim' }, job),
    ask({ source: 'webhook' }, job),
    ask({ source: 'user-change' }, job),
    ask({ source: 'scim' }, job),
  ])
  expect(new Set(offs.map((off) => off.id)).size).toBe(1)
  await Promise.all([carryOut(r.world), carryOut(r.world), carryOut(r.world)])
  while ((await findOffboarding(r.world.db, r.workspace.accountId, offs[0]!.id))!.state !== 'done')
    await carryOut(r.world)
  const requests = await requestsOf(r.world.db, offs[0]!.id)
  expect(requests.map((request) => request.source).sort()).toEqual(['scim', 'user-change', 'webhook'])
  const events = await listEvents(r.world.db, { workspaceId: r.workspace.id, limit: 100 })
  const named = events.map((event) => event.event)
  expect(named.filter((event) => event === 'key.deactivated')).toHaveLength(5)
  expect(named.filter((event) => event === 'offboarding.requested')).toHaveLength(1)
  expect(named.filter((event) => event === 'offboarding.joined')).toHaveLength(2)
  expect(named.filter((event) => event === 'offboarding.completed')).toHaveLength(1)
})

test('a source that asks again reopens a finished offboarding only for keys that it does not know', async () => {
  const as = await join(r.world, r.workspace.id, leaver, 'manager')
  await ownedKey(r.world, as, 'Old')
  const first = await ask()
  await carryOut(r.world)
  expect((await ask({ source: 'scim' })).state).toBe('done')
  await ownedKey(r.world, as, 'New')
  const again = await ask({ source: 'webhook' })
  expect(again).toMatchObject({ id: first.id, state: 'requested' })
  await carryOut(r.world)
  expect(await outcomes(first.id)).toEqual({ Old: 'deactivated', New: 'deactivated' })
})

test('who comes back and leaves again is offboarded anew, but only a source that said so is believed', async () => {
  const as = await join(r.world, r.workspace.id, leaver, 'manager')
  await ownedKey(r.world, as, 'Old')
  const first = await ask({ source: 'scim' })
  await carryOut(r.world)
  const { accountId } = r.workspace
  expect(await r.act((act) => recordReturn(act, accountId, leaver, 'slack', r.world.random))).toBe(false)
  expect(await r.act((act) => recordReturn(act, accountId, leaver, 'directory', r.world.random))).toBe(true)
  expect((await keysByName(r.world)).Old).toMatchObject({ status: 'inactive' })
  expect((await ask({ source: 'scim' })).id).not.toBe(first.id)
})

test('the last owner can leave; the report says that nobody owns the workspace', async () => {
  await ownedKey(r.world, r.owner, 'Owned')
  const off = await ask({ source: 'user-change', userId: r.owner.id }, { kind: 'job', id: 'slack-events' })
  await carryOut(r.world)
  const done = await findOffboarding(r.world.db, r.workspace.accountId, off.id)
  expect(done).toMatchObject({ state: 'done', lastOwnerOf: ['Platform'] })
  const left = () => r.world.db('departures').where({ user_id: r.owner.id })
  expect(await left()).toHaveLength(1)
  await r.act((act) => undoOffboarding(act, r.workspace.accountId, off.id, r.world.random), {
    kind: 'operator',
    id: 'root',
  })
  expect(await left()).toEqual([])
  expect((await findMember(r.world.db, r.workspace.id, r.owner.id))?.role).toBe('owner')
})

test('a named successor who is leaving too gets nothing; a manager takes over', async () => {
  const as = await join(r.world, r.workspace.id, leaver, 'manager')
  await ownedKey(r.world, as, 'Inherited')
  await ownedKey(r.world, as, 'Waiting', { waits: true })
  await ask({ userId: successor })
  await ask({ successorId: successor })
  await carryOut(r.world)
  expect(await keysByName(r.world)).toMatchObject({
    Inherited: { status: 'inactive', owner_id: manager },
    Waiting: { status: 'unrevealed', owner_id: manager },
  })
})

test('with nobody to take over, a busy key is deactivated instead of rotated', async () => {
  await r.world.db('members').where({ user_id: manager }).delete()
  const key = await ownedKey(r.world, r.owner, 'Busy')
  await use(r.world, key.id)
  const off = await ask({ userId: r.owner.id, mode: 'rotate' }, { kind: 'operator', id: 'root' })
  await carryOut(r.world)
  expect(await outcomes(off.id)).toEqual({ Busy: 'deactivated' })
})

test('members offboard nobody, managers no owner, and nobody themselves', async () => {
  const refusalOf = async (id: string, role: 'member' | 'manager', userId: string, successorId?: string) => {
    const actor = { kind: 'member', id, role, workspaceId: r.workspace.id } as const
    const request = { source: 'slack' as const, userId, successorId }
    const result = await perform(r.world, actor, (act) =>
      requestOffboarding(act, r.workspace, request, r.world.random),
    )
    return isRefusal(result) && plain(result.message)
  }
  await join(r.world, r.workspace.id, 'U0EMRE0005')
  expect(await refusalOf('U0EMRE0005', 'member', leaver)).toBe('Only managers and owners offboard people.')
  expect(await refusalOf(manager, 'manager', r.owner.id)).toBe('Only owners offboard an owner.')
  expect(await refusalOf(manager, 'manager', manager)).toBe('Someone else must offboard you.')
  expect(await refusalOf(manager, 'manager', leaver, leaver)).toBe('Whoever leaves cannot take over.')
})

test('who is said to be back before anything has happened loses nothing', async () => {
  await ownedKey(r.world, await join(r.world, r.workspace.id, leaver, 'manager'), 'Kept')
  await ask({ source: 'scim' })
  await r.act((act) => recordReturn(act, r.workspace.accountId, leaver, 'directory', r.world.random))
  await carryOut(r.world)
  expect((await keysByName(r.world)).Kept).toMatchObject({ status: 'active', owner_id: leaver })
})

test('forty keys are revoked with as many questions as two, each with a record of its own', async () => {
  const asked = async (userId: string, names: string[]) => {
    const as = await join(r.world, r.workspace.id, userId, 'manager')
    const ids: string[] = []
    for (const name of names) ids.push((await ownedKey(r.world, as, name)).id)
    const off = await ask({ userId, mode: 'revoke' })
    let questions = 0
    const count = () => void questions++
    r.world.db.on('query', count)
    await carryOut(r.world)
    r.world.db.removeListener('query', count)
    expect(Object.values(await outcomes(off.id))).toEqual(names.map(() => 'revoked'))
    const events = await r.world.db('audit_events').whereRaw(`body::json->>'keyId' = any(?)`, [ids])
    expect(events.filter(({ body }) => JSON.parse(body).event === 'key.revoked')).toHaveLength(names.length)
    return questions
  }
  const few = await asked('U0TWO00001', ['One', 'Two'])
  expect(
    await asked(
      'U0FORTY001',
      Array.from({ length: 40 }, (_, i) => `Key ${i}`),
    ),
  ).toBe(few)
})

test('a run ends while others go on leaving: it takes who was leaving when it began', async () => {
  // Whenever an offboarding is done somebody else leaves, five in all.
  await r.world.db.raw(`
    create function one_more() returns trigger language plpgsql as $$ declare nth text := 'U0NEXT' || (
      select count(*) from offboardings); begin
      insert into offboardings (id, account_id, workspace_id, user_id, mode, state, requested_by, requested_at,
          begun_at, due_at)
        select nth, account_id, workspace_id, nth, mode, 'requested', requested_by, requested_at, begun_at, due_at
        from offboardings where id = new.id and nth <> 'U0NEXT5';
      return null;
    end $$;
    create trigger one_more after update of state on offboardings for each row when (new.state = 'done')
      execute function one_more();
  `)
  await ask()
  expect([await carryOut(r.world), await carryOut(r.world)]).toEqual([1, 1])
})

test('a key that was to take the place of another is revoked with the rest, and the other names it no longer', async () => {
  const as = await join(r.world, r.workspace.id, leaver, 'manager')
  const key = await ownedKey(r.world, as, 'Followed')
  const { successor } = must(
    await r.act((act) => startRotation(act, r.workspace, key.id, { reason: 'scheduled' }, r.world.random)),
  )
  const off = await ask({ mode: 'revoke', choices: { [successor.id]: 'revoke' } })
  await carryOut(r.world)
  expect(
    await r.world.db('keys').whereIn('id', [key.id, successor.id]).select('status', 'successor_id'),
  ).toEqual([
    { status: 'revoked', successor_id: null },
    { status: 'revoked', successor_id: null },
  ])
  expect(
    (await leaverKeysOf(r.world.db, [off.id], r.world.clock.now())).map(({ outcome }) => outcome),
  ).toEqual(['revoked', 'revoked'])
})

test('the rotations of one leaver are one campaign, however many there are, and however many of their keys are quiet', async () => {
  const id = 'U0MANYKEYS'
  const as = await join(r.world, r.workspace.id, id, 'manager')
  for (let nth = 0; nth < 70; nth++) {
    const key = await ownedKey(r.world, as, `Many ${nth}`)
    if (nth % 4 > 0) await use(r.world, key.id)
  }
  const off = await ask({ userId: id, mode: 'by-use', choices: {} })
  await carryOut(r.world)
  const keys = await leaverKeysOf(r.world.db, [off.id], r.world.clock.now())
  expect(keys.filter((key) => key.outcome === 'rotating')).toHaveLength(52)
  const rotations = await r.world
    .db('rotations')
    .whereIn('successor_id', keys.map((key) => key.successorKeyId).filter(Boolean) as string[])
    .distinct('campaign_id')
  expect(rotations).toHaveLength(1)
  expect(rotations[0].campaign_id).not.toBeNull()
})
