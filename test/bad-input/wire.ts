import type { Call, ModalView } from 'local-slack/contract'
import { calls } from 'local-slack/person'
import { sign } from 'local-slack/sign'
import { people, type TestHouse } from '../setup/house.ts'

export type Reply = { status: number; body: Record<string, unknown> }

type Forged = {
  /** seconds from now that the request claims to be from */
  offsetSeconds?: number
  /** the moment it claims to be from, for one that is sent twice */
  atSeconds?: number
  secret?: string
  contentType?: string
  retry?: number
  /** sent as it is, instead of what is right */
  signature?: string
  timestamp?: string
  /** of another process than the house's own */
  url?: string
}

/** Seconds since 1970, whole. */
export const nowSeconds = (): number => Math.floor(Date.now() / 1000)

/** A request of Slack's, signed as Slack signs or not quite, to where Keywarden hears them over HTTP. */
export async function send(house: TestHouse, body: string, forged: Forged = {}): Promise<Reply> {
  const timestamp = forged.atSeconds ?? nowSeconds() + (forged.offsetSeconds ?? 0)
  const signature = forged.signature ?? sign(forged.secret ?? house.slack.signingSecret, timestamp, body)
  const retry = { 'x-slack-retry-num': String(forged.retry), 'x-slack-retry-reason': 'http_timeout' }
  const response = await fetch(`${forged.url ?? house.keywarden.url}/slack/events`, {
    method: 'POST',
    headers: {
      'content-type': forged.contentType ?? 'application/x-www-form-urlencoded',
      'x-slack-request-timestamp': forged.timestamp ?? String(timestamp),
      'x-slack-signature': signature,
      ...(forged.retry === undefined ? {} : retry),
    },
    body,
  })
  const text = await response.text()
  return { status: response.status, body: text.startsWith('{') ? JSON.parse(text) : { text } }
}

type Person = keyof typeof people

/** `/keys ...` as Slack writes it into a request. */
export const commandBody = (house: TestHouse, who: Person, text: string, triggerId = '1.2.a'): string =>
  new URLSearchParams({
    team_id: house.slack.teamId,
    user_id: people[who],
    channel_id: 'C0GENERAL1',
    command: '/keys',
    text,
    trigger_id: triggerId,
    response_url: `${house.slack.url}/response/none`,
  }).toString()

const from = (house: TestHouse, who: Person, type: string) => ({
  type,
  team: { id: house.slack.teamId, domain: 'acme' },
  user: { id: people[who], name: who, team_id: house.slack.teamId },
  trigger_id: '1.2.b',
})

/** A click on a button that nobody was shown. */
export const clickBody = (house: TestHouse, who: Person, actionId: string, value: string): string => {
  const action = { type: 'button', action_id: actionId, block_id: 'b', value, action_ts: '1.2' }
  const payload = { ...from(house, who, 'block_actions'), container: { type: 'message' }, actions: [action] }
  return new URLSearchParams({ payload: JSON.stringify(payload) }).toString()
}

/** A submission of an open dialog with values that its inputs would not have let through. */
export async function submissionBody(
  house: TestHouse,
  who: Person,
  view: ModalView,
  values: Record<string, unknown>,
): Promise<string> {
  const latest = (await lastView(house, view.id)) as { callback_id: string; private_metadata: string }
  const payload = {
    ...from(house, who, 'view_submission'),
    view: { ...latest, hash: view.hash, state: { values } },
    response_urls: [],
  }
  return new URLSearchParams({ payload: JSON.stringify(payload) }).toString()
}

/** The view as Slack's last answer about it had it. */
async function lastView(house: TestHouse, id: string): Promise<unknown> {
  const views = (await calls(house.slack.url)).map(
    (call: Call) => call.reply.view as { id?: string } | undefined,
  )
  return views.findLast((view) => view?.id === id)
}

export const typed = (value: string) => ({ type: 'plain_text_input', value })
export const ticked = (...values: string[]) => ({
  type: 'checkboxes',
  selected_options: values.map((value) => ({ text: { type: 'plain_text', text: value }, value })),
})
export const picked = (value: string) => ({
  type: 'static_select',
  selected_option: { text: { type: 'plain_text', text: value }, value },
})
