import type { ImageBlock } from '@slack/types'
import type { WebClient } from '@slack/web-api'
import {
  type Alert,
  type AlertChannel,
  type Carried,
  Delay,
  type Parent,
  type Posted,
  Refused,
} from '../alerts/channel.ts'
import type { Log } from '../foundation/log.ts'
import type { Message } from './blocks.ts'
import { errorName, findChannel, post as postOrJoin } from './channels.ts'
import { alertMessage, alertReply } from './messages/alert.ts'
import { groupMessage } from './messages/alert-group.ts'
import { noticeMessage } from './messages/alert-notice.ts'
import { fleetMessage } from './messages/fleet.ts'
import { askedMessage, progressMessage } from './messages/review.ts'
import { usePicture } from './messages/use-picture.ts'
import { type Illustration, sendIllustrated } from './pictures/upload.ts'

/** How long it is remembered who is in a channel. Real time. */
const membersMs = 60_000
/** Slack's clock and ours may differ. */
const skewMs = 10 * 60_000

/** Alerts as Slack messages, each with the id of its letter in the metadata. */
export function slackAlerts(web: WebClient, log: Log): AlertChannel {
  const known = new Map<string, string>()
  const members = new Map<string, { until: number; users: Promise<Set<string>> }>()
  const metadata = (letter: string) => ({ event_type: 'keywarden_alert', event_payload: { letter } })

  async function channelOf(destination: string): Promise<string> {
    const id = known.get(destination) ?? (await look(destination))
    known.set(destination, id)
    return id
  }

  async function look(destination: string): Promise<string> {
    const [kind, name = ''] = destination.split(/:(.*)/s)
    if (kind === 'channel') return findChannel(web, name)
    return (await web.conversations.open({ users: name })).channel!.id!
  }

  async function send(
    channel: string,
    message: Message,
    letter: Carried,
    more: object = {},
  ): Promise<Posted> {
    const what = { channel, ...message, ...more, metadata: metadata(letter.id) }
    letter.before()
    const posted = letter.mayJoin ? await postOrJoin(web, what) : await web.chat.postMessage(what)
    return { channelId: channel, ts: posted.ts! }
  }

  /** With its picture where there is one and it can be shown; the words say all of it. */
  async function sendWith(
    illustration: Illustration | undefined,
    letter: Carried,
    send: (image?: ImageBlock) => Promise<Posted>,
  ): Promise<Posted> {
    if (!illustration || letter.isLate) return send()
    return sendIllustrated({ web, log }, illustration, async (image) => {
      const pictureId =
        image && 'slack_file' in image && 'id' in image.slack_file ? image.slack_file.id : undefined
      return { ...(await send(image)), ...(pictureId ? { pictureId } : {}) }
    })
  }

  function membersOf(channel: string): Promise<Set<string>> {
    const seen = members.get(channel)
    if (seen && seen.until > performance.now()) return seen.users
    const users = listMembers(web, channel)
    members.set(channel, { until: performance.now() + membersMs, users })
    users.catch(() => members.delete(channel))
    return users
  }

  /** What Slack says of a channel that is gone must not be remembered under its name. */
  const told = async <T>(destination: string, call: () => Promise<T>): Promise<T> => {
    try {
      return await call()
    } catch (error) {
      const meant = translate(error)
      if (meant instanceof Refused && meant.why === 'closed') known.delete(destination)
      throw meant
    }
  }

  return {
    post: (destination, parent, mentions, letter) =>
      told(destination, async () => {
        const channel = await channelOf(destination)
        const illustration = 'alert' in parent ? usePicture(parent.alert) : undefined
        return sendWith(illustration, letter, (image) =>
          send(channel, appearance(parent, destination, mentions, image), letter),
        )
      }),
    edit: ({ channelId: channel, ts, pictureId }, parent, destination) =>
      told(destination, async () => {
        const image = pictureId && 'alert' in parent ? imageOf(parent.alert, pictureId) : undefined
        await web.chat.update({ channel, ts, ...appearance(parent, destination, [], image) })
      }),
    reply: ({ channelId, ts: thread_ts }, step, letter) =>
      told('', async () => {
        const within = { thread_ts, ...(step.broadcast ? { reply_broadcast: true } : {}) }
        const illustration = step.step.startsWith('told-') && !step.deed ? usePicture(step.alert) : undefined
        await sendWith(illustration, letter, (image) =>
          send(channelId, alertReply(step, image), letter, within),
        )
      }),
    say: (destination, notice, letter, thread) =>
      told(destination, async () => {
        const channel = thread?.channelId ?? (await channelOf(destination))
        const within = thread ? { thread_ts: thread.ts } : {}
        return send(channel, noticeMessage(notice, thread !== undefined), letter, within)
      }),
    find: (destination, letterId, since, thread) =>
      told(destination, async () => find(web, await channelOf(destination), letterId, since, thread)),
    reaches: (destination, userId) =>
      told(destination, async () => (await membersOf(await channelOf(destination))).has(userId)),
  }
}

/** The picture that was uploaded with the message stays in it as long as the alert stands. */
function imageOf(alert: Alert, id: string): ImageBlock | undefined {
  const illustration = usePicture(alert)
  return illustration && { type: 'image', slack_file: { id }, alt_text: illustration.altText }
}

function appearance(parent: Parent, destination: string, mentions: string[], image?: ImageBlock): Message {
  if ('fleet' in parent) return fleetMessage(parent.fleet)
  if ('alert' in parent) {
    const isDirect = destination.startsWith('dm:')
    return alertMessage(parent.alert, { mentions, isDirect, ...(image ? { image } : {}) })
  }
  if ('asked' in parent) return askedMessage(parent.asked, 'dm')
  return 'progress' in parent ? progressMessage(parent.progress) : groupMessage(parent.group)
}

async function listMembers(web: WebClient, channel: string): Promise<Set<string>> {
  const users = new Set<string>()
  for await (const page of web.paginate('conversations.members', { channel, limit: 1000 }))
    for (const user of (page as { members?: string[] }).members ?? []) users.add(user)
  return users
}

/** Looks through what was said since then for the message that carries this letter. */
async function find(
  web: WebClient,
  channel: string,
  letterId: string,
  since: Date,
  thread: Posted | undefined,
): Promise<Posted | undefined> {
  const oldest = String((since.getTime() - skewMs) / 1000)
  const options = { channel, oldest, limit: 200, include_all_metadata: true }
  const pages = thread
    ? web.paginate('conversations.replies', { ...options, channel: thread.channelId, ts: thread.ts })
    : web.paginate('conversations.history', options)
  for await (const page of pages) {
    const found = (page as { messages?: Said[] }).messages?.find(
      ({ metadata }) => metadata?.event_payload?.letter === letterId,
    )
    if (found) return { channelId: thread?.channelId ?? channel, ts: found.ts }
  }
  return undefined
}

type Said = { ts: string; metadata?: { event_payload?: { letter?: string } } }

const closed = new Set([
  'is_archived',
  'channel_not_found',
  'not_in_channel',
  'restricted_action',
  'method_not_supported_for_channel_type',
  'user_disabled',
  'user_not_found',
  'users_not_found',
  'user_not_visible',
  'cannot_dm_bot',
  'messages_tab_disabled',
])
const missing = new Set([
  'message_not_found',
  'thread_not_found',
  'cant_update_message',
  'cannot_reply_to_message',
])

/** Slack's 429 names its own time, and its `ok: false` is a clear no; everything else leaves it open. */
function translate(error: unknown): unknown {
  const { retryAfter } = error as { retryAfter?: number }
  if (retryAfter) return new Delay(retryAfter)
  const name = errorName(error)
  if (!name) return error
  if (closed.has(name)) return new Refused('closed', name)
  if (missing.has(name)) return new Refused('missing', name)
  // Slack says these when it may have done something before it failed.
  if (['internal_error', 'fatal_error', 'service_unavailable', 'request_timeout'].includes(name)) return error
  return new Refused('other', name)
}
