import type { WebClient } from '@slack/web-api'
import type { RotationBoard } from '../rotation/board.ts'
import { findPosted, openChannels, withDelay } from './announcing.ts'
import { post } from './channels.ts'
import { rotationMessage } from './messages/rotation.ts'
import { offersMessage, remindMessage, saidMessage } from './messages/rotation-dialogs.ts'

const eventType = 'keywarden_rotation'

/** Rotations as Slack messages, each with its id in the metadata. */
export function slackRotationBoard(web: WebClient): RotationBoard {
  const channelOf = openChannels(web)
  const metadata = (message: string) => ({ event_type: eventType, event_payload: { message } })
  return {
    post: (shown, name, messageId, again) =>
      withDelay(async () => {
        const channel = await channelOf(name)
        const earlier = again ? await findPosted(web, channel, messageId) : undefined
        if (earlier) return earlier
        const posted = await post(web, { channel, ...rotationMessage(shown), metadata: metadata(messageId) })
        return { channelId: channel, ts: posted.ts! }
      }),
    edit: ({ channelId: channel, ts }, shown) =>
      withDelay(async () => void (await web.chat.update({ channel, ts, ...rotationMessage(shown) }))),
    reply: ({ channelId: channel, ts: thread_ts }, said, noteId, again) =>
      withDelay(async () => {
        if (again && (await findPosted(web, channel, noteId, thread_ts))) return
        const reply = { channel, thread_ts, ...saidMessage(said), metadata: metadata(noteId) }
        await web.chat.postMessage(said.kind === 'overdue' ? { ...reply, reply_broadcast: true } : reply)
      }),
    offer: (channel, trackers) =>
      withDelay(async () => void (await web.chat.postMessage({ channel, ...offersMessage(trackers) }))),
    remind: (channel, tracker) =>
      withDelay(async () => void (await web.chat.postMessage({ channel, ...remindMessage(tracker) }))),
  }
}
