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
import type { Message } from './blocks.ts'
import { findChannel, post as postOrJoin } from './channels.ts'
import { inWords, sendOrInWords } from './in-words.ts'
import { alertMessage, alertReply } from './messages/alerts/alert.ts'
import { fleetMessage } from './messages/alerts/fleet.ts'
import { groupMessage } from './messages/alerts/group.ts'
import { noticeMessage } from './messages/alerts/notice.ts'
import { askedMessage, progressMessage } from './messages/reviews/review.ts'
import { usePicture } from './messages/usage/picture.ts'
import { isAboutContent, meaning } from './refusals.ts'
import { type Illustration, sendIllustrated } from './upload-chart.ts'

/** How long it is remembered who is in a channel. Real time. */
const membersMs = 60_000
/** Slack's clock and ours may differ. */
const skewMs = 10 * minuteMs

/** Alerts as Slack messages, each with the id of its letter in the metadata. */
export function slackAlerts(web: WebClient, log: Log): AlertChannel {
  const known = new Map<string, string>()
  const members = new Map<string, { until: number; users: Promise<Set<string>> }>()
  const metadata = (message: string) => ({ event_type: 'keywarden_alert', event_payload: { message } })

  async function channelOf(destination: string): Promise<string> {
    const id = known.get(destination) ?? (await lookUp(destination))
    known.set(destination, id)
    return id
  }

  async function lookUp(destination: string): Promise<string> {
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
      const form = built(render)
      return message.inWords ? post(inWords(form, instead)) : sendOrInWords(form, post, { instead, log })
    }
    // With its picture where there is one and it can be shown; the words say all of it.
    if (!illustration || message.isLate) return plainly()
    return sendIllustrated({ web, log }, illustration, async (image) => {
      if (!image) return plainly()
      const posted = await post(built(() => render(image)))
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

  /** What Slack says of a channel that is gone must not be remembered under its name. */
  const translateErrors = async <T>(destination: string, call: () => Promise<T>): Promise<T> => {
    try {
      return await call()
    } catch (error) {
      const meant = meaning(error)
      if (meant instanceof Refused && meant.why === 'closed') known.delete(destination)
      throw meant
    }
  }

  return {
    post: (destination, parent, mentions, message) =>
      translateErrors(destination, async () => {
        const channel = await channelOf(destination)
        const illustration = built(() => ('alert' in parent ? usePicture(parent.alert) : undefined))
        const render = (image?: ImageBlock) => appearance(parent, destination, mentions, image)
        return send(channel, render, message, { illustration, instead: commandFor(parent) })
      }),
    edit: ({ channelId: channel, ts, pictureId }, parent, destination) =>
      translateErrors(destination, async () => {
        const update = (form: Message) => web.chat.update({ channel, ts, ...form })
        const plainly = () =>
          sendOrInWords(
            built(() => appearance(parent, destination, [])),
            update,
            { instead: commandFor(parent), log },
          )
        const image = 'alert' in parent ? built(() => imageOf(parent.alert, pictureId)) : undefined
        if (!image) return void (await plainly())
        // The file may be gone by now, and the message must not go with it.
        await update(built(() => appearance(parent, destination, [], image))).catch((error: unknown) => {
          if (!isAboutContent(error)) throw error
          return plainly()
        })
      }),
    reply: ({ channelId, ts: thread_ts }, step, message) =>
      translateErrors('', async () => {
        const within = { thread_ts, ...(step.broadcast ? { reply_broadcast: true } : {}) }
        const isAnnouncement = step.step.startsWith('notified-') && !step.action
        const illustration = built(() => (isAnnouncement ? usePicture(step.alert) : undefined))
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
        find(web, await channelOf(destination), messageId, since, thread),
      ),
    reaches: (destination, userId) =>
      translateErrors(destination, async () => (await membersOf(await channelOf(destination))).has(userId)),
  }
}

/**
 * What is made of an alert, before anything is sent. Facts of which no message can be made make none later either, and
 * must not keep others waiting.
 */
function built<T>(make: () => T): T {
  try {
    return make()
  } catch (error) {
    throw new Refused('content', `no message can be made of it: ${String(error)}`)
  }
}

/** What to type where buttons cannot be shown. */
function commandFor(parent: Parent): string | undefined {
  if ('alert' in parent) return `/keys show ${parent.alert.key.hint || parent.alert.key.name}`
  if ('group' in parent) return '/keys list attention'
  return 'fleet' in parent ? undefined : '/keys review'
}

/** The picture that was uploaded with the message stays in it as long as the alert stands. */
function imageOf(alert: Alert, id: string | undefined): ImageBlock | undefined {
  const illustration = id ? usePicture(alert) : undefined
  return illustration && { type: 'image', slack_file: { id: id! }, alt_text: illustration.altText }
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
    const found = (page as { messages?: Said[] }).messages?.find(
      ({ metadata }) => metadata?.event_payload?.message === messageId,
    )
    if (found) return { channelId: thread?.channelId ?? channel, ts: found.ts }
  }
  return undefined
}

type Said = { ts: string; metadata?: { event_payload?: { message?: string } } }
