import { afterAll, beforeAll, expect, test } from 'vitest'
import { acknowledge, assign, letGo, snooze } from '../../src/findings/actions.ts'
import type { InboxFilter, Reader } from '../../src/inbox/branches.ts'
import { countInbox, inboxPage } from '../../src/inbox/inbox.ts'
import { type Item, readItems } from '../../src/inbox/items.ts'
import type { Actor } from '../../src/members/actor.ts'
import { beginReview } from '../../src/reviews/begin.ts'
import { startRotation } from '../../src/rotation/start.ts'
import { makeRequest } from '../../src/workspaces/requests.ts'
import { suspendWorkspace } from '../../src/workspaces/suspend.ts'
import { plant } from '../setup/plant.ts'
import { openRecords, type Records } from '../setup/records.ts'

const people = { owner: 'U0ADA00001', manager: 'U0BRUNO002', member: 'U0DANA0004', other: 'U0EMRE0005' }
type Who = keyof typeof people
const roles = { owner: 'owner', manager: 'manager', member: 'member', other: 'member' } as const

let records: Records
beforeAll(async () => {
  records = await openRecords()
})
afterAll(() => records.drop())

const as = (who: Who): Actor & { kind: 'member' } => ({
  ...{ kind: 'member', id: people[who], role: roles[who], workspaceId: records.workspace.id },
})
const readerOf = (who: Who): Reader => ({
  ...{ workspaceId: records.workspace.id, userId: people[who] },
  ...{ manages: roles[who] !== 'member', owns: roles[who] === 'owner' },
})

/** What this person's inbox names, the most urgent first, read in pages of two. */
async function inboxOf(who: Who, filter?: InboxFilter): Promise<string[]> {
  const { db } = records.world
  const asked = { reader: readerOf(who), filter, now: records.calendar.now() }
  const named: string[] = []
  for (let page = await inboxPage(db, asked, {}, 2); ; ) {
    const items = await readItems(db, { ...asked, role: roles[who] }, page.entries)
    named.push(...items.map(nameOf))
    const after = page.entries.at(-1)?.edge
    if (!page.more || !after) return named
    page = await inboxPage(db, asked, { after }, 2)
  }
}

function nameOf(item: Item): string {
  if (item.about === 'alert') return `${item.alert.kind} ${item.alert.key.name}`
  if (item.about === 'request' || item.about === 'own-request')
    return `${item.about} ${item.request.draft.name}`
  if (item.about === 'rotation') return `rotation ${item.rotation.old.name}`
  if (item.about === 'offer') return `offer ${item.key.name}`
  if (item.about === 'review') return `review ${item.asked.counts.open}`
  return item.about
}

const countOf = (who: Who) =>
  countInbox(records.world.db, { reader: readerOf(who), now: records.calendar.now() })

let findings = 0
/** A finding about a key, behind the back of the job that would find it. */
async function finding(keyId: string, severity: string, kind = 'idle'): Promise<string> {
  const now = records.calendar.now()
  const id = `fnd_test${++findings}`
  await records.world.db('findings').insert({
    ...{ id, workspace_id: records.workspace.id, kind, key_id: keyId, step: 'idle', severity },
    ...{ facts: '{"days": 60}', opened_at: now, changed_at: new Date(now.getTime() + findings) },
  })
  return id
}
const target = (findingId: string) => ({
  ...{ workspaceId: records.workspace.id, findingId, random: records.world.random },
})
const draft = (name: string, ownerId: string) => ({
  ...{ name, description: '', integration: '', scopes: ['read'], lifetimeDays: 90, ownerId },
  ...{ allowedNetworks: [], limitPerMinute: null },
})

test('the inbox of a workspace in which nothing is open is empty for everybody', async () => {
  for (const who of ['owner', 'manager', 'member'] as const) {
    expect(await inboxOf(who)).toEqual([])
    expect(await countOf(who)).toEqual({ open: 0, snoozed: 0 })
  }
})

test('each person finds what is open for them, the most urgent first, and nothing of others', async () => {
  const { world, workspace, act } = records
  const daysAgo = (days: number) => new Date(records.calendar.now().getTime() - days * 86_400_000)
  const [idle, leaked, owned] = await plant(world, workspace.id, [
    { name: 'Idle', ownerId: people.member, revealedAt: daysAgo(60) },
    { name: 'Leaked', ownerId: people.manager, revealedAt: daysAgo(60) },
    { name: 'Turned', ownerId: people.member },
  ])
  await finding(idle!, 'notice')
  await finding(leaked!, 'critical', 'unusual-use')
  await act(
    (one) => makeRequest(one, workspace, draft('Wished', people.other), 'Sync', world.random),
    as('other'),
  )
  await act(
    (one) => startRotation(one, workspace, owned!, { reason: 'scheduled' }, world.random),
    as('manager'),
  )
  await act((one) => beginReview(one, workspace, world.random), as('owner'))

  const managed = ['unusual-use Leaked', 'request Wished', 'idle Idle']
  expect((await inboxOf('owner')).filter((one) => !one.startsWith('review'))).toEqual(managed)
  const [critical, warning, ...notices] = await inboxOf('manager')
  expect([critical, warning]).toEqual(managed.slice(0, 2))
  expect(notices.sort()).toEqual(['idle Idle', 'review 1'])
  expect(new Set(await inboxOf('member'))).toEqual(new Set(['idle Idle', 'offer Turned', 'review 1']))
  expect(await inboxOf('other')).toEqual(['own-request Wished'])
  expect(await countOf('member')).toEqual({ open: 3, snoozed: 0 })

  await world.db('rotations').update({ phase: 'safe' })
  expect(await inboxOf('manager', 'rotations')).toEqual(['rotation Turned'])
  expect(await inboxOf('member', 'rotations')).toEqual([])
  await world.db.raw(
    `update outbox set outcome = 'failed', completed_at = put_at, last_error = 'invalid_blocks'
     where seq = (select min(seq) from outbox)`,
  )
  expect(await inboxOf('owner')).toContain('failed')
  expect(await inboxOf('manager')).not.toContain('failed')

  // What is critical for everybody stands before everything else.
  await act((one) => suspendWorkspace(one, workspace), as('owner'))
  for (const who of ['owner', 'manager', 'member', 'other'] as const)
    expect((await inboxOf(who)).slice(0, 2)).toContain('suspended')
})

test('a snoozed alert leaves the inbox and is counted apart; its filter still lists it', async () => {
  const [key] = await plant(records.world, records.workspace.id, [{ name: 'Quiet', ownerId: people.member }])
  const id = await finding(key!, 'warning')
  expect(await inboxOf('member')).toContain('idle Quiet')
  await records.act((one) => snooze(one, target(id), { days: 7, reason: 'Known' }), as('manager'))
  for (const who of ['member', 'manager'] as const) {
    expect(await inboxOf(who)).not.toContain('idle Quiet')
    expect(await inboxOf(who, 'snoozed')).toEqual(['idle Quiet'])
    expect((await countOf(who)).snoozed).toBe(1)
  }
})

const messagesTo = async (userId: string, findingId: string): Promise<string[]> => {
  const rows = await records.world
    .db('outbox')
    .where({ source: 'finding', item_id: findingId, destination: `dm:${userId}` })
    .orderBy('seq')
  return rows.map((row: { step: string }) => row.step.split(':')[0]!)
}

test('an alert that is assigned reaches its person in a direct message and in their inbox, whatever their role', async () => {
  const [key] = await plant(records.world, records.workspace.id, [
    { name: 'Handed', ownerId: people.manager },
  ])
  const id = await finding(key!, 'warning')
  expect(await inboxOf('other')).not.toContain('idle Handed')
  await records.act((one) => assign(one, target(id), people.other), as('manager'))
  expect(await messagesTo(people.other, id)).toEqual(['assigned'])
  expect(await inboxOf('other')).toContain('idle Handed')
  expect(await inboxOf('other', 'assigned')).toEqual(['idle Handed'])
})

test('one person at most is on an alert: it is taken on, handed over and let go', async () => {
  const [key] = await plant(records.world, records.workspace.id, [
    { name: 'Passed', ownerId: people.manager },
  ])
  const id = await finding(key!, 'warning')
  const who = async () => {
    const row = await records.world.db('findings').where({ id }).first('acknowledged_by', 'assigned_to')
    return [row.acknowledged_by, row.assigned_to]
  }
  const refused = (work: Parameters<Records['act']>[0], by: Who) =>
    records.act(work, as(by)).then(
      () => 'done',
      (error: Error) => error.message,
    )

  expect(await refused((one) => acknowledge(one, target(id)), 'other')).toContain('No such key here.')
  await records.act((one) => acknowledge(one, target(id)), as('manager'))
  expect(await who()).toEqual([people.manager, null])
  await records.act((one) => assign(one, target(id), people.other), as('manager'))
  expect(await who()).toEqual([null, people.other])
  await records.act((one) => acknowledge(one, target(id)), as('other'))
  expect(await who()).toEqual([people.other, null])
  await records.act((one) => letGo(one, target(id)), as('other'))
  expect(await who()).toEqual([null, null])
  expect(await refused((one) => letGo(one, target(id)), 'manager')).toContain('Nobody is on it.')
  await records.act((one) => assign(one, target(id), people.other), as('manager'))
  expect(await refused((one) => letGo(one, target(id)), 'member')).toContain('No such key here.')
  // A manager takes it off whoever has it, who reads so.
  await records.act((one) => letGo(one, target(id)), as('owner'))
  expect(await messagesTo(people.other, id)).toContain('let-go')
  expect(await inboxOf('other', 'assigned')).not.toContain('idle Passed')
})
