import { findChannel, isMember } from '../channels.ts'
import type { Slack } from '../context.ts'
import { type Fields, flagAt, stringAt } from '../fields.ts'
import { messageObject, messagesIn } from '../messages.ts'
import { Refusal } from '../refusal.ts'
import type { StoredMessage } from '../state.ts'
import { needScopeFor } from './conversations.ts'
import { type Caller, hasScope, type Method, paged, required } from './method.ts'

const everyHistory = ['channels:history', 'groups:history', 'im:history', 'mpim:history']

function within(args: Fields, message: StoredMessage): boolean {
  const ts = Number(message.ts)
  const oldest = Number(stringAt(args, 'oldest') ?? '0')
  const latest = Number(stringAt(args, 'latest') ?? Number.POSITIVE_INFINITY)
  return flagAt(args, 'inclusive') ? ts >= oldest && ts <= latest : ts > oldest && ts < latest
}

/** The messages of a channel that everybody may read. Refuses: channel_not_found, not_in_channel, missing_scope. */
function readable(slack: Slack, args: Fields, caller: Caller): StoredMessage[] {
  const channel = findChannel(slack.world, required(args, 'channel'))
  needScopeFor(caller, channel, 'history')
  if (!isMember(channel, slack.world.app.botUserId)) throw new Refusal('not_in_channel')
  return messagesIn(slack.world, channel.id).filter((one) => !one.ephemeral)
}

function pageOf(slack: Slack, messages: StoredMessage[], args: Fields, caller: Caller): Fields {
  const withMetadata = flagAt(args, 'include_all_metadata') && hasScope(caller, 'metadata.message:read')
  const { page, metadata } = paged(messages, args)
  return {
    messages: page.map((one) => messageObject(slack.world, one, withMetadata)),
    has_more: page.length > 0 && page.at(-1) !== messages.at(-1),
    ...metadata,
  }
}

export const history: Record<string, Method> = {
  'conversations.history': {
    scopes: everyHistory,
    run(slack, args, caller) {
      const messages = readable(slack, args, caller).filter(
        (one) => (one.threadTs === undefined || one.broadcast) && within(args, one),
      )
      return { ...pageOf(slack, messages.reverse(), args, caller), pin_count: 0 }
    },
  },
  'conversations.replies': {
    scopes: everyHistory,
    run(slack, args, caller) {
      const all = readable(slack, args, caller)
      const asked = required(args, 'ts')
      const found = all.find((one) => one.ts === asked)
      if (!found) throw new Refusal('thread_not_found')
      const root = found.threadTs ?? found.ts
      const thread = all.filter((one) => one.ts === root || (one.threadTs === root && within(args, one)))
      return pageOf(slack, thread, args, caller)
    },
  },
}
