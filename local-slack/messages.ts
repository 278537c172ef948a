import type { Channel } from './contract.ts'
import type { Fields } from './fields.ts'
import { fileProblems, shareFiles } from './files.ts'
import { invalid, Refusal } from './refusal.ts'
import { changed, nextTs, type StoredMessage, type World } from './state.ts'
import type { Content } from './validate/message.ts'

type Draft = {
  channel: Channel
  user: string
  content: Content
  threadTs?: string
  isBroadcast?: boolean
  onlyFor?: string
  fileIds?: string[]
  executionId?: string
}

export function messagesIn(world: World, channel: string): StoredMessage[] {
  const known = world.messages.get(channel)
  if (known) return known
  const messages: StoredMessage[] = []
  world.messages.set(channel, messages)
  return messages
}

function checkImages(world: World, blocks: Fields[]): void {
  const found = fileProblems(world, blocks, '/blocks')
  if (found.length > 0) throw invalid('invalid_blocks', found)
}

/** The message that a reply belongs to; a reply to a reply goes to the same thread. */
function parentOf(world: World, channel: string, threadTs: string): StoredMessage {
  const found = messagesIn(world, channel).find((one) => one.ts === threadTs && one.onlyFor === undefined)
  if (!found) throw new Refusal('cannot_reply_to_message')
  return found.threadTs === undefined ? found : parentOf(world, channel, found.threadTs)
}

/** Puts a message into a channel and returns it. Refuses: cannot_reply_to_message, invalid_blocks. */
export function post(world: World, now: Date, draft: Draft): StoredMessage {
  const { channel, user, content } = draft
  checkImages(world, content.blocks ?? [])
  const parent = draft.threadTs === undefined ? undefined : parentOf(world, channel.id, draft.threadTs)
  const message: StoredMessage = {
    channel: channel.id,
    ts: nextTs(world, now),
    user,
    username: world.people.get(user)?.realName ?? user,
    text: content.text,
    blocks: content.blocks ?? [],
    attachments: content.attachments ?? [],
    fileIds: draft.fileIds ?? [],
    threadTs: parent?.ts,
    broadcast: draft.isBroadcast === true,
    replies: 0,
    ephemeral: draft.onlyFor !== undefined,
    onlyFor: draft.onlyFor,
    executionId: draft.executionId,
    edited: false,
    metadata: content.metadata ?? undefined,
  }
  if (parent && draft.onlyFor === undefined) parent.replies += 1
  messagesIn(world, channel.id).push(message)
  if (!message.ephemeral) shareFiles(world, message.blocks, channel.id)
  changed(world)
  return message
}

/**
 * Changes what a message says. Text without blocks takes the blocks away; attachments and metadata
 * that are not given stay. Only a message shown as text is marked as edited.
 * https://docs.slack.dev/reference/methods/chat.update
 */
export function rewrite(world: World, message: StoredMessage, content: Content): void {
  checkImages(world, content.blocks ?? [])
  message.text = content.text
  message.blocks = content.blocks ?? (content.text === '' ? message.blocks : [])
  if (content.attachments !== undefined) message.attachments = content.attachments
  if (content.metadata !== undefined) message.metadata = content.metadata ?? undefined
  message.edited ||= message.blocks.length === 0
  if (!message.ephemeral) shareFiles(world, message.blocks, message.channel)
  changed(world)
}

/** Takes a message away; one with replies leaves a tombstone, as in Slack. */
export function remove(world: World, message: StoredMessage): void {
  const all = messagesIn(world, message.channel)
  if (message.replies > 0) {
    const gone = {
      text: 'This message was deleted.',
      blocks: [],
      attachments: [],
      fileIds: [],
      metadata: undefined,
    }
    Object.assign(message, gone, { isTombstone: true, user: 'USLACKBOT', username: 'Slackbot' })
  } else {
    all.splice(all.indexOf(message), 1)
    const parent = all.find((one) => one.ts === message.threadTs)
    if (parent && message.onlyFor === undefined) parent.replies -= 1
  }
  changed(world)
}

function namedFile(world: World, id: string): Fields {
  const file = world.files.get(id)
  return { id, ...(file ? { name: file.name, title: file.title } : {}) }
}

/** A message as the Web API and the events show it. */
export function messageObject(world: World, message: StoredMessage, withMetadata = true): Fields {
  const isApp = message.user === world.app.botUserId
  const replies = messagesIn(world, message.channel).filter(
    (one) => one.threadTs === message.ts && !one.ephemeral,
  )
  return {
    type: 'message',
    ...(message.isTombstone ? { subtype: 'tombstone', hidden: true } : {}),
    ...(message.broadcast ? { subtype: 'thread_broadcast' } : {}),
    user: message.user,
    ts: message.ts,
    ...(isApp ? { bot_id: world.app.botId, app_id: world.app.id } : {}),
    team: world.team.id,
    text: message.text,
    ...(message.blocks.length > 0 ? { blocks: message.blocks } : {}),
    ...(message.attachments.length > 0 ? { attachments: message.attachments } : {}),
    ...(message.fileIds.length > 0 ? { files: message.fileIds.map((id) => namedFile(world, id)) } : {}),
    ...(message.edited ? { edited: { user: message.user, ts: message.ts } } : {}),
    ...(message.threadTs ? { thread_ts: message.threadTs } : {}),
    ...(replies.length > 0
      ? { thread_ts: message.ts, reply_count: replies.length, latest_reply: replies.at(-1)!.ts }
      : {}),
    ...(withMetadata && message.metadata ? { metadata: message.metadata } : {}),
  }
}
