import type { Message } from 'local-slack/contract'
import { messagesIn } from 'local-slack/inspect'
import type { PersonClient } from 'local-slack/person'
import { said, security } from '../../sandbox/acting.ts'
import type { Database } from '../../src/foundation/database.ts'
import { openWebClient } from '../../src/foundation/slack.ts'
import type { World } from '../../src/foundation/world.ts'
import { deliverWaiting } from '../../src/notifications/deliver.ts'
import { refreshMessages } from '../../src/notifications/refresh.ts'
import { workOnRotations } from '../../src/rotation/work.ts'
import { slackChannel } from '../../src/slack/post-messages.ts'
import { sources } from '../../src/slack/sources.ts'

/** The message of a rotation in the alert channel, once it says this. */
export const tracker = (who: PersonClient, name: string, words: string | RegExp): Promise<Message> =>
  who.waitFor((screen) =>
    messagesIn(screen, security).findLast(
      (message) => !isReply(message) && said(message).includes(name) && fits(said(message), words),
    ),
  )

/** A reply below some message, once it says this. */
export const reply = (who: PersonClient, words: string | RegExp): Promise<Message> =>
  who.waitFor((screen) =>
    messagesIn(screen, security).findLast((message) => isReply(message) && fits(said(message), words)),
  )

const isReply = ({ threadTs, ts }: Message) => threadTs !== undefined && threadTs !== null && threadTs !== ts

const fits = (text: string, words: string | RegExp) =>
  typeof words === 'string' ? text.includes(words) : words.test(text)

/** Lets everything that waits for real time be tried at once: retries, pauses and refreshes. */
export async function retryNow(db: Database): Promise<void> {
  await db('outbox').whereNull('completed_at').update({ retry_after: null })
  await db('outbox_pauses').delete()
  await db('posted_messages')
    .whereNotNull('refresh_at')
    .update({ refresh_at: new Date(0), shown_at: new Date(0) })
  await db('lost_channels').update({ probe_after: new Date(0) })
}

/** Does what a worker does for rotations, so many times, without waiting for real seconds. */
export async function work({ world }: { world: World }, times = 1): Promise<void> {
  for (let i = 0; i < times; i++) {
    // A new channel was not asked to wait yet.
    const messenger = { world, channel: slackChannel(openWebClient(world), world.log), sources }
    await workOnRotations(world, { withinMs: 1_000 })
    await retryNow(world.db)
    await refreshMessages(messenger)
    await deliverWaiting(messenger)
  }
}
