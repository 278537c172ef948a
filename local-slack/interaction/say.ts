import type { Slack } from '../context.ts'
import type { Channel, Delivered, EditRequest, Person, SayRequest } from '../contract.ts'
import { putFile } from '../files.ts'
import { messagesIn, post, rewrite } from '../messages.ts'
import { mentionsBot } from '../people.ts'
import { Impossible } from '../refusal.ts'
import { theirChannel } from './command.ts'
import { emit } from './events.ts'
import { announce, announceEdit, type OtherApp, wholeMessage } from './message-events.ts'

/** Whether a person cannot write here: the manifest turns that off for conversations with the app. */
export const isReadOnly = ({ world, manifest }: Slack, { kind, members }: Channel): boolean =>
  manifest.isReadOnly && kind === 'dm' && members.includes(world.app.botUserId)

/** A person writes a message; the app hears of it where it is a member and subscribes to that. */
export async function say(slack: Slack, person: Person, request: SayRequest): Promise<Delivered> {
  const { world } = slack
  const channel = theirChannel(slack, person, request.channel)
  if (channel.archived) return { ok: false, error: 'is_archived' }
  if (isReadOnly(slack, channel)) throw new Impossible('sending messages to this app has been turned off')
  const file = request.snippet && putFile(world, person.id, request.snippet, channel.id)
  const message = post(world, slack.clock.now(), {
    channel,
    user: person.id,
    content: { text: request.text },
    threadTs: request.threadTs,
    isBroadcast: request.broadcast === true,
    ...(file ? { fileIds: [file.id] } : {}),
  })
  const event = await announce(slack, message)
  const isHeard = channel.members.includes(world.app.botUserId) && channel.kind !== 'dm'
  if (isHeard && mentionsBot(world, request.text)) {
    await emit(slack, 'app_mention', { ...event, type: 'app_mention', channel: channel.id }, channel.shared)
  }
  return { ok: true }
}

/** A person edits a message of theirs. */
export async function edit(slack: Slack, person: Person, request: EditRequest): Promise<Delivered> {
  const channel = theirChannel(slack, person, request.channel)
  const message = messagesIn(slack.world, channel.id).find((one) => one.ts === request.ts)
  if (message?.user !== person.id) throw new Impossible(`${person.name} did not write that`)
  const before = wholeMessage(slack, message)
  rewrite(slack.world, message, { text: request.text })
  await announceEdit(slack, message, before)
  return { ok: true }
}

/** Another app of the workspace posts a message. */
export async function sayAsApp(
  slack: Slack,
  channelId: string,
  content: { text: string; blocks?: Record<string, unknown>[] },
  app: OtherApp,
): Promise<void> {
  const channel = slack.world.channels.get(channelId)!
  const message = post(slack.world, slack.clock.now(), { channel, user: 'U0ANOTHER1', content })
  await announce(slack, message, app)
}
