import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { calls } from 'local-slack/person'
import { sign } from 'local-slack/sign'
import { vi } from 'vitest'
import type { TestHouse } from '../setup/house.ts'

/** An input as a submission holds it. */
export type Typed = { type: string } & Record<string, unknown>

/** The person that a payload claims to be from. */
export type Sender = { id: string; team: string }

/**
 * Payloads as Slack would send them, signed and over HTTP, regardless of a person's screen: with dialogs that are not
 * open and buttons that nobody was given. Returns the bot's answers as text.
 */
export async function openWire(house: TestHouse) {
  const waiting = new Map<string, (words: string) => void>()
  const server = createServer(async (request, response) => {
    waiting.get(request.url!)?.(await text(request))
    response.end('ok')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  async function send(body: string, type = 'application/x-www-form-urlencoded'): Promise<string> {
    const timestamp = Math.floor(Date.now() / 1000)
    const response = await fetch(`${house.keywarden.url}/slack/events`, {
      method: 'POST',
      headers: {
        'content-type': type,
        'x-slack-request-timestamp': String(timestamp),
        'x-slack-signature': sign(house.slack.signingSecret, timestamp, body),
      },
      body,
    })
    return response.text()
  }

  /** Sends with a response URL, and returns the first answer to it; nothing came within these seconds: nothing. */
  async function answered(make: (responseUrl: string) => string, seconds = 5): Promise<string> {
    const path = `/${randomBytes(8).toString('hex')}`
    const answer = new Promise<string>((resolve) => {
      waiting.set(path, resolve)
      setTimeout(() => resolve(''), seconds * 1_000).unref()
    })
    await send(make(base + path))
    return answer.finally(() => waiting.delete(path))
  }

  const payload = (what: Record<string, unknown>) =>
    new URLSearchParams({ payload: JSON.stringify(what) }).toString()
  const trigger = () => `1.2.${randomBytes(8).toString('hex')}`
  const from = ({ id, team }: Sender) => ({
    user: { id, team_id: team },
    team: { id: house.slack.teamId },
    trigger_id: trigger(),
  })
  const view = (callbackId: string, metadata: string, fields: Record<string, Typed> = {}) => ({
    id: `V${randomBytes(5).toString('hex').toUpperCase()}`,
    type: 'modal',
    callback_id: callbackId,
    private_metadata: metadata,
    hash: randomBytes(4).toString('hex'),
    title: { type: 'plain_text', text: 'Anything' },
    blocks: Object.keys(fields).map((field) => ({
      type: 'input',
      block_id: field,
      label: { type: 'plain_text', text: field },
      element: { type: fields[field]!.type, action_id: field },
    })),
    state: {
      values: Object.fromEntries(Object.entries(fields).map(([field, value]) => [field, { [field]: value }])),
    },
  })
  const commandBody = ({ id }: Sender, words: string, response_url: string) =>
    new URLSearchParams({
      command: '/keys',
      text: words,
      team_id: house.slack.teamId,
      user_id: id,
      channel_id: 'C0GENERAL1',
      trigger_id: trigger(),
      response_url,
    }).toString()
  const clickBody = (who: Sender, actionId: string, value: string, response_url: string) =>
    payload({
      type: 'block_actions',
      ...from(who),
      response_url,
      container: { type: 'message', message_ts: randomBytes(4).toString('hex') },
      actions: [{ type: 'button', action_id: actionId, block_id: 'b', value, action_ts: '1' }],
    })
  const viewBody = (type: string, who: Sender, ...about: Parameters<typeof view>) =>
    payload({ type, ...from(who), view: view(...about) })
  const eventBody = (event: Record<string, unknown>) =>
    JSON.stringify({
      type: 'event_callback',
      team_id: house.slack.teamId,
      event_id: `Ev${randomBytes(5).toString('hex')}`,
      event: { channel: 'D1', event_ts: '1', ...event },
    })

  /** Real milliseconds until the acknowledgement. */
  async function timed(body: string, type?: string): Promise<number> {
    const from = performance.now()
    await send(body, type)
    return performance.now() - from
  }

  /** What a dialog shows after its acknowledgement, whether it is open or not. */
  const laterIn = (viewId: string): Promise<string> =>
    vi.waitFor(
      async () => {
        const updates = await calls(house.slack.url, 'views.update')
        const shown = updates.find(({ args }) => args.view_id === viewId)
        if (!shown) throw new Error(`nothing was shown in ${viewId}`)
        return JSON.stringify(shown.args.view)
      },
      { timeout: 40_000, interval: 100 },
    )

  return {
    command: (who: Sender, words: string, seconds?: number) =>
      answered((url) => commandBody(who, words, url), seconds),
    click: (who: Sender, actionId: string, value: string, seconds?: number) =>
      answered((url) => clickBody(who, actionId, value, url), seconds),
    submit: async (who: Sender, callbackId: string, metadata: string) => {
      const shown = view(callbackId, metadata)
      const answer = await send(payload({ type: 'view_submission', ...from(who), view: shown }))
      return answer.includes('One moment...') ? laterIn(shown.id) : answer
    },
    close: (who: Sender, callbackId: string, metadata: string) =>
      send(viewBody('view_closed', who, callbackId, metadata)),
    openHome: ({ id }: Sender) =>
      send(eventBody({ type: 'app_home_opened', user: id, tab: 'home' }), 'application/json'),
    /** the same, but for how long they take to be acknowledged */
    timed: {
      command: (who: Sender, words: string) => timed(commandBody(who, words, base)),
      click: (who: Sender, actionId: string, value: string) => timed(clickBody(who, actionId, value, base)),
      submit: (who: Sender, ...about: Parameters<typeof view>) =>
        timed(viewBody('view_submission', who, ...about)),
      close: (who: Sender, ...about: Parameters<typeof view>) =>
        timed(viewBody('view_closed', who, ...about)),
      event: (event: Record<string, unknown>) => timed(eventBody(event), 'application/json'),
    },
    stop: () => new Promise((resolve) => server.close(resolve)),
  }
}
