import { afterAll, beforeAll, expect, test } from 'vitest'
import { incidentsOf } from '../../src/findings/incidents.ts'
import { usagePicture } from '../../src/slack/usage-chart.ts'
import { plant } from '../setup/plant.ts'
import { openRecords, type Records } from '../setup/records.ts'

const minute = 60_000
const dayMs = 86_400_000
let records: Records
let now: Date
let keyId: string
const ago = (days: number) => new Date(now.getTime() - days * dayMs)

beforeAll(async () => {
  records = await openRecords()
  now = records.calendar.now()
  const { world, workspace } = records
  const [key, other] = await plant(world, workspace.id, [{ name: 'Salesforce CRM' }, { name: 'Other' }])
  keyId = key!
  const where = { key_id: keyId, workspace_id: workspace.id }
  await world.db('anomaly_episodes').insert([
    {
      ...{ ...where, reason: 'spike', severity: 'critical', facts: {} },
      ...{ began_at: ago(5), declared_at: ago(5), strange_at: ago(4) },
    },
    {
      ...{ ...where, key_id: other, reason: 'spike', severity: 'notice', facts: {} },
      ...{ began_at: ago(2), declared_at: ago(2), strange_at: ago(2) },
    },
  ])
  const finding = (kind: string, opened: number, resolved?: number) => ({
    ...{ id: `fnd_${kind}`, ...where, kind, step: 'open', severity: 'warning', facts: {} },
    ...{ opened_at: ago(opened), changed_at: ago(opened) },
    ...(resolved === undefined
      ? {}
      : { resolved_at: ago(resolved), resolution: { what: 'apart', by: null, at: '' } }),
  })
  await world
    .db('findings')
    .insert([
      finding('shared-key', 3, 2),
      finding('dead-key-in-use', 1),
      finding('idle', 6),
      finding('expiring', 2),
    ])
})
afterAll(() => records.drop())

test('each time in which a key was not used as it should be is an incident, from its first to its last moment', async () => {
  expect(await incidentsOf(records.world.db, keyId, ago(7), now)).toEqual([
    { kind: 'dead-key-in-use', from: ago(1), until: undefined },
    { kind: 'shared-key', from: ago(3), until: ago(2) },
    { kind: 'unusual-use', from: ago(5), until: new Date(ago(4).getTime() + 5 * minute) },
  ])
})

test('what was over before a period, or began after it, is not among its incidents', async () => {
  const kinds = (some: { kind: string }[]) => some.map(({ kind }) => kind)
  expect(kinds(await incidentsOf(records.world.db, keyId, ago(3.5), ago(2.5)))).toEqual(['shared-key'])
  expect(await incidentsOf(records.world.db, keyId, ago(9), ago(8))).toEqual([])
})

test('a picture marks incidents, what people did to the key, and its end', async () => {
  const incidents = await incidentsOf(records.world.db, keyId, ago(7), now)
  const did = (event: string, days: number) => ({ event, at: ago(days) })
  const events = [
    did('key.revealed', 6.5),
    did('key.edited', 6),
    did('key.rotated', 4.5),
    did('rotation.aborted', 3.5),
    did('key.deactivated', 2.5),
    did('key.activated', 1.5),
    did('key.revoked', 0.5),
  ] as unknown as Parameters<typeof usagePicture>[4] extends { events: infer E } | undefined ? E : never
  const soon = new Date(now.getTime() + dayMs)
  const happened = { events, incidents, endsAt: soon }
  const { marks, toMs } = usagePicture([], '7d', { from: ago(7), to: now }, 'UTC', happened)
  expect(marks.map(({ label, tone }) => `${label} ${tone}`)).toEqual([
    ...['Revealed plain', 'Unusual attention', 'Rotated plain', 'Rotation aborted plain', 'Shared attention'],
    ...[
      'Deactivated plain',
      'Activated plain',
      'Still presented attention',
      'Revoked plain',
      'Expires attention',
    ],
  ])
  expect(marks.find(({ label }) => label === 'Still presented')!.untilMs).toBe(now.getTime())
  expect(toMs).toBeGreaterThan(soon.getTime())
  const past = usagePicture([], '7d', { from: ago(7), to: now }, 'UTC', { ...happened, endsAt: ago(0.1) })
  expect(past.marks.at(-1)!.label).toBe('Expired')
})
