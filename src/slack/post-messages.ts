import type { WebClient } from '@slack/web-api'
import type { Log } from '../foundation/log.ts'
import { minuteMs } from '../foundation/time.ts'
import { type Carried, type Channel, type Posted, Refused } from '../notifications/channel.ts'
import type { Content, Said } from '../notifications/source.ts'
import type { StepContent } from '../offboarding/source.ts'
import type { Message } from './blocks.ts'
import { findChannel, post as postOrJoin } from './channels.ts'
import { completeStep } from './complete-step.ts'
import { inWords, sendOrInWords } from './in-words.ts'
import { openLimits } from './limits.ts'
import type { Links } from './messages/alerts/digest.ts'
import { isAboutContent, translateError } from './refusals.ts'
import { type FileContent, isFile, linkedIn, type Rendering, rendering } from './render.ts'
import { imageOf, sendIllustrated, share, shownIn } from './upload-chart.ts'

/** How long a channel's member list is cached. Real time. */
const membersMs = 60_000
/** Slack's clock and ours may differ. */
const skewMs = 10 * minuteMs

const eventType = 'keywarden_message'

/**
 * Whether Slack's history may be searched; where it may not, what may have arrived is sent again. `atOnce`: so many
 * messages go into a channel before they are paced.
 */
type ChannelOptions = { history?: boolean; atOnce?: number }

/** Sends messages to Slack, each with the id of its outbox message in the metadata. */
export function slackChannel(
  web: WebClient,
  log: Log,
  { history = true, atOnce }: ChannelOptions = {},
): Channel {
  const known = new Map<string, string>()
  const members = new Map<string, { until: number; users: Promise<Set<string>> }>()
  const limited = openLimits(atOnce)

  async function channelOf(destination: string): Promise<string> {
    const id = known.get(destination) ?? (await findDestination(destination))
    known.set(destination, id)
    return id
  }

  async function findDestination(destination: string): Promise<string> {
    const [kind, name = ''] = destination.split(/:(.*)/s)
    if (kind === 'channel') return limited('conversations.list', '', () => findChannel(web, name))
    const opened = await limited('conversations.open', '', () => web.conversations.open({ users: name }))
    return opened.channel!.id!
  }

  async function send(
    channel: string,
    { render, illustration, instead }: Rendering,
    message: Carried,
    within: object,
  ): Promise<Posted> {
    const post = async (form: Message): Promise<Posted> => {
      const metadata = { event_type: eventType, event_payload: { message: message.id } }
      const what = { channel, metadata, ...form, ...within }
      const posted = await limited('chat.postMessage', channel, async () => {
        message.before()
        return message.mayJoin ? postOrJoin(web, what) : web.chat.postMessage(what)
      })
      return { channelId: channel, ts: posted.ts! }
    }
    const plainly = () => {
      const form = orRefuse(render)
      return message.inWords ? post(inWords(form, instead)) : sendOrInWords(form, post, { instead, log })
    }
    // The picture is optional: the words say everything that it shows.
    if (!illustration || message.isLate) return plainly()
    return sendIllustrated({ web, log }, illustration, async (image) => {
      if (!image) return plainly()
      const posted = await post(orRefuse(() => render(image)))
      return { ...posted, picture: { id: image.slack_file.id, shows: shownIn(illustration) } }
    })
  }

  async function post(destination: string, said: Said, message: Carried, thread?: Posted): Promise<Posted> {
    const { content, mentions = [], broadcast } = said
    const execution = executionIn(destination)
    if (execution) {
      message.before()
      const complete = () => completeStep(web, execution, content as StepContent)
      await limited('functions.completeSuccess', '', complete)
      return { channelId: '', ts: '' }
    }
    const links = await linksOf(content)
    const shown = orRefuse(() => rendering(content, { mentions, isDirect: isDirect(destination), links }))
    const channel = thread?.channelId ?? (await channelOf(destination))
    const within = thread ? { thread_ts: thread.ts, ...(broadcast ? { reply_broadcast: true } : {}) } : {}
    return (
      (shown.file && (await upload(channel, shown.file, message, thread))) ??
      send(channel, shown, message, within)
    )
  }

  /** The addresses of the messages that this one links to; one that Slack does not give is left out. */
  async function linksOf(content: Content): Promise<Links> {
    const links = new Map<string, string>()
    for (const { channelId, ts } of orRefuse(() => linkedIn(content))) {
      const ask = () => web.chat.getPermalink({ channel: channelId, message_ts: ts })
      const answer = await limited('chat.getPermalink', '', ask).catch(() => undefined)
      if (answer?.permalink) links.set(`${channelId} ${ts}`, answer.permalink)
    }
    return links
  }

  /** Undefined where Slack permits no files, so that the words go instead. */
  async function upload(
    channel: string,
    { name: filename, text }: FileContent,
    message: Carried,
    thread: Posted | undefined,
  ): Promise<Posted | undefined> {
    message.before()
    const file = { filename, bytes: Buffer.from(text) }
    const id = await limited('files.getUploadURLExternal', '', () => share(web, file, channel, thread?.ts))
    return id === undefined ? undefined : { channelId: channel, ts: '' }
  }

  async function edit(where: Posted, shown: Rendering): Promise<Posted> {
    const { channelId: channel, ts, picture } = where
    const { render, illustration, instead } = shown
    const update = async (form: Message) => {
      await limited('chat.update', '', () => web.chat.update({ channel, ts, ...form }))
    }
    const plainly = async (): Promise<Posted> => {
      await sendOrInWords(orRefuse(render), update, { instead, log })
      return { channelId: channel, ts }
    }
    if (!picture || !illustration) return plainly()
    const shows = shownIn(illustration)
    if (picture.shows !== shows)
      return sendIllustrated({ web, log }, illustration, async (image) => {
        if (!image) return plainly()
        await update(orRefuse(() => render(image)))
        return { channelId: channel, ts, picture: { id: image.slack_file.id, shows } }
      })
    try {
      await update(orRefuse(() => render(imageOf(picture.id, illustration))))
      return where
    } catch (error) {
      // A deleted file must not stop the edit of the message.
      if (!isAboutContent(error)) throw error
      return plainly()
    }
  }

  function membersOf(channel: string): Promise<Set<string>> {
    const seen = members.get(channel)
    if (seen && seen.until > performance.now()) return seen.users
    const users = limited('conversations.members', '', () => listMembers(web, channel))
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
    post: (destination, said, message, thread) =>
      translateErrors(destination, () => post(destination, said, message, thread)),
    edit: (where, content, destination) =>
      translateErrors(destination, () => {
        const place = { mentions: [], isDirect: isDirect(destination) }
        return edit(
          where,
          orRefuse(() => rendering(content, place)),
        )
      }),
    find: (destination, sought, since, thread) =>
      translateErrors(destination, async () => {
        // Slack itself refuses to complete a run twice.
        if (!history || executionIn(destination)) return undefined
        const channel = thread?.channelId ?? (await channelOf(destination))
        const method = thread ? 'conversations.replies' : 'conversations.history'
        return limited(method, '', () => findMessage(web, channel, sought, since, thread))
      }),
    reaches: (destination, userId) =>
      translateErrors(destination, async () => (await membersOf(await channelOf(destination))).has(userId)),
  }
}

const executionIn = (destination: string) => /^workflow:(.+)$/s.exec(destination)?.[1]

const isDirect = (destination: string): boolean => destination.startsWith('dm:')

/**
 * Renders before anything is sent. A message that cannot be rendered now never can be, so it is refused and must not
 * hold up the others.
 */
function orRefuse<T>(make: () => T): T {
  try {
    return make()
  } catch (error) {
    throw new Refused('content', `no message can be made of it: ${String(error)}`)
  }
}

async function listMembers(web: WebClient, channel: string): Promise<Set<string>> {
  const users = new Set<string>()
  for await (const page of web.paginate('conversations.members', { channel, limit: 1000 }))
    for (const user of (page as { members?: string[] }).members ?? []) users.add(user)
  return users
}

/** Searches the messages since then for the one that carries this id, or for the file. */
export async function findMessage(
  web: WebClient,
  channel: string,
  { id, content }: { id: string; content?: Content },
  since: Date,
  thread?: Posted,
): Promise<Posted | undefined> {
  const oldest = String((since.getTime() - skewMs) / 1000)
  const options = { channel, oldest, limit: 200, include_all_metadata: true }
  const pages = thread
    ? web.paginate('conversations.replies', { ...options, ts: thread.ts })
    : web.paginate('conversations.history', options)
  for await (const page of pages) {
    const found = (page as { messages?: PostedMessage[] }).messages?.find(
      ({ metadata, files }) =>
        metadata?.event_payload?.message === id ||
        files?.some(({ name }) => content && isFile(content) && content.name === name),
    )
    if (found) return { channelId: channel, ts: found.ts }
  }
  return undefined
}

type PostedMessage = {
  ts: string
  metadata?: { event_payload?: { message?: string } }
  files?: { name?: string }[]
}
