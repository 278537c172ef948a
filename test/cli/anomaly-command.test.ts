import { afterAll, beforeAll, expect, test } from 'vitest'
import { openRecords, type Records } from '../setup/records.ts'
import { shell } from '../setup/shell.ts'
import { office, plantTraffic } from '../watch/traffic.ts'

const dayMs = 86_400_000
/** The shell lives in real time. */
const today = new Date(Math.floor(Date.now() / dayMs) * dayMs)
const daysAgo = (days: number, hours = 0) => new Date(today.getTime() - days * dayMs + hours * 3_600_000)
const day = (at: Date) => at.toISOString().slice(0, 10)

let records: Records
let env: Record<string, string>
let id: string
beforeAll(async () => {
  records = await openRecords()
  env = { DATABASE_URL: records.database.url }
  const { key } = await records.key({ name: 'Nightly export' })
  id = key.id
  await records.key({ name: 'Never used' })
  // Four weeks of office hours, and on the day before yesterday forty minutes of something else.
  const [from, until] = [daysAgo(2, 10), daysAgo(2, 10.67)]
  await plantTraffic(records.world.db, id, daysAgo(30), today, (minute, at, poisson) =>
    at >= from && at < until ? 2_000 : poisson(office(60)(minute)),
  )
})
afterAll(() => records.drop())

const replay = (...args: string[]) => shell(['anomaly', 'replay', ...args], env)
const throughYesterday = ['--to', daysAgo(0).toISOString()]

test('an operator sees when a key was strange, what would have been alerted, and why', async () => {
  const seen = await replay('Nightly export', '--from', day(daysAgo(3)), ...throughYesterday)
  expect(seen).toMatchObject({ code: 0, err: '' })
  const [heading, first] = seen.out.split('\n')
  expect(heading).toMatch(/^from \(UTC\) +until +reason +score +said +why$/)
  expect(first).toMatch(
    new RegExp(
      `^${day(daysAgo(2))} 10:00 +${day(daysAgo(2))} 1\\d:\\d\\d +spike +[\\d.]+ +alert +2000 in five minutes; busiest in 2\\d days \\d\\d`,
    ),
  )
  expect(seen.out.match(/ alert /g)).toHaveLength(1)
})

test('the same as JSON has the numbers that decided', async () => {
  const seen = await replay(
    'Nightly export',
    '--from',
    day(daysAgo(3)),
    ...throughYesterday,
    '--format',
    'json',
  )
  const { found, ...about } = JSON.parse(seen.out)
  expect(about).toEqual({
    keyId: id,
    name: 'Nightly export',
    from: daysAgo(3).toISOString(),
    to: today.toISOString(),
  })
  expect(found.filter((one: { alerted: boolean }) => one.alerted)).toMatchObject([
    { from: daysAgo(2, 10).toISOString(), reason: 'spike', expected: false, figures: { count: 2_000 } },
  ])
  expect(found[0].score).toBeGreaterThan(1)
})

test('a quiet time says so, on the side where words belong', async () => {
  const seen = await replay('Nightly export', '--from', day(daysAgo(5)), '--to', day(daysAgo(4)))
  expect(seen).toEqual({
    code: 0,
    out: '',
    err: `Nightly export: nothing strange between ${day(daysAgo(5))} 00:00 and ${day(daysAgo(3))} 00:00 UTC.\n`,
  })
})

test('what somebody called expected is shown, and would not have been alerted', async () => {
  const { db } = records.world
  await db('anomaly_expectations').insert({
    ...{
      id: 'exp_1',
      key_id: id,
      kind: 'once',
      reason: 'spike',
      declared_by: 'U0ADA00001',
      declared_at: today,
    },
    ...{ from_at: daysAgo(2, 10), until_at: daysAgo(1, 10) },
  })
  const seen = await replay('Nightly export', '--from', day(daysAgo(3)), ...throughYesterday)
  await db('anomaly_expectations').delete()
  expect(seen.out).toMatch(/10:00 .* spike .* expected /)
  expect(seen.out).not.toMatch(/ alert /)
})

test('an unknown key, a day that is none and times that hold nothing are each named', async () => {
  const misspelt = await replay('Nightly exprot')
  const unused = await replay('Never used')
  const noDay = await replay('Nightly export', '--from', '2026-02-30')
  const turned = await replay('Nightly export', '--from', day(daysAgo(2)), '--to', day(daysAgo(4)))
  const early = await replay('Nightly export', '--from', day(daysAgo(50)))
  const late = await replay('Nightly export', '--from', day(daysAgo(-3)))
  expect(misspelt).toMatchObject({ code: 1, out: '' })
  expect(misspelt.err).toBe('No key is called Nightly exprot in Platform. Did you mean Nightly export?\n')
  expect(unused).toMatchObject({ code: 1, out: '' })
  expect(unused.err).toMatch(
    /^Never used was not used in the weeks before .* UTC: there is nothing to replay\.\n$/,
  )
  expect(noDay).toMatchObject({ code: 2, err: expect.stringContaining('Write a day as 2026-03-01') })
  expect(turned).toMatchObject({ code: 1, out: '' })
  expect(turned.err).toBe(
    `--from ${day(daysAgo(2))} 00:00 is not before --to ${day(daysAgo(3))} 00:00 UTC. Give an earlier --from.\n`,
  )
  expect(early.code).toBe(1)
  expect(early.err).toMatch(/^Five minutes of use are kept for 35 days\. Give a --from after .* UTC\.\n$/)
  expect(late.code).toBe(1)
  expect(late.err).toBe(`Nothing has happened yet since ${day(daysAgo(-3))} 00:00 UTC.\n`)
})
