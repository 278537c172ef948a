import { CronExpressionParser } from 'cron-parser'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Job, JobContext } from '../../jobs/engine/job.ts'
import { lateness, runOverdue } from '../../jobs/engine/watchdog.ts'
import { timetable } from '../../jobs/timetable.ts'
import { openRecords, type Records } from '../setup/records.ts'

let records: Records
beforeAll(async () => {
  records = await openRecords()
})
afterAll(() => records.drop())

test('with the watchdog alone, through a night, no job is a minute late, nor later than the timetable allows', async () => {
  const startedAt = new Map<string, number[]>(timetable.map(({ name }) => [name, []]))
  let now = Date.parse('2027-03-09T02:20:00Z')
  const world = { ...records.world, clock: { now: () => new Date(now) } }
  const noted: Job[] = timetable.map((job) => ({
    ...job,
    run: async () => void startedAt.get(job.name)!.push(now),
  }))
  const context = { world } as unknown as JobContext
  // As left by a worker that ran everything at that moment. The watchdog looks twice a minute.
  await world.db('job_runs').insert(
    timetable.map(({ name, lateSeconds }) => ({
      ...{ job: name, fence: 1, late_seconds: lateSeconds },
      ...{ started_at: new Date(now), finished_at: new Date(now), next_due_at: new Date(now) },
    })),
  )
  const latest = new Map<string, number>()
  for (const end = now + 85 * 60_000; now < end; now += 30_000) {
    for (const { job, lateSeconds } of await lateness(noted, world))
      latest.set(job.name, Math.max(lateSeconds, latest.get(job.name) ?? 0))
    await runOverdue(noted, context)
  }
  const never = timetable.filter(({ name }) => startedAt.get(name)!.length === 0)
  expect(never).toEqual([])
  const tooLate = timetable.filter(({ name, lateSeconds }) => latest.get(name)! > lateSeconds)
  expect(tooLate.map(({ name }) => [name, latest.get(name)])).toEqual([])
  expect(Math.max(...latest.values())).toBe(55)
  const gaps = timetable.map(({ name, cron }) => {
    const times = startedAt.get(name)!
    const gap = Math.max(...times.slice(1).map((at, i) => at - times[i]!)) / 1_000
    return { name, gap, allowed: periodSeconds(cron) + 60 }
  })
  expect(gaps.filter(({ gap, allowed }) => gap > allowed)).toEqual([])
})

/** The longest time between two times of a schedule. */
function periodSeconds(cron: string): number {
  const times = CronExpressionParser.parse(cron, { currentDate: new Date('2027-03-09T02:00:00Z'), tz: 'UTC' })
  const first = Array.from({ length: 500 }, () => times.next().toDate().getTime())
  return Math.max(...first.slice(1).map((at, i) => at - first[i]!)) / 1_000
}
