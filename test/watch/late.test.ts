import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { readProgress } from '../../src/anomaly/progress.ts'
import { watchUse } from '../../src/anomaly/watch.ts'
import { Counter } from '../../src/usage/counter.ts'
import { type Flusher, startFlushing } from '../../src/usage/flush.ts'
import { type Cable, openCable } from '../faults/lab/cable.ts'
import { plant } from '../setup/plant.ts'
import { openRecords, type Records } from '../setup/records.ts'
import { office, plantTraffic } from './traffic.ts'

let records: Records
let cable: Cable
const dayMs = 86_400_000
/** A Wednesday, 14:00 UTC. */
const start = new Date('2026-11-25T14:00:00Z')
const flushers: Flusher[] = []

beforeAll(async () => {
  records = await openRecords()
  cable = await openCable(records.world.config.databaseUrl)
})
afterAll(async () => {
  await cable.close()
  await records.drop()
})
beforeEach(async () => {
  await records.world.db('usage_counters').delete()
  await records.world.db.raw('truncate anomaly_states, anomaly_progress, anomaly_episodes cascade')
  moveTo(start)
})
afterEach(async () => {
  for (const flusher of flushers.splice(0)) await flusher.stop()
})

const minutes = (n: number) => new Date(start.getTime() + n * 60_000)
/** When the job looks at the five minutes that end then. */
const minuteAfter = (n: number) => new Date(minutes(n).getTime() + 61_000)
function moveTo(at: Date) {
  const { calendar } = records
  calendar.advance({ days: 0, minutes: (at.getTime() - calendar.now().getTime()) / 60_000 })
}

/** One verifier's counter and flusher. */
function verifier(name: string, databaseUrl = records.world.config.databaseUrl) {
  const counter = new Counter()
  const { clock, log } = records.world
  const flusher = startFlushing(counter, { databaseUrl, clock, log, name, counterId: `cnt_${name}` })
  flushers.push(flusher)
  return { counter, flusher }
}

/** A counter with nothing to flush reports only every ten seconds of real time; here it has something. */
async function reportNow({ counter, flusher }: ReturnType<typeof verifier>): Promise<void> {
  counter.count(
    { id: 'key_elsewhere' },
    { endpoint: 'GET /v1/contacts' },
    'VALID',
    records.calendar.now().getTime(),
  )
  await flusher.flush()
}

/** A key that has been used in office hours for a month, until five minutes after the start. */
async function key(name: string): Promise<string> {
  const [id] = await plant(records.world, records.workspace.id, [
    { name, revealedAt: new Date(start.getTime() - 60 * dayMs), lifetimeDays: 90 },
  ])
  const from = new Date(start.getTime() - 30 * dayMs)
  await plantTraffic(records.world.db, id!, from, minutes(5), (minute, _at, poisson) =>
    poisson(office(60)(minute)),
  )
  return id!
}

const countedIn = async (keyId: string, bucket: Date) => {
  const [row] = await records.world.db('usage_buckets').where({ key_id: keyId, bucket }).sum('requests')
  return Number(row!.sum)
}
const stateOf = (keyId: string) => records.world.db('anomaly_states').where({ key_id: keyId }).first()
const watch = (minute: number) => {
  moveTo(minuteAfter(minute))
  return watchUse(records.world)
}

test('counts that come twice, and after their five minutes were stepped, count once, teach as if in time, and are no news', async () => {
  const { db } = records.world
  const [late, prompt] = [await key('Late'), await key('Prompt')]
  const usual = await countedIn(late, start)
  const [cut, whole] = [verifier('cut', cable.url), verifier('whole')]
  await Promise.all([cut.flusher.flush(), whole.flusher.flush()])
  await watch(0)
  const request = cable.hold('flush', 'request')
  moveTo(minutes(2))
  for (const [id, { counter }] of [[late, cut] as const, [prompt, whole] as const]) {
    // One object for the key, as a counter has it: its requests are then one cell, which is merged at once.
    const counted = { id }
    for (let i = 0; i < 3_000; i++)
      counter.count(counted, { endpoint: 'GET /v1/contacts' }, 'VALID', minutes(2).getTime())
  }
  const lost = cut.flusher.flush().catch(() => 'lost')
  await request.reached
  moveTo(minuteAfter(5))
  await reportNow(whole)
  await watch(5)
  expect(await countedIn(late, start)).toBe(usual)
  expect((await stateOf(late)).through).toEqual(minutes(5))
  expect(await readProgress(db)).toMatchObject({ through: minutes(5), doubtFrom: expect.any(Date) })
  expect(await db('anomaly_episodes')).toMatchObject([{ key_id: prompt, reason: 'spike' }])

  // The second attempt arrives, but its answer does not, so that the same flush comes once more.
  const reply = cable.hold('flush', 'reply')
  cable.reset()
  request.release()
  expect(await lost).toBe('lost')
  const unanswered = cut.flusher.flush().catch(() => 'unanswered')
  await reply.reached
  await expect.poll(() => countedIn(late, start)).toBe(usual + 3_000)
  cable.reset()
  expect(await unanswered).toBe('unanswered')
  reply.release()
  moveTo(minuteAfter(10))
  await Promise.all([cut, whole].map(reportNow))
  expect(await countedIn(late, start)).toBe(usual + 3_000)

  await watch(10)
  expect(await stateOf(late)).toMatchObject({ is_doubtful: true })
  moveTo(minuteAfter(15))
  await Promise.all([cut, whole].map(reportNow))
  await watch(15)
  const [lateState, promptState] = [await stateOf(late), await stateOf(prompt)]
  expect(lateState).toMatchObject({ is_doubtful: false, through: minutes(15) })
  expect(Buffer.compare(lateState.state, promptState.state)).toBe(0)
  expect(await readProgress(db)).toEqual({ through: minutes(15), doubtFrom: null })
  expect(await db('anomaly_episodes').pluck('key_id')).toEqual([prompt])
})

test('while no verifier has flushed everything, five minutes wait for their counts, but not longer than ten', async () => {
  const { db } = records.world
  const id = await key('Waits')
  await watch(0)
  await db('usage_counters').insert({
    ...{ counter: 'cnt_stuck', name: 'stuck', flush: 1, through: minutes(3), is_closed: false },
  })
  const stepped: Date[] = []
  for (const minute of [5, 10, 13, 14, 15, 19]) {
    await watch(minute)
    stepped.push((await readProgress(db))!.through)
  }
  expect(stepped).toEqual([0, 0, 0, 5, 5, 10].map(minutes))
  expect((await stateOf(id)).through).toEqual(minutes(5))
})
