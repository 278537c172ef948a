import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { sign } from '../../sandbox/slack/delivery/sign.ts'
import type { TestHouse } from '../setup/house.ts'

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

  /** Sends with a response URL, and returns the first answer to it; nothing came within five seconds: nothing. */
  async function answered(make: (responseUrl: string) => string): Promise<string> {
    const path = `/${randomBytes(8).toString('hex')}`
    const answer = new Promise<string>((resolve) => {
      waiting.set(path, resolve)
      setTimeout(() => resolve(''), 5_000).unref()
    })
    await send(make(base + path))
    return answer
  }

  const payload = (what: Record<string, unknown>) =>
    new URLSearchParams({ payload: JSON.stringify(what) }).toString()
  const trigger = () => `1.2.${randomBytes(8).toString('hex')}`
  const from = ({ id, team }: Sender) => ({
    user: { id, team_id: team },
    team: { id: house.slack.teamId },
    trigger_id: trigger(),
  })
  const view = (callbackId: string, metadata: string) => ({
    id: `V${randomBytes(5).toString('hex').toUpperCase()}`,
    type: 'modal',
    callback_id: callbackId,
    private_metadata: metadata,
    hash: randomBytes(4).toString('hex'),
    title: { type: 'plain_text', text: 'Anything' },
    state: { values: {} },
  })

  return {
    command: ({ id }: Sender, words: string) =>
      answered((response_url) =>
        new URLSearchParams({
          command: '/keys',
          text: words,
          team_id: house.slack.teamId,
          user_id: id,
          channel_id: 'C0GENERAL1',
          trigger_id: trigger(),
          response_url,
        }).toString(),
      ),
    click: (who: Sender, actionId: string, value: string) =>
      answered((response_url) =>
        payload({
          type: 'block_actions',
          ...from(who),
          response_url,
          container: { type: 'message', message_ts: randomBytes(4).toString('hex') },
          actions: [{ type: 'button', action_id: actionId, block_id: 'b', value, action_ts: '1' }],
        }),
      ),
    submit: (who: Sender, callbackId: string, metadata: string) =>
      send(payload({ type: 'view_submission', ...from(who), view: view(callbackId, metadata) })),
    close: (who: Sender, callbackId: string, metadata: string) =>
      send(payload({ type: 'view_closed', ...from(who), view: view(callbackId, metadata) })),
    openHome: ({ id }: Sender) =>
      send(
        JSON.stringify({
          type: 'event_callback',
          team_id: house.slack.teamId,
          event_id: `Ev${randomBytes(5).toString('hex')}`,
          event: { type: 'app_home_opened', user: id, tab: 'home', channel: 'D1', event_ts: '1' },
        }),
        'application/json',
      ),
    stop: () => new Promise((resolve) => server.close(resolve)),
  }
}
