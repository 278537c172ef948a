import { CronExpressionParser } from 'cron-parser'
import { Temporal } from 'temporal-polyfill'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runUnderClaim } from '../../jobs/engine/claim.ts'
import type { Job } from '../../jobs/engine/job.ts'
import { runOverdue } from '../../jobs/engine/watchdog.ts'
import { timetable } from '../../jobs/timetable.ts'
import { addWorkspace } from '../../src/workspaces/workspace.ts'
import { plant } from '../setup/plant.ts'
import { openRecords, type Records } from '../setup/records.ts'
import { type Expected, endOf, expectedOf, instant, type YearKey } from './year/expected.ts'

const zones = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe']
const begin = Date.parse('2027-10-01T00:00:00Z')
const end = Date.parse('2028-10-01T00:00:00Z')
const minuteMs = 60_000

/** Ends on leap day, in the hour that daylight saving skips, in the one it repeats, and on ordinary days. */
const lives: Omit<YearKey, 'name' | 'zone'>[] = [
  { revealed: '2027-10-12T09:30', lifetimeDays: 30, used: 'always' },
  { revealed: '2027-12-01T02:30', lifetimeDays: 90, used: 'always' },
  { revealed: '2027-12-27T02:30', lifetimeDays: 90, used: 'always' },
  { revealed: '2028-01-07T02:15', lifetimeDays: 86, used: 'always' },
  { revealed: '2028-02-22T23:59', lifetimeDays: 7, used: 'always' },
  { revealed: '2028-02-15T12:00', lifetimeDays: 14, used: 'always' },
  { revealed: '2028-04-03T08:00', lifetimeDays: 2, used: 'always' },
  { revealed: '2027-11-30T10:00', lifetimeDays: 140, used: 'always' },
  { revealed: '2027-12-15T02:30', used: 'always', revoked: '2028-05-02T12:00' },
  { revealed: '2028-02-29T01:45', scopes: ['write'], used: 'always', revoked: '2028-06-20T12:00' },
  { revealed: '2028-02-29T16:20', lifetimeDays: 45 },
  { revealed: '2028-01-20T08:00', lifetimeDays: 85, used: '2028-02-10T17:05' },
]

const keys: YearKey[] = zones.flatMap((zone) =>
  lives.map((life, i) => ({ ...life, zone, name: `${zone} ${i}` })),
)
const expected = keys.flatMap((key) => expectedOf(key, end))
const jobs: Record<string, Job> = {
  expiring: jobNamed('expiring-keys'),
  'rotation-due': jobNamed('rotation-due'),
  idle: jobNamed('idle-keys'),
  'write-without-expiry': jobNamed('write-without-expiry'),
}

function jobNamed(name: string): Job {
  return timetable.find((job) => job.name === name)!
}

let records: Records
let now = begin
beforeAll(async () => {
  records = await openRecords()
})
afterAll(() => records.drop())

/** A small generator with a seed, so that a year that fails can be lived again. */
function chanceFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** Runs of a job around a moment: the last before it and the first after it. */
function runsAround(job: Job, at: number): number[] {
  const cron = CronExpressionParser.parse(job.cron, { currentDate: new Date(at - 1), tz: job.timeZone })
  const after = cron.next().getTime()
  cron.reset(new Date(at))
  return [cron.prev().getTime(), after]
}

type Moment = { at: number; what: () => Promise<unknown> }

test('in a year with leap day and daylight saving in three zones, every threshold warns once, never early, never late', async () => {
  const seed = 20_280_229
  const chance = chanceFrom(seed)
  const context = {
    world: { ...records.world, clock: { now: () => new Date(now) } },
    deliver: async () => undefined,
  }
  const workspaces = new Map<string, string>()
  for (const zone of zones) {
    const wanted = { name: zone, policy: { timeZone: zone, maximumLifetimeDays: 3650 } }
    const made = await records.act((act) =>
      addWorkspace(act, records.workspace.accountId, wanted, records.world.random),
    )
    workspaces.set(zone, made.id)
  }
  const moments = [...keys.flatMap(lifeOf), ...runs()].sort((a, b) => a.at - b.at)
  for (const moment of moments) {
    now = moment.at
    await moment.what()
  }

  const notified = await tellings()
  const name = (one: Expected) => `${one.key} ${one.kind} ${one.step}`
  expect(notified.map(name).sort(), `seed ${seed}`).toEqual(expected.map(name).sort())
  const due = new Map(expected.map((one) => [name(one), one.at]))
  for (const one of notified) {
    const lateSeconds = (one.at - due.get(name(one))!) / 1000
    expect(lateSeconds, `${name(one)} is early`).toBeGreaterThanOrEqual(0)
    expect(lateSeconds, `${name(one)} is late`).toBeLessThanOrEqual(latestSeconds(jobs[one.kind]!))
  }
  expect(notified.length).toBeGreaterThan(200)

  /** Between two runs, and as late as the job may be. */
  function latestSeconds(job: Job): number {
    const [before, after] = runsAround(job, begin + 1)
    return (after! - before!) / 1000 + job.lateSeconds
  }

  function lifeOf(key: YearKey): Moment[] {
    const at = instant(key.zone, key.revealed)
    const made = async () => {
      const [id] = await plant(context.world, workspaces.get(key.zone)!, [
        {
          name: key.name,
          revealedAt: new Date(at),
          scopes: key.scopes ?? ['read'],
          ...(key.lifetimeDays ? { lifetimeDays: key.lifetimeDays, expiresAt: new Date(endOf(key)!) } : {}),
        },
      ])
      const last = key.used === 'always' ? end : key.used && instant(key.zone, key.used)
      if (last)
        await records.world.db('key_usage').insert({
          key_id: id,
          requests: 9,
          first_used_at: new Date(at),
          last_used_at: new Date(last),
        })
    }
    const revoked = key.revoked && {
      at: instant(key.zone, key.revoked),
      what: () =>
        records.world
          .db('keys')
          .where({ name: key.name })
          .update({ status: 'revoked', status_changed_at: new Date(now) }),
    }
    return [{ at, what: made }, ...(revoked ? [revoked] : [])]
  }

  /** Only runs around a threshold matter; one in four falls into a restart and is the watchdog's a while later. */
  function runs(): Moment[] {
    const wanted = new Map<string, { job: Job; at: number }>()
    for (const one of expected)
      for (const at of runsAround(jobs[one.kind]!, one.at))
        wanted.set(`${one.kind} ${at}`, { job: jobs[one.kind]!, at })
    return [...wanted.values()].flatMap(({ job, at }): Moment[] => {
      if (chance() >= 0.25) return [{ at, what: () => runUnderClaim(job, context) }]
      const restartMs = chance() * 20_000
      const checks = Math.ceil(job.lateSeconds / 60)
      return Array.from({ length: checks }, (_, i) => ({
        at: Math.floor((at + restartMs) / minuteMs) * minuteMs + (i + 1) * minuteMs,
        what: () => runOverdue([job], context),
      }))
    })
  }
})

test('what can wait is held until the quiet hours are over, by the wall clock of its zone', async () => {
  const messages = await records.world
    .db('outbox')
    .join('findings', 'findings.id', 'item_id')
    .join('workspaces', 'workspaces.id', 'outbox.workspace_id')
    .whereNot('outbox.step', 'resolved')
    .select('put_at', 'not_before', 'workspaces.name as zone', 'outbox.step')
  let held = 0
  for (const { put_at, not_before, zone, step } of messages) {
    if (step === '1d' || step === 'expired') {
      expect(not_before).toBeNull()
      continue
    }
    const from = Temporal.Instant.fromEpochMilliseconds((not_before ?? put_at).getTime())
    const { hour, minute } = from.toZonedDateTimeISO(zone)
    if (not_before) expect([hour, minute]).toEqual([8, 0])
    else expect(hour >= 8 && hour < 20, `${step} at ${from} in ${zone}`).toBe(true)
    if (not_before) held++
  }
  expect(held).toBeGreaterThan(20)
})

async function tellings(): Promise<Expected[]> {
  const rows = await records.world
    .db('outbox')
    .join('findings', 'findings.id', 'item_id')
    .join('keys', 'keys.id', 'key_id')
    .whereNot('outbox.step', 'resolved')
    .select('name', 'kind', 'outbox.step', 'put_at')
  return rows.map((row) => ({ key: row.name, kind: row.kind, step: row.step, at: row.put_at.getTime() }))
}
