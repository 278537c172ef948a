import { destination, findChannel, isMember, mayPost } from '../channels.ts'
import type { Slack } from '../context.ts'
import { type Fields, flagAt, stringAt } from '../fields.ts'
import { announce } from '../interaction/message-events.ts'
import { messageObject, messagesIn, post, remove, rewrite } from '../messages.ts'
import { countCall } from '../rate-limit.ts'
import { Refusal } from '../refusal.ts'
import type { StoredMessage } from '../state.ts'
import { type Content, contentOf, saysSomething } from '../validate/message.ts'
import { hasScope, type Method, required } from './method.ts'

/** Slack edits shorter texts than it posts. */
const editedCharacters = 4_000

function contentToPost(slack: Slack, args: Fields): Content {
  const content = contentOf(args, slack.refusedBlocks)
  if (!saysSomething(content)) throw new Refusal('no_text')
  return content
}

/** One of the app's own messages. Refuses: message_not_found, and `error` for someone else's. */
function ownMessage(slack: Slack, args: Fields, error: string): StoredMessage {
  const channel = findChannel(slack.world, required(args, 'channel'))
  const ts = required(args, 'ts')
  const message = messagesIn(slack.world, channel.id).find((one) => one.ts === ts && !one.ephemeral)
  if (!message || message.isTombstone) throw new Refusal('message_not_found')
  if (message.user !== slack.world.app.botUserId) throw new Refusal(error)
  return message
}

export const chat: Record<string, Method> = {
  'chat.postMessage': {
    scopes: ['chat:write'],
    run(slack, args, caller) {
      const { world } = slack
      const channel = destination(world, stringAt(args, 'channel'))
      mayPost(world, channel, hasScope(caller, 'chat:write.public') && caller.scopes !== undefined)
      const content = contentToPost(slack, args)
      countCall(slack.rateLimit, channel.id)
      const threadTs = stringAt(args, 'thread_ts')
      const isBroadcast = threadTs !== undefined && flagAt(args, 'reply_broadcast')
      const user = world.app.botUserId
      const message = post(world, slack.clock.now(), {
        channel,
        user,
        content,
        threadTs,
        isBroadcast,
        executionId: caller.executionId,
      })
      // Slack sends an app its own messages too; nobody waits for that.
      void announce(slack, message)
      return { channel: channel.id, ts: message.ts, message: messageObject(world, message) }
    },
  },
  'chat.postEphemeral': {
    scopes: ['chat:write'],
    run(slack, args) {
      const { world } = slack
      const channel = destination(world, stringAt(args, 'channel'))
      mayPost(world, channel, false)
      const onlyFor = required(args, 'user')
      if (!world.people.has(onlyFor) || !isMember(channel, onlyFor)) throw new Refusal('user_not_in_channel')
      const content = contentToPost(slack, args)
      countCall(slack.rateLimit, channel.id)
      const threadTs = stringAt(args, 'thread_ts')
      const user = world.app.botUserId
      const message = post(world, slack.clock.now(), { channel, user, content, threadTs, onlyFor })
      return { message_ts: message.ts }
    },
  },
  'chat.update': {
    scopes: ['chat:write'],
    run(slack, args) {
      const message = ownMessage(slack, args, 'cant_update_message')
      const content = contentOf(args, slack.refusedBlocks)
      if (!saysSomething(content)) throw new Refusal('no_text')
      if (content.text.length > editedCharacters) throw new Refusal('msg_too_long')
      if (slack.world.channels.get(message.channel)!.archived) throw new Refusal('is_archived')
      rewrite(slack.world, message, content)
      const { channel, ts, text } = message
      return { channel, ts, text, message: messageObject(slack.world, message) }
    },
  },
  'chat.delete': {
    scopes: ['chat:write'],
    run(slack, args) {
      const message = ownMessage(slack, args, 'cant_delete_message')
      remove(slack.world, message)
      return { channel: message.channel, ts: message.ts }
    },
  },
  'chat.getPermalink': {
    scopes: [],
    run(slack, args) {
      const channel = findChannel(slack.world, required(args, 'channel'))
      const ts = required(args, 'message_ts')
      const message = messagesIn(slack.world, channel.id).find((one) => one.ts === ts)
      if (!message) throw new Refusal('message_not_found')
      const thread = message.threadTs ? `?thread_ts=${message.threadTs}&cid=${channel.id}` : ''
      const permalink = `${slack.url}/archives/${channel.id}/p${ts.replace('.', '')}${thread}`
      return { channel: channel.id, permalink }
    },
  },
}
