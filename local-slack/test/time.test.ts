import { afterEach, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { countCall, createRateLimit } from '../rate-limit.ts'
import { grantResponseUrl, useResponseUrl } from '../response-urls.ts'
import { createTriggers, exchangeTrigger, issueTrigger, triggerUser } from '../triggers.ts'
import { ada, startProbe } from './bolt.ts'

afterEach(() => vi.restoreAllMocks())

/** Real time goes on by so much, as everything that looks at the monotonic clock sees it. */
function pass(milliseconds: number): void {
  const now = performance.now()
  vi.spyOn(performance, 'now').mockReturnValue(now + milliseconds)
}

test('a trigger is good for three seconds', () => {
  const triggers = createTriggers()
  const id = issueTrigger(triggers, ada)
  pass(2_900)
  expect(triggerUser(triggers, id)).toBe(ada)
  pass(200)
  expect(() => exchangeTrigger(triggers, id)).toThrow('expired_trigger_id')
})

test('a response_url is good for thirty minutes', () => {
  const urls = new Map()
  const path = grantResponseUrl(urls, { channel: 'C1', user: ada }, 'T1')
  pass(29 * 60_000)
  expect(useResponseUrl(urls, path)).toMatchObject({ channel: 'C1', usesLeft: 4 })
  pass(2 * 60_000)
  expect(useResponseUrl(urls, path)).toBe('expired_url')
})

test('room for posts comes back at the rate of the limit', () => {
  const limit = createRateLimit({ perSecond: 1, burst: 2 })
  countCall(limit, 'C1')
  countCall(limit, 'C1')
  expect(() => countCall(limit, 'C1')).toThrow('ratelimited')
  pass(1_100)
  countCall(limit, 'C1')
  expect(() => countCall(limit, 'C1')).toThrow('ratelimited')
})

test('an eleventh socket is turned away', async () => {
  const slack = await startProbe()
  const open = async () => {
    const response = await fetch(`${slack.apiUrl}apps.connections.open`, {
      method: 'POST',
      headers: { authorization: `Bearer ${slack.appToken}` },
    })
    const { url } = (await response.json()) as { url: string }
    return new Promise<string>((resolve) => {
      const socket = new WebSocket(url)
      socket.once('message', () => resolve('hello'))
      socket.once('error', (error) => resolve(error.message))
    })
  }
  const outcomes = []
  for (let count = 0; count < 11; count += 1) outcomes.push(await open())
  await slack.close()
  expect(outcomes.slice(0, 10)).toEqual(Array(10).fill('hello'))
  expect(outcomes[10]).toContain('403')
})
