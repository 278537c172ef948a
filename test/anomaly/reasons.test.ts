import { expect, test } from 'vitest'
import { loadState, newState } from '../../src/anomaly/detector/state.ts'
import { step } from '../../src/anomaly/detector/step.ts'
import { between, bucketOf, day, hour, live, office } from './traffic.ts'

/** When the strange thing begins: the fourth Wednesday, nine in the morning. */
const start = 23 * day + 9 * hour

test('twenty times the busiest five minutes are a spike at once', () => {
  const { alerts } = live(
    24,
    () => 50,
    (i) => (between(i, start, 6) ? { count: 1000 } : {}),
  )
  expect(alerts).toMatchObject([{ reason: 'spike', index: start }])
})

test('half as much again is no spike', () => {
  const { alerts } = live(
    24,
    () => 50,
    (i) => (between(i, start, 6) ? { count: 90 } : {}),
  )
  expect(alerts).toEqual([])
})

test('half an hour at nearly three times the usual is alerted before it is over, though it never fills an hour', () => {
  const { alerts } = live(
    24,
    () => 50,
    (i) => (between(i, start, 6) ? { count: 145 } : {}),
  )
  expect(alerts).toHaveLength(1)
  expect(alerts[0]!.index - start).toBeLessThan(6)
})

test('a third of an hour at three times the usual may be the beginning of a batch job, also at a time that was busy before', () => {
  const { alerts } = live(
    24,
    () => 50,
    (i) => (between(i, start, 4) ? { count: 150 } : {}),
  )
  expect(alerts).toEqual([])
})

test('an hour and a half at twice the peak may be a batch job and is not alerted', () => {
  const { alerts } = live(
    24,
    () => 100,
    (i) => (between(i, start, 18) ? { count: 210 } : {}),
  )
  expect(alerts).toEqual([])
})

test('the same for six hours is alerted once it has outlasted a batch job', () => {
  const { alerts } = live(
    24,
    () => 100,
    (i) => (between(i, start, 72) ? { count: 210 } : {}),
  )
  expect(alerts).toHaveLength(1)
  expect(alerts[0]!.index - start).toBeGreaterThan(24)
  expect(alerts[0]!.index - start).toBeLessThan(40)
})

test('day-time use at two in the morning is an unusual time', () => {
  const night = 23 * day + 2 * hour
  const { alerts } = live(24, office(100), (i) => (between(i, night, 24) ? { count: 80 } : {}))
  expect(alerts).toMatchObject([{ reason: 'unusual-time' }])
  expect(alerts[0]!.index - night).toBeLessThan(hour)
})

test('the same at one in the afternoon is ordinary', () => {
  const noon = 23 * day + 13 * hour
  const { alerts } = live(24, office(100), (i) => (between(i, noon, 24) ? { count: 80 } : {}))
  expect(alerts).toEqual([])
})

test('slowly twice as much over days is a slow burn', () => {
  const rising = (i: number) => 100 * (i < start ? 1 : 1 + Math.min(1, (i - start) / (2 * day)) * 1.2)
  const { alerts } = live(28, rising)
  expect(alerts[0]).toMatchObject({ reason: 'slow-burn' })
  expect(alerts[0]!.index - start).toBeLessThan(2 * day)
})

test('a key of ten requests in five minutes is as even as one of a hundred: twice as much for days is alerted', () => {
  const { alerts } = live(27, (i) => (i < start ? 10 : 22))
  expect(alerts[0]).toMatchObject({ reason: expect.stringMatching(/busy-hour|slow-burn/) })
  expect(alerts[0]!.index - start).toBeLessThan(day)
})

test('a monthly batch that grew with its key is alerted once, not again after four weeks', () => {
  const growing = (i: number) => 100 * 3 ** (i / (56 * day))
  const batch = (i: number) => (between(i % (28 * day), 10 * day + 9 * hour, 15) ? 8 : 1)
  const { alerts } = live(45, (i) => growing(i) * batch(i))
  expect(alerts.map(({ index }) => Math.floor(index / day))).toEqual([10])
})

test('a new version that asks a third more often is no slow burn', () => {
  const { alerts } = live(30, (i) => (i < start ? 100 : 133))
  expect(alerts).toEqual([])
})

test('hours of quiet use on a key that knows only short runs are new activity', () => {
  const runs = (i: number) => (i % 37 === 0 ? 200 : 0)
  const { alerts } = live(24, runs, (i) => (between(i, start, 24) ? { count: 6 } : {}))
  expect(alerts).toMatchObject([{ reason: 'new-activity' }])
})

/** Two bursts a day of 3 to 11 buckets and 60 to 300 requests in each, never the same twice running. */
const inBursts = (i: number) => {
  const burst = Math.floor(i / 144)
  const [lasts, size] = [3 + ((burst * 5) % 9), 60 * 5 ** (((burst * 7) % 11) / 10)]
  return between(i % 144, 20 + ((burst * 31) % 90), lasts) ? size : 0
}

test('five hours at the level of its bursts are new activity on a key whose bursts last half an hour', () => {
  const { alerts } = live(24, inBursts, (i) => (between(i, start, 60) ? { count: 130 } : {}))
  expect(alerts).toMatchObject([{ reason: 'new-activity' }])
  expect(alerts[0]!.index - start).toBeLessThan(60)
})

test('fifty minutes at that level are one more burst', () => {
  const { alerts } = live(24, inBursts, (i) => (between(i, start, 10) ? { count: 130 } : {}))
  expect(alerts).toEqual([])
})

test('the same long burst is new activity sooner on a key that seldom has one than on a key that has many', () => {
  const { state } = live(60, inBursts)
  const alertsAfter = (bursts: number) => {
    const key = newState()
    expect(loadState(key, state.bytes)).toBe(true)
    key.bursts = bursts
    const hours = Array.from({ length: 72 }, (_, i) => step(key, bucketOf(60 * day + i, { count: 130 })))
    return hours.findIndex((reading) => reading?.alert)
  }
  expect(alertsAfter(100)).toBeGreaterThan(0)
  expect(alertsAfter(100)).toBeLessThan(alertsAfter(400))
})

test('a burst of four times the largest is one more burst while few are known', () => {
  const { alerts } = live(24, inBursts, (i) => (between(i, start, 5) ? { count: 1300 } : {}))
  expect(alerts).toEqual([])
})

test('a burst of thirty times the largest is a spike on a key of bursts too', () => {
  const { alerts } = live(24, inBursts, (i) => (between(i, start, 5) ? { count: 9000 } : {}))
  expect(alerts).toMatchObject([{ reason: 'spike', index: start }])
})

test('a daily run that comes an hour late is not alerted, though it is twice in the last day', () => {
  const late = 23 * day + 11
  const { alerts } = live(
    25,
    (i) => (i % day === 11 ? 200 : 0),
    (i) => {
      if (i === late) return { count: 0 }
      return i === late + 1 ? { count: 200 } : {}
    },
  )
  expect(alerts).toEqual([])
})

test('a run a quarter of an hour late is not', () => {
  const late = 23 * day
  const { alerts } = live(
    24,
    (i) => (i % 72 === 0 ? 200 : 0),
    (i) => {
      if (i === late) return { count: 0 }
      return i === late + 3 ? { count: 200 } : {}
    },
  )
  expect(alerts).toEqual([])
})

test('a third of requests failing where one in a hundred did is an error burst', () => {
  const { alerts } = live(
    24,
    () => 50,
    (i) => ({ errors: between(i, start, 6) ? 16 : i % 2 }),
  )
  expect(alerts).toMatchObject([{ reason: 'errors' }])
  expect(alerts[0]!.index - start).toBeLessThan(2)
})

test('errors that are over are not alerted again days later, on a job that runs once a day', () => {
  const { alerts } = live(
    32,
    (i) => (i % day === 100 ? 24 : 0),
    (i) => (i === 23 * day + 100 ? { count: 24, errors: 22 } : {}),
  )
  expect(alerts).toMatchObject([{ reason: 'errors', index: 23 * day + 100 }])
})

test('a third of requests failing where a third always fail is not', () => {
  const { alerts } = live(
    24,
    () => 50,
    () => ({ count: 50, errors: 16 }),
  )
  expect(alerts).toEqual([])
})

test('an hour without a request on a key that always has some is silence', () => {
  const { alerts } = live(
    24,
    () => 50,
    (i) => (between(i, start, 24) ? { count: 0 } : {}),
  )
  expect(alerts).toMatchObject([{ reason: 'silence' }])
  expect(alerts[0]!.index - start).toBeLessThan(hour)
})

test('two hours at a third of what a key always has are a fall, within a quarter of an hour', () => {
  const { alerts } = live(
    24,
    () => 50,
    (i) => (between(i, start, 24) ? { count: 15 } : {}),
  )
  expect(alerts).toMatchObject([{ reason: 'fall' }])
  expect(alerts[0]!.index - start).toBeLessThan(3)
})

test('a holiday with half of the requests is no fall', () => {
  const { alerts } = live(26, (i) => (i >= 23 * day && i < 24 * day ? 0.5 : 1) * office(100)(i))
  expect(alerts).toEqual([])
})

test('a time of day at which a key was nearly unused before is no fall when it is so again', () => {
  const sleeps = (i: number) => Math.floor(i / day) % 7 === 2 && between(i % day, 9 * hour, 36)
  const { alerts } = live(38, (i) => (sleeps(i) ? 5 : 50))
  expect(alerts.filter(({ index }) => index >= 16 * day)).toEqual([])
})

test('a key that falls and then is silent has one message, and another for the outage a day later', () => {
  const outage = (i: number, from: number) =>
    between(i, from, 6) ? 12 : between(i, from + 6, 30) ? 0 : undefined
  const { alerts } = live(
    26,
    () => 50,
    (i) => {
      const count = outage(i, start) ?? outage(i, start + day + 6 * hour)
      return count === undefined ? {} : { count }
    },
  )
  expect(alerts.map(({ index, reason }) => [reason, Math.floor((index - start) / day)])).toEqual([
    ['fall', 0],
    ['fall', 1],
  ])
})

test('what follows a gap is no fall: nothing is known of the quarter of an hour', () => {
  const { state } = live(20, () => 50)
  const first = 20 * day + hour
  expect(step(state, bucketOf(first, { count: 50 }))).toMatchObject({ alert: false })
  expect(step(state, bucketOf(first + 1, { count: 50 }))).toMatchObject({ alert: false })
})

test('a night without a request on a key that sleeps every night is not', () => {
  const { alerts } = live(24, (i) => (office(100)(i) > 20 ? 50 : 0))
  expect(alerts).toEqual([])
})

test('a flood is alerted as these five minutes at whatever time of day it comes', () => {
  const worksAt = (daysAgo: number) => 96 + ((daysAgo * 97) % 108)
  const reasons = new Set<string>()
  for (let time = 0; time < day; time += 23) {
    const flood = 60 * day + time
    const { alerts } = live(
      61,
      () => 0,
      (i) => ({ count: i === flood ? 1_200 : i % day === worksAt(60 - Math.floor(i / day)) ? 13 : 0 }),
    )
    expect(alerts).toMatchObject([{ index: flood }])
    reasons.add(alerts[0]!.reason)
  }
  expect([...reasons]).toEqual(['spike'])
})

test('a declared job is not alerted, however large', () => {
  const { alerts } = live(
    24,
    () => 50,
    (i) => (between(i, start, 18) ? { count: 3000, expected: true } : {}),
  )
  expect(alerts).toEqual([])
})

test('one incident is one message, not one for each bucket', () => {
  const { alerts } = live(
    26,
    () => 50,
    (i) => (between(i, start, 288) ? { count: 1000 } : {}),
  )
  expect(alerts.map(({ index, reason }) => [index - start, reason])).toEqual([[0, 'spike']])
})

test('a scope refused again and again is probing', () => {
  const { state } = live(20, () => 50)
  const evidence = { fromNewSources: 0, refusedScope: 25 }
  const reading = step(state, { ...bucketOf(20 * day, { count: 50 }), evidence })
  expect(reading).toMatchObject({ reason: 'probing', alert: true })
})
