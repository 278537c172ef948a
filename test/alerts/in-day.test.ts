import { afterAll, beforeAll, expect, test } from 'vitest'
import { said } from '../../sandbox/acting.ts'
import { readAlerts, readGroup } from '../../src/alerts/finding-source.ts'
import type { Kind, Resolution } from '../../src/findings/finding.ts'
import { alertMessage } from '../../src/slack/messages/alerts/alert.ts'
import { groupMessage } from '../../src/slack/messages/alerts/group.ts'
import { plant } from '../setup/plant.ts'
import { openRecords, type Records } from '../setup/records.ts'
import { use } from '../setup/use.ts'

let records: Records
let now: Date
const ago = (hours: number) => new Date(now.getTime() - hours * 3_600_000)

beforeAll(async () => {
  records = await openRecords()
  now = records.calendar.now()
})
afterAll(() => records.drop())

/** A key with three requests in the last day and nine before, and an open finding about it. */
async function alertOf(kind: Kind, step: string, more: { resolution?: Resolution; groupId?: string } = {}) {
  const { world, workspace } = records
  const [keyId] = await plant(world, workspace.id, [{ name: `${kind} ${step}`, endsInDays: 7 }])
  await use(world.db, [
    { keyId: keyId!, at: ago(1), requests: 2 },
    { keyId: keyId!, at: ago(23), requests: 1 },
    { keyId: keyId!, at: ago(25), requests: 9 },
  ])
  await world
    .db('key_usage')
    .insert({ key_id: keyId, requests: 12, first_used_at: ago(25), last_used_at: ago(1) })
  const { resolution, groupId } = more
  await world.db('findings').insert({
    ...{ id: `fnd_${keyId}`, workspace_id: workspace.id, kind, key_id: keyId, step, severity: 'warning' },
    ...{ facts: { revealedAt: ago(24 * 90), dueAt: now, days: 60 }, opened_at: now, changed_at: now },
    ...(resolution ? { resolved_at: now, resolution } : {}),
    ...(groupId ? { group_id: groupId } : {}),
  })
  return (await readAlerts(world.db, [`fnd_${keyId}`], now)).get(`fnd_${keyId}`)!
}

const words = async (...about: Parameters<typeof alertOf>) =>
  said(alertMessage(await alertOf(...about), { mentions: [], isDirect: false }).blocks)

test('an alert about a key that will end, or is due for rotation, says what it did in the 24 hours before', async () => {
  expect(await words('expiring', '7d')).toMatch(/stops working on .*\. 3 requests in the 24 hours before /)
  expect(await words('rotation-due', 'warn')).toMatch(/created on .*\. 3 requests in the 24 hours before /)
  expect(await words('rotation-due', 'overdue-2')).toMatch(
    /2 weeks overdue .* 3 requests in the 24 hours before /,
  )
})

test('a key that nobody used since then is shown as such, so that its end hurts nobody', async () => {
  const alert = await alertOf('expiring', '3d')
  const later = new Date(now.getTime() + 48 * 3_600_000)
  const quiet = (await readAlerts(records.world.db, [alert.findingId], later)).get(alert.findingId)!
  expect(said(alertMessage(quiet, { mentions: [], isDirect: false }).blocks)).toContain(
    'No request in the 24 hours before',
  )
})

test('where a key has ended, or is silent anyway, nothing is said of the last day', async () => {
  expect(await words('expiring', 'expired')).not.toContain('in the 24 hours')
  expect(await words('idle', 'open')).not.toContain('in the 24 hours')
  const resolution = { what: 'rotated', by: 'U0ADA00001', at: now.toISOString() } as const
  expect(await words('expiring', '1d', { resolution })).not.toContain('in the 24 hours')
})

test('an alert that a rotation has closed says who started it, and not that the key is rotated', async () => {
  const resolution = { what: 'rotated', by: 'U0ADA00001', at: now.toISOString() } as const
  expect(await words('rotation-due', 'overdue-3', { resolution })).toMatch(/U0ADA00001 started to rotate /)
})

test('in a message that many share each key has its own figure', async () => {
  const { world, workspace } = records
  await world
    .db('finding_groups')
    .insert({ id: 'grp_1', workspace_id: workspace.id, kind: 'expiring', day: '2027-01-01', opened_at: now })
  await alertOf('expiring', '30d', { groupId: 'grp_1' })
  await alertOf('expiring', '14d', { groupId: 'grp_1' })
  const message = said(groupMessage(await readGroup(world.db, 'grp_1', now)).blocks)
  expect(message.match(/3 in the 24 hours before [^,]+, 12 requests, last used/g)).toHaveLength(2)
})
