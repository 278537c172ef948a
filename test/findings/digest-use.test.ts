import { Temporal } from 'temporal-polyfill'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { weekOfUse } from '../../src/findings/digest-use.ts'
import { rollUp } from '../../src/usage/roll-up.ts'
import { plant } from '../setup/plant.ts'
import { openRecords, type Records } from '../setup/records.ts'
import { type Use, use } from '../setup/use.ts'

/** The Monday after the one Sunday of spring that has 23 hours in Berlin. */
const monday = '2027-03-29'
const hourMs = 3_600_000
const names = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']

let records: Records
let uses: (Use & { requests: number })[]
let failures: Use[]
beforeAll(async () => {
  records = await openRecords()
  const [crm, etl, idle] = await plant(
    records.world,
    records.workspace.id,
    ['Salesforce CRM', 'Warehouse ETL', 'Never'].map((name) => ({ name })),
  )
  expect(idle).toBeDefined()
  const from = Date.parse('2027-03-14T00:00:00Z')
  uses = Array.from({ length: 16 * 24 * 2 }, (_, i) => ({
    keyId: [crm!, crm!, etl!][i % 3]!,
    at: new Date(from + (i * hourMs) / 2),
    endpoint: i % 2 ? 'GET /v1/contacts' : 'other',
    requests: 1 + (i % 7),
    refused: i % 11 === 0,
  }))
  failures = Array.from({ length: 60 }, (_, i) => ({
    keyId: crm!,
    at: new Date(from + i * 6 * hourMs),
    outcomes: 1,
    status: 5,
  }))
  await use(records.world.db, [...uses, ...failures])
})
afterAll(() => records.drop())

/** The same week, counted without the product. */
function counted(timeZone: string) {
  const dayOf = (at: Date) =>
    Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(timeZone).toPlainDate()
  const daysBefore = (at: Date) => dayOf(at).until(Temporal.PlainDate.from(monday)).days
  const sum = (some: typeof uses) => some.reduce((all, one) => all + one.requests, 0)
  const week = uses.filter(({ at }) => daysBefore(at) >= 1 && daysBefore(at) <= 7)
  const days = names.map((name, i) => {
    const ofDay = week.filter(({ at }) => daysBefore(at) === 7 - i)
    const refused = sum(ofDay.filter((one) => 'refused' in one && one.refused))
    const failed = failures.filter(({ at }) => daysBefore(at) === 7 - i).length
    return { name, ok: sum(ofDay) - refused - failed, refused, failed }
  })
  const before = uses.filter(({ at }) => daysBefore(at) >= 8 && daysBefore(at) <= 14)
  return { requests: sum(week), before: sum(before), keysUsed: 2, days }
}

test.each(['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata'])(
  'a digest has the days from Monday to Sunday as clocks in %s have them, summed up or not',
  async (timeZone) => {
    const workspace = { ...records.workspace, policy: { ...records.workspace.policy, timeZone } }
    const week = () => weekOfUse(records.world.db, workspace, monday)
    const expected = counted(timeZone)
    expect(await week()).toMatchObject(expected)
    await rollUp(records.world.db, new Date('2027-03-27T10:17:00Z'))
    expect(await week()).toMatchObject(expected)
    await rollUp(records.world.db, new Date('2027-03-30T00:17:00Z'))
    expect(await week()).toMatchObject(expected)
    expect((await week()).top.map(({ name }) => name)).toEqual(['Salesforce CRM', 'Warehouse ETL'])
  },
)

test('a week in which no key was used has seven days of nothing', async () => {
  const week = await weekOfUse(records.world.db, records.workspace, '2026-03-30')
  expect(week).toMatchObject({ requests: 0, before: 0, keysUsed: 0, top: [] })
  expect(week.days.map(({ ok, refused, failed }) => ok + refused + failed)).toEqual([0, 0, 0, 0, 0, 0, 0])
})
