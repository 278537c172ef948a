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

test('with the watchdog alone, through a night, every job runs within the lateness that the timetable allows it', async () => {
  const startedAt = new Map<string, number[]>(timetable.map(({ name }) => [name, []]))
  let now = Date.parse('2027-03-09T02:00:00Z')
  const world = { ...records.world, clock: { now: () => new Date(now) } }
  const noted: Job[] = timetable.map((job) => ({
    ...job,
    run: async () => void startedAt.get(job.name)!.push(now),
  }))
  const context = { world } as unknown as JobContext
  // As left by a worker that ran everything at that moment. The watchdog looks as each minute begins.
  await world.db('job_runs').insert(
    timetable.map(({ name, lateSeconds }) => ({
      ...{ job: name, fence: 1, late_seconds: lateSeconds },
      ...{ started_at: new Date(now), finished_at: new Date(now), next_due_at: new Date(now) },
    })),
  )
  const latest = new Map<string, number>()
  for (const end = now + 3 * 3_600_000; now < end; now += 60_000) {
    for (const { job, lateSeconds } of await lateness(noted, world))
      latest.set(job.name, Math.max(lateSeconds, latest.get(job.name) ?? 0))
    await runOverdue(noted, context)
  }
  const never = timetable.filter(({ name }) => startedAt.get(name)!.length === 0)
  expect(never).toEqual([])
  const tooLate = timetable.filter(({ name, lateSeconds }) => latest.get(name)! > lateSeconds)
  expect(tooLate.map(({ name }) => [name, latest.get(name)])).toEqual([])
  expect(latest.get('expiring-keys')).toBe(120)
})
