import type { Slack } from '../context.ts'
import { type Fields, flagAt, stringAt } from '../fields.ts'
import { messagesIn, post, remove, rewrite } from '../messages.ts'
import { Refusal } from '../refusal.ts'
import { type Grant, useResponseUrl } from '../response-urls.ts'
import type { StoredMessage } from '../state.ts'
import { contentOf, saysSomething } from '../validate/message.ts'

function originOf(slack: Slack, grant: Grant): StoredMessage | undefined {
  return messagesIn(slack.world, grant.channel).find((one) => one.ts === grant.origin?.ts)
}

/** Carries out a post to a response_url. Refuses: used_url, expired_url, invalid_blocks, no_text, ... */
export function respond(slack: Slack, path: string, body: Fields): void {
  const grant = useResponseUrl(slack.responseUrls, path)
  if (typeof grant === 'string') throw new Refusal(grant, {}, 404)
  const origin = originOf(slack, grant)
  if (flagAt(body, 'delete_original')) {
    if (origin) remove(slack.world, origin)
    return
  }
  const content = contentOf(body, slack.refusedBlocks)
  if (!saysSomething(content)) throw new Refusal('no_text')
  if (flagAt(body, 'replace_original') && origin) {
    rewrite(slack.world, origin, content)
    return
  }
  const channel = slack.world.channels.get(grant.channel)!
  const onlyFor = body.response_type === 'in_channel' ? undefined : grant.user
  const threadTs = stringAt(body, 'thread_ts') ?? grant.threadTs
  post(slack.world, slack.clock.now(), {
    channel,
    user: slack.world.app.botUserId,
    content,
    onlyFor,
    threadTs,
  })
}
