import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebClient } from '@slack/web-api'
import { afterEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { sign } from '../delivery/sign.ts'
import { person } from '../person.ts'
import type { LocalSlack } from '../slack.ts'
import { ada, bruno, general, startBolt, startProbe } from './bolt.ts'

const ending: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end()
})

async function probe(...options: Parameters<typeof startProbe>): Promise<LocalSlack> {
  const slack = await startProbe(...options)
  ending.push(() => slack.close())
  return slack
}

type Heard = { headers: IncomingMessage['headers']; body: string }

/** A request URL that answers every post with `status`, or never when it is undefined. */
async function listen(status: number | undefined): Promise<{ url: string; heard: Heard[] }> {
  const heard: Heard[] = []
  const server: Server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      heard.push({ headers: request.headers, body })
      if (status !== undefined) response.writeHead(status).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  ending.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, heard }
}

async function connect(
  slack: LocalSlack,
): Promise<{ socket: WebSocket; next(): Promise<Record<string, unknown>> }> {
  const { url } = await new WebClient(slack.appToken, { slackApiUrl: slack.apiUrl }).apps.connections.open({})
  const socket = new WebSocket(url!)
  const queue: Record<string, unknown>[] = []
  const waiting: ((message: Record<string, unknown>) => void)[] = []
  socket.on('message', (data) => {
    const message = JSON.parse(String(data)) as Record<string, unknown>
    const taker = waiting.shift()
    if (taker) taker(message)
    else queue.push(message)
  })
  const next = () => {
    const message = queue.shift()
    return message
      ? Promise.resolve(message)
      : new Promise<Record<string, unknown>>((resolve) => waiting.push(resolve))
  }
  expect(await next()).toMatchObject({ type: 'hello' })
  return { socket, next }
}

describe('signed HTTP', () => {
  test('an event that is answered 500 comes three times more, with number and reason', async () => {
    const slack = await probe()
    const { url, heard } = await listen(500)
    slack.deliverOverHttp(url)
    await slack.setPerson(bruno, { realName: 'Bruno A.' })
    await expect.poll(() => heard.length).toBe(4)
    const bodies = heard.map((one) => (JSON.parse(one.body) as { event_id: string }).event_id)
    expect(new Set(bodies).size).toBe(1)
    expect(heard.map((one) => one.headers['x-slack-retry-num'])).toEqual([undefined, '1', '2', '3'])
    expect(heard[1]!.headers['x-slack-retry-reason']).toBe('http_error')
  })

  test('a command that is answered late fails before the person, and does not come again', async () => {
    const slack = await probe({ acknowledgeWithinSeconds: 1 })
    const her = person(slack.url, ada)
    const never = await listen(undefined)
    slack.deliverOverHttp(never.url)
    const late = await her.command({ channel: general, text: '/slow' })
    expect(late).toEqual({ ok: false, error: 'operation_timeout' })
    await expect.poll(() => never.heard.length).toBe(1)
  })

  test('a command that is answered with an error, or nowhere, fails before the person', async () => {
    const slack = await probe()
    const her = person(slack.url, ada)
    const broken = await listen(503)
    slack.deliverOverHttp(broken.url)
    expect(await her.command({ channel: general, text: '/slow' })).toEqual({
      ok: false,
      error: 'http_service_error',
    })
    slack.deliverOverHttp('http://127.0.0.1:1/')
    expect(await her.command({ channel: general, text: '/slow' })).toEqual({
      ok: false,
      error: 'dispatch_failed',
    })
  })

  test('every request is signed over its timestamp and body', async () => {
    const slack = await probe()
    const { url, heard } = await listen(200)
    slack.deliverOverHttp(url)
    await person(slack.url, ada).command({ channel: general, text: '/probe a b' })
    const { headers, body } = heard[0]!
    const timestamp = Number(headers['x-slack-request-timestamp'])
    expect(Math.abs(timestamp - Date.now() / 1000)).toBeLessThan(5)
    expect(headers['x-slack-signature']).toBe(sign(slack.signingSecret, timestamp, body))
    expect(headers['content-type']).toBe('application/x-www-form-urlencoded')
    expect(new URLSearchParams(body).get('text')).toBe('a b')
  })

  test('a request URL that does not answer the challenge is refused', async () => {
    const slack = await probe()
    const { url } = await listen(200)
    await expect(slack.verifyRequestUrl(url)).rejects.toThrow('challenge')
  })

  test('Bolt refuses a forged or stale request, and takes the same one signed rightly', async () => {
    const { slack, requestUrl, stop } = await startBolt('http')
    ending.push(stop)
    const send = async (secret: string, timestamp: number) => {
      const body = JSON.stringify({ type: 'url_verification', challenge: 'abc' })
      const headers = {
        'content-type': 'application/json',
        'x-slack-request-timestamp': String(timestamp),
        'x-slack-signature': sign(secret, timestamp, body),
      }
      return (await fetch(requestUrl!, { method: 'POST', headers, body })).status
    }
    const now = Math.floor(Date.now() / 1000)
    expect(await send('wrong', now)).toBe(401)
    expect(await send(slack.signingSecret, now - 600)).toBe(401)
    expect(await send(slack.signingSecret, now)).toBe(200)
  })
})

describe('Socket Mode', () => {
  test('with no socket open a command fails at once', async () => {
    const slack = await probe()
    const outcome = await person(slack.url, ada).command({ channel: general, text: '/probe' })
    expect(outcome).toEqual({ ok: false, error: 'dispatch_failed' })
  })

  test('each envelope goes to one of the sockets, in turn', async () => {
    const slack = await probe()
    const first = await connect(slack)
    const second = await connect(slack)
    const her = person(slack.url, ada)
    const command = () => her.command({ channel: general, text: '/probe' })
    const answer = async ({ socket, next }: typeof first) => {
      const { envelope_id, type } = await next()
      socket.send(JSON.stringify({ envelope_id, payload: {} }))
      return type
    }
    const outcomes = [command(), command()]
    expect(await Promise.all([answer(first), answer(second)])).toEqual(['slash_commands', 'slash_commands'])
    expect(await Promise.all(outcomes)).toEqual([{ ok: true }, { ok: true }])
  })

  test('an event without acknowledgement comes again, with attempt and reason', async () => {
    const slack = await probe({ acknowledgeWithinSeconds: 0.1 })
    const { next } = await connect(slack)
    await slack.setPerson(bruno, { realName: 'Bruno A.' })
    const attempts = [await next(), await next(), await next(), await next()]
    expect(attempts.map((one) => one.retry_attempt)).toEqual([0, 1, 2, 3])
    expect(attempts[3]).toMatchObject({
      type: 'events_api',
      retry_reason: 'timeout',
      accepts_response_payload: false,
    })
  })

  test('an address for a connection works once, and only for the app token', async () => {
    const slack = await probe()
    const client = new WebClient(slack.appToken, { slackApiUrl: slack.apiUrl })
    const { url } = await client.apps.connections.open({})
    const opened = await new Promise((resolve) => new WebSocket(url!).once('open', () => resolve('open')))
    expect(opened).toBe('open')
    const again = await new Promise((resolve) =>
      new WebSocket(url!).once('error', (error) => resolve(error.message)),
    )
    expect(again).toContain('403')
    const asBot = new WebClient(slack.botToken, { slackApiUrl: slack.apiUrl, retryConfig: { retries: 0 } })
    await expect(asBot.apps.connections.open({})).rejects.toThrow('not_allowed_token_type')
  })

  test('a socket is told to reconnect, as Slack does now and then', async () => {
    const slack = await probe()
    const { next } = await connect(slack)
    slack.refreshSockets()
    expect(await next()).toEqual({ type: 'disconnect', reason: 'refresh_requested' })
  })
})
