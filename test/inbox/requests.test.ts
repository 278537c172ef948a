import { afterAll, beforeAll, expect, test } from 'vitest'
import { addHolder, holdersOf, removeHolder } from '../../src/keys/holders.ts'
import type { Actor } from '../../src/members/actor.ts'
import { approveRequest } from '../../src/slack/conversations/request.ts'
import { narrow } from '../../src/workspaces/decide-request.ts'
import { lapseRequests, requestDays, withdrawRequest } from '../../src/workspaces/request-ends.ts'
import { reminderDays, remindOfRequests } from '../../src/workspaces/request-reminders.ts'
import { type Grant, type KeyRequest, makeRequest } from '../../src/workspaces/requests.ts'
import { plant } from '../setup/plant.ts'
import { openRecords, type Records } from '../setup/records.ts'

const people = { manager: 'U0BRUNO002', otherManager: 'U0CHIDI003', member: 'U0DANA0004' }
const job: Actor = { kind: 'job', id: 'requests' }

let records: Records
beforeAll(async () => {
  records = await openRecords()
})
afterAll(() => records.drop())

const as = (who: keyof typeof people): Actor & { kind: 'member' } => ({
  ...{ kind: 'member', id: people[who], workspaceId: records.workspace.id },
  role: who === 'member' ? 'member' : 'manager',
})

const ask = (
  name: string,
  scopes = ['read', 'write'],
  lifetimeDays: number | null = 90,
): Promise<KeyRequest> =>
  records.act(
    (act) =>
      makeRequest(
        act,
        records.workspace,
        {
          ...{ name, description: '', integration: '', scopes, lifetimeDays, ownerId: people.member },
          ...{ allowedNetworks: [], limitPerMinute: null },
        },
        'For the sync',
        records.world.random,
      ),
    as('member'),
  )

const approve = (id: string, grant?: Grant) =>
  records.act(
    (act) =>
      approveRequest(act, records.workspace, { id, ...(grant ? { grant } : {}) }, records.world.random),
    as('manager'),
  )

const stateOf = async (id: string): Promise<string> =>
  (await records.world.db('key_requests').where({ id }).first('state')).state
const stepsOf = async (id: string, source: string): Promise<string[]> => {
  const rows = await records.world.db('outbox').where({ item_id: id, source }).orderBy('seq')
  return rows.map((row: { step: string; destination: string }) => `${row.step} ${row.destination}`)
}
const daysPass = (days: number) => records.calendar.advance({ days, minutes: 0 })

test('an approver grants fewer scopes for a shorter time, and both the key and the requester have it so', async () => {
  const request = await ask('Narrowed')
  const granted = { scopes: ['read'], lifetimeDays: 30 }
  const decided = await approve(request.id, granted)
  expect(decided).toMatchObject({ state: 'approved', granted })
  const key = await records.world.db('keys').where({ id: decided.keyId }).first('scopes', 'lifetime_days')
  expect(key).toEqual({ scopes: ['read'], lifetime_days: 30 })
  expect(await stepsOf(request.id, 'request-answer')).toEqual([`approved dm:${people.member}`])
})

test('the act refuses to grant more than was asked: no scope, no longer life, no life without end', async () => {
  const request = await ask('Widened', ['read'])
  for (const [grant, words] of [
    [{ scopes: ['read', 'write'], lifetimeDays: 90 }, 'They did not ask for write.'],
    [{ scopes: ['read'], lifetimeDays: 91 }, 'They asked for 90 days'],
    [{ scopes: ['read'], lifetimeDays: null }, 'They asked for 90 days'],
    [{ scopes: [], lifetimeDays: 90 }, 'Leave at least one scope'],
  ] as const)
    await expect(approve(request.id, { ...grant, scopes: [...grant.scopes] })).rejects.toThrow(words)
  expect(await stateOf(request.id)).toBe('waiting')
  expect(await records.world.db('keys').where({ name: 'Widened' })).toEqual([])
  // What never expires may be granted for any time.
  expect(
    narrow({ ...request.draft, lifetimeDays: null }, { scopes: ['read'], lifetimeDays: 400 }),
  ).toMatchObject({
    lifetimeDays: 400,
  })
})

test('one who asks may withdraw, once and nobody else; the same request is not made twice meanwhile', async () => {
  const request = await ask('Regretted')
  await expect(ask('regretted')).rejects.toThrow('You asked for regretted on')
  const withdraw = (who: keyof typeof people) =>
    records.act(
      (act) => withdrawRequest(act, records.workspace.id, request.id, records.world.random),
      as(who),
    )
  await expect(withdraw('manager')).rejects.toThrow('No such key here.')
  expect((await withdraw('member')).state).toBe('withdrawn')
  await expect(withdraw('member')).rejects.toThrow('withdrew it on')
  await expect(approve(request.id)).rejects.toThrow('withdrew it on')
  expect(await stepsOf(request.id, 'request-answer')).toEqual([])
  await ask('Regretted')
})

test('those who decide are reminded at growing intervals, each time once, and then the request lapses and is answered once', async () => {
  const request = await ask('Forgotten')
  const channel = `channel:${records.workspace.policy.alertChannel}`
  let passed = 0
  for (const [i, days] of reminderDays.entries()) {
    daysPass(days - passed)
    passed = days
    await remindOfRequests(records.world)
    await remindOfRequests(records.world)
    const reminders = (await stepsOf(request.id, 'request')).filter((step) => step.startsWith('waits:'))
    expect(reminders).toEqual(reminderDays.slice(0, i + 1).map((one) => `waits:${one} ${channel}`))
  }
  expect(await records.act((act) => lapseRequests(act, records.world.random), job)).toBe(0)
  daysPass(requestDays - passed)
  expect(await records.act((act) => lapseRequests(act, records.world.random), job)).toBeGreaterThan(0)
  expect(await records.act((act) => lapseRequests(act, records.world.random), job)).toBe(0)
  expect(await stateOf(request.id)).toBe('lapsed')
  expect(await stepsOf(request.id, 'request-answer')).toEqual([`lapsed dm:${people.member}`])
  await expect(approve(request.id)).rejects.toThrow('It lapsed on')
})

test('a holder who was noted by hand is taken off by a manager who is somebody else, and the audit keeps it', async () => {
  const { world, workspace, act } = records
  const [keyId] = await plant(world, workspace.id, [{ name: 'Held' }])
  for (const userId of [people.manager, people.member])
    await act((one) => addHolder(one, workspace.id, keyId!, { userId, why: 'On call' }), as('otherManager'))
  const remove = (userId: string, who: keyof typeof people) =>
    act((one) => removeHolder(one, workspace.id, keyId!, userId), as(who))
  await expect(remove(people.member, 'member')).rejects.toThrow('Only managers and owners')
  await expect(remove(people.manager, 'manager')).rejects.toThrow('Someone else must take you off.')
  await remove(people.manager, 'otherManager')
  await expect(remove(people.manager, 'otherManager')).rejects.toThrow('is not noted any more')
  expect((await holdersOf(world.db, keyId!)).map(({ userId }) => userId)).toEqual([people.member])
  const [event] = await world.db('audit_events').where({ event: 'holder.removed', key_id: keyId })
  expect(JSON.parse(event.body).details).toMatchObject({ user: people.manager, why: 'On call' })
})
