import type { ImageBlock } from '@slack/types'
import type { WebClient } from '@slack/web-api'
import {
  type Alert,
  type AlertChannel,
  type Carried,
  type Parent,
  type Posted,
  Refused,
} from '../alerts/channel.ts'
import type { Log } from '../foundation/log.ts'
import { minuteMs } from '../foundation/time.ts'
import type { AnnouncingOptions } from './announcing.ts'
import type { Message } from './blocks.ts'
import { findChannel, post as postOrJoin } from './channels.ts'
import { inWords, sendOrInWords } from './in-words.ts'
import { alertMessage, alertReply } from './messages/alerts/alert.ts'
import { fleetMessage } from './messages/alerts/fleet.ts'
import { groupMessage } from './messages/alerts/group.ts'
import { noticeMessage } from './messages/alerts/notice.ts'
import { askedMessage, progressMessage } from './messages/reviews/review.ts'
import { usePicture } from './messages/usage/picture.ts'
import { isAboutContent, translateError } from './refusals.ts'
import { type Illustration, sendIllustrated } from './upload-chart.ts'

/** How long a channel's member list is cached. Real time. */
const membersMs = 60_000
/** Slack's clock and ours may differ. */
const skewMs = 10 * minuteMs

/**
 * Sends alerts as Slack messages, each with the id of its outbox message in the metadata. Without `history` no
 * earlier attempt is ever found.
 */
export function slackAlerts(
  web: WebClient,
  log: Log,
  { history = true }: AnnouncingOptions = {},
): AlertChannel {
  const known = new Map<string, string>()
  const members = new Map<string, { until: number; users: Promise<Set<string>> }>()
  const metadata = (message: string) => ({ event_type: 'keywarden_alert', event_payload: { message } })

  async function channelOf(destination: string): Promise<string> {
    const id = known.get(destination) ?? (await findDestination(destination))
    known.set(destination, id)
    return id
  }

  async function findDestination(destination: string): Promise<string> {
    const [kind, name = ''] = destination.split(/:(.*)/s)
    if (kind === 'channel') return findChannel(web, name)
    return (await web.conversations.open({ users: name })).channel!.id!
  }

  async function send(
    channel: string,
    render: (image?: ImageBlock) => Message,
    message: Carried,
    { illustration, instead }: { illustration?: Illustration | undefined; instead?: string | undefined },
    within: object = {},
  ): Promise<Posted> {
    const post = async (form: Message): Promise<Posted> => {
      const what = { channel, metadata: metadata(message.id), ...form, ...within }
      message.before()
      const posted = message.mayJoin ? await postOrJoin(web, what) : await web.chat.postMessage(what)
      return { channelId: channel, ts: posted.ts! }
    }
    const plainly = () => {
      const form = renderOrRefuse(render)
      return message.inWords ? post(inWords(form, instead)) : sendOrInWords(form, post, { instead, log })
    }
    // The picture is optional: the words say everything that it shows.
    if (!illustration || message.isLate) return plainly()
    return sendIllustrated({ web, log }, illustration, async (image) => {
      if (!image) return plainly()
      const posted = await post(renderOrRefuse(() => render(image)))
      return 'slack_file' in image && 'id' in image.slack_file
        ? { ...posted, pictureId: image.slack_file.id }
        : posted
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

  /** Forgets the id of a channel that Slack says is gone, so that its name is looked up again. */
  const translateErrors = async <T>(destination: string, call: () => Promise<T>): Promise<T> => {
    try {
      return await call()
    } catch (error) {
      const meant = translateError(error)
      if (meant instanceof Refused && meant.why === 'closed') known.delete(destination)
      throw meant
    }
  }

  return {
    post: (destination, parent, mentions, message) =>
      translateErrors(destination, async () => {
        const channel = await channelOf(destination)
        const illustration = renderOrRefuse(() => ('alert' in parent ? usePicture(parent.alert) : undefined))
        const render = (image?: ImageBlock) => renderParent(parent, destination, mentions, image)
        return send(channel, render, message, { illustration, instead: commandFor(parent) })
      }),
    edit: ({ channelId: channel, ts, pictureId }, parent, destination) =>
      translateErrors(destination, async () => {
        const update = (form: Message) => web.chat.update({ channel, ts, ...form })
        const plainly = () =>
          sendOrInWords(
            renderOrRefuse(() => renderParent(parent, destination, [])),
            update,
            { instead: commandFor(parent), log },
          )
        const image = 'alert' in parent ? renderOrRefuse(() => imageOf(parent.alert, pictureId)) : undefined
        if (!image) return void (await plainly())
        // A deleted file must not stop the edit of the message.
        await update(renderOrRefuse(() => renderParent(parent, destination, [], image))).catch(
          (error: unknown) => {
            if (!isAboutContent(error)) throw error
            return plainly()
          },
        )
      }),
    reply: ({ channelId, ts: thread_ts }, step, message) =>
      translateErrors('', async () => {
        const within = { thread_ts, ...(step.broadcast ? { reply_broadcast: true } : {}) }
        const isAnnouncement = step.step.startsWith('notified-') && !step.action
        const illustration = renderOrRefuse(() => (isAnnouncement ? usePicture(step.alert) : undefined))
        await send(channelId, (image) => alertReply(step, image), message, { illustration }, within)
      }),
    say: (destination, notice, message, thread) =>
      translateErrors(destination, async () => {
        const channel = thread?.channelId ?? (await channelOf(destination))
        const within = thread ? { thread_ts: thread.ts } : {}
        const instead = notice.about === 'review-reminder' ? '/keys review' : undefined
        return send(channel, () => noticeMessage(notice, thread !== undefined), message, { instead }, within)
      }),
    find: (destination, messageId, since, thread) =>
      translateErrors(destination, async () =>
        history ? find(web, await channelOf(destination), messageId, since, thread) : undefined,
      ),
    reaches: (destination, userId) =>
      translateErrors(destination, async () => (await membersOf(await channelOf(destination))).has(userId)),
  }
}

/**
 * Renders before anything is sent. A message that cannot be rendered now never can be, so it is refused and must not
 * hold up the others.
 */
function renderOrRefuse<T>(make: () => T): T {
  try {
    return make()
  } catch (error) {
    throw new Refused('content', `no message can be made of it: ${String(error)}`)
  }
}

/** The command to type where buttons cannot be shown. */
function commandFor(parent: Parent): string | undefined {
  if ('alert' in parent) return `/keys show ${parent.alert.key.hint || parent.alert.key.name}`
  if ('group' in parent) return '/keys list attention'
  return 'fleet' in parent ? undefined : '/keys review'
}

/** The uploaded picture stays in the message for as long as the alert is open. */
function imageOf(alert: Alert, id: string | undefined): ImageBlock | undefined {
  const illustration = id ? usePicture(alert) : undefined
  return illustration && { type: 'image', slack_file: { id: id! }, alt_text: illustration.altText }
}

function renderParent(parent: Parent, destination: string, mentions: string[], image?: ImageBlock): Message {
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

/** Searches the messages since then for the one that carries this id. */
async function find(
  web: WebClient,
  channel: string,
  messageId: string,
  since: Date,
  thread: Posted | undefined,
): Promise<Posted | undefined> {
  const oldest = String((since.getTime() - skewMs) / 1000)
  const options = { channel, oldest, limit: 200, include_all_metadata: true }
  const pages = thread
    ? web.paginate('conversations.replies', { ...options, channel: thread.channelId, ts: thread.ts })
    : web.paginate('conversations.history', options)
  for await (const page of pages) {
    const found = (page as { messages?: PostedMessage[] }).messages?.find(
      ({ metadata }) => metadata?.event_payload?.message === messageId,
    )
    if (found) return { channelId: thread?.channelId ?? channel, ts: found.ts }
  }
  return undefined
}

type PostedMessage = { ts: string; metadata?: { event_payload?: { message?: string } } }
