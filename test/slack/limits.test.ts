import { beforeEach, expect, test } from 'vitest'
import { Delay } from '../../src/notifications/channel.ts'
import { openLimits, type RealTime } from '../../src/slack/limits.ts'

let nowMs: number
let limited: ReturnType<typeof openLimits>
const time: RealTime = {
  nowMs: () => nowMs,
  wait: async (ms) => {
    nowMs += ms
  },
}
beforeEach(() => {
  nowMs = 5_000
  limited = openLimits(3, time)
})

const post = (channel: string, call = async () => nowMs) => limited('chat.postMessage', channel, call)
const tooFast = (seconds: number) => async () => {
  throw Object.assign(new Error('ratelimited'), { retryAfter: seconds })
}
const delayOf = (work: Promise<unknown>): Promise<Delay> =>
  work.then(
    () => expect.fail('it was not delayed'),
    (error) => error,
  )

test('a few posts go into a channel at once, the others one a second', async () => {
  const at: number[] = []
  for (let n = 0; n < 6; n++) at.push(await post('C1'))
  expect(at).toEqual([5_000, 5_000, 5_000, 6_000, 7_000, 8_000])
})

test('a busy channel does not slow another one', async () => {
  for (let n = 0; n < 4; n++) await post('C1')
  const before = nowMs
  expect(await post('C2')).toBe(before)
})

test('a post that would wait for long is tried later instead of holding up its lane', async () => {
  limited = openLimits(1, { ...time, wait: async () => undefined })
  for (let n = 0; n < 3; n++) await post('C1')
  expect(await delayOf(post('C1'))).toMatchObject({ seconds: 3, of: 'destination' })
})

test('after a 429 nothing is posted there before the time that Slack named, and then one a second', async () => {
  expect(await delayOf(post('C1', tooFast(7)))).toMatchObject({ seconds: 7, of: 'destination' })
  nowMs += 6_000
  expect(await delayOf(post('C1'))).toMatchObject({ seconds: 1 })
  expect(await post('C2')).toBe(11_000)
  nowMs += 1_000
  expect([await post('C1'), await post('C1')]).toEqual([13_000, 14_000])
})

test('a 429 for another method holds for that method alone', async () => {
  expect(await delayOf(limited('chat.update', '', tooFast(3)))).toMatchObject({ seconds: 3, of: 'method' })
  expect(await delayOf(limited('chat.update', '', async () => 1))).toBeInstanceOf(Delay)
  expect(await post('C1')).toBe(5_000)
  nowMs += 3_001
  expect(await limited('chat.update', '', async () => 1)).toBe(1)
})
