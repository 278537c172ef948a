import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LeakedFacts, leaked } from '../../src/findings/leaked.ts'
import { quarantineFromAlert } from '../../src/findings/quarantine.ts'
import { reconcile } from '../../src/findings/reconcile.ts'
import { transact } from '../../src/foundation/database.ts'
import { activate, revoke } from '../../src/keys/state.ts'
import { executeLeaks } from '../../src/leaks/act.ts'
import { takeReport } from '../../src/leaks/report.ts'
import { forgetReports } from '../../src/leaks/retention.ts'
import { plant } from '../setup/plant.ts'
import { openRecords, type Records } from '../setup/records.ts'
import { plantSource } from '../watch/traffic.ts'

let records: Records
beforeAll(async () => {
  records = await openRecords()
})
afterAll(() => records.drop())

let reports = 0
async function report(keyId: string, more: { where?: string; hash?: Buffer } = {}): Promise<void> {
  const { where = 'a gist', hash } = more
  const found = [hash ? { hash, where } : { keyId, where }]
  const about = { evidence: 'person' as const, reporter: records.owner.id, reference: `r${++reports}`, found }
  await records.act((act) =>
    takeReport(act, { accountId: records.workspace.accountId, ...about }, records.world.random),
  )
}

const ask = () =>
  transact(records.world.db, (trx) =>
    reconcile(trx, leaked, records.workspace, records.world.clock.now(), records.world.random),
  )
const openOf = async (keyId: string) =>
  records.world.db('findings').where({ kind: 'leaked', key_id: keyId }).whereNull('resolved_at').first()

const tokenOf = (n: number) => Buffer.alloc(32, n)

test('a leaked key is alerted once for a report, and again each time that its reports have doubled', async () => {
  const [id] = await plant(records.world, records.workspace.id, [{ name: 'Often', tokenHash: tokenOf(1) }])
  const messages: unknown[] = []
  for (let n = 1; n <= 8; n++) {
    await report(id!, { where: `place ${n}`, hash: tokenOf(1) })
    messages.push(await ask())
    records.calendar.advance({ days: 0, minutes: 1 })
  }
  expect(messages).toEqual([1, 1, 0, 1, 0, 0, 0, 1])
  const { facts, severity, step } = (await openOf(id!))!
  expect([severity, step]).toEqual(['critical', 'reported-3'])
  expect((facts as LeakedFacts).places.map(({ where }) => where)).toEqual(['place 8', 'place 7', 'place 6'])
})

test('the alert never waits out quiet hours', async () => {
  const waiting = await records.world.db('outbox').where({ source: 'finding' }).whereNotNull('not_before')
  expect(waiting).toEqual([])
})

test('it shows the use of the 48 hours before the report, the busiest source first, and no later use', async () => {
  const { db, clock } = records.world
  const [id] = await plant(records.world, records.workspace.id, [{ name: 'Used', tokenHash: tokenOf(2) }])
  const now = clock.now()
  const ago = (hours: number) => new Date(now.getTime() - hours * 3_600_000)
  await plantSource(db, id!, ago(60), { network: '192.0.2.0/24', requests: 500 })
  await plantSource(db, id!, ago(30), { network: '198.51.100.0/24', requests: 20 })
  await plantSource(db, id!, ago(2), { network: '203.0.113.0/24', requests: 70 })
  await report(id!, { hash: tokenOf(2) })
  await ask()
  const before = (await openOf(id!))!.facts as LeakedFacts
  expect(before.use).toMatchObject({ requests: 90, more: 0 })
  expect(before.use.sources.map(({ network, requests }) => [network, requests])).toEqual([
    ['203.0.113.0/24', 70],
    ['198.51.100.0/24', 20],
  ])
  records.calendar.advance({ days: 0, minutes: 180 })
  await plantSource(db, id!, clock.now(), { network: '203.0.113.0/24', requests: 9 })
  await ask()
  expect(((await openOf(id!))!.facts as LeakedFacts).use).toEqual(before.use)
})

test('a quarantine keeps the alert open, an activation does not end it, and a revoke resolves it', async () => {
  const [id] = await plant(records.world, records.workspace.id, [{ name: 'Stopped', tokenHash: tokenOf(3) }])
  await report(id!, { hash: tokenOf(3) })
  await ask()
  const findingId = (await openOf(id!))!.id
  const { workspace } = records
  await records.act((act) => quarantineFromAlert(act, { workspaceId: workspace.id, findingId }))
  await ask()
  expect((await openOf(id!))!.facts.ended).toMatchObject({ how: 'deactivated', by: records.owner.id })
  await records.act((act) => activate(act, workspace.id, id!))
  await ask()
  expect((await openOf(id!))!.facts.ended).toBeUndefined()
  await records.act((act) => revoke(act, workspace.id, id!))
  await ask()
  const resolved = await records.world.db('findings').where({ id: findingId }).first()
  expect(resolved.resolution).toMatchObject({ what: 'revoked', by: records.owner.id })
})

test('a key that has another token by now, has expired or was revoked before is not alerted', async () => {
  const now = records.world.clock.now()
  const ids = await plant(records.world, records.workspace.id, [
    { name: 'Replaced', tokenHash: tokenOf(4) },
    { name: 'Expired', tokenHash: tokenOf(5), expiresAt: new Date(now.getTime() - 1) },
    { name: 'Revoked', tokenHash: tokenOf(6), status: 'revoked' },
  ])
  for (const [n, id] of ids.entries()) await report(id, { hash: tokenOf(4 + n) })
  await records.world
    .db('keys')
    .where({ id: ids[0] })
    .update({ token_hash: tokenOf(7) })
  await ask()
  for (const id of ids) expect(await openOf(id)).toBeUndefined()
})

test('what policy revoked is shown for a day, and then resolved', async () => {
  const { world, workspace } = records
  const policy = JSON.stringify({ leaked: { person: { read: 'revoke' }, scanner: {}, pasted: {} } })
  await world.db('workspaces').where({ id: workspace.id }).update({ policy })
  const [id] = await plant(world, workspace.id, [{ name: 'Ended', tokenHash: tokenOf(8) }])
  await report(id!, { hash: tokenOf(8) })
  await executeLeaks(world)
  await ask()
  expect((await openOf(id!))!.facts.ended).toMatchObject({ how: 'revoked', by: 'job:leaks' })
  records.calendar.advance({ days: 1, minutes: 1 })
  await ask()
  expect(await openOf(id!)).toBeUndefined()
})

test('a rotation that is refused leaves the key in quarantine, and one that fails holds up no other', async () => {
  const { world, workspace } = records
  const policy = JSON.stringify({ leaked: { person: { read: 'rotate', write: 'quarantine' } } })
  await world
    .db('workspaces')
    .where({ id: workspace.id })
    .update({
      policy: JSON.stringify({
        ...JSON.parse(policy),
        leaked: { ...JSON.parse(policy).leaked, scanner: {}, pasted: {} },
      }),
    })
  const ids = await plant(world, workspace.id, [
    { name: 'A', tokenHash: tokenOf(9), scopes: ['write'] },
    { name: 'B', tokenHash: tokenOf(10) },
  ])
  for (const [n, id] of ids.entries()) await report(id, { hash: tokenOf(9 + n) })
  await executeLeaks(world)
  expect(await world.db('leaks').whereIn('key_id', ids).orderBy('did').pluck('did')).toEqual([
    'quarantine',
    'rotate',
  ])
  expect(await executeLeaks(world)).toBe(0)
})

test('reports are kept for 90 days, and as long as the token of a live key was in one', async () => {
  const { world, workspace } = records
  const [id] = await plant(world, workspace.id, [{ name: 'Kept', tokenHash: tokenOf(11) }])
  await report(id!, { hash: tokenOf(11) })
  await report(id!, { hash: Buffer.alloc(32, 99) })
  const of = () =>
    world
      .db('leak_reports')
      .whereIn('reference', [`r${reports}`, `r${reports - 1}`])
      .pluck('reference')
  records.calendar.advance({ days: 89, minutes: 0 })
  await forgetReports(world.db, world.clock.now())
  expect(await of()).toHaveLength(2)
  records.calendar.advance({ days: 2, minutes: 0 })
  await forgetReports(world.db, world.clock.now())
  expect(await of()).toEqual([`r${reports - 1}`])
})
