import type { WebClient } from '@slack/web-api'
import type { Log } from '../foundation/log.ts'
import type { RotationBoard, Shown } from '../rotation/board.ts'
import { type AnnouncingOptions, findPosted, openChannels } from './announcing.ts'
import type { Message } from './blocks.ts'
import { post } from './channels.ts'
import { sendOrInWords } from './in-words.ts'
import { offersMessage, remindMessage, saidMessage } from './messages/rotation/dialogs.ts'
import { rotationMessage } from './messages/rotation/tracker.ts'
import { withTranslatedErrors } from './refusals.ts'

const eventType = 'keywarden_rotation'

/**
 * Posts rotations to Slack, each with its id in the metadata; as plain text where Slack refuses the blocks. Without
 * `history` no earlier attempt is ever found.
 */
export function slackRotationBoard(
  web: WebClient,
  log?: Log,
  { history = true }: AnnouncingOptions = {},
): RotationBoard {
  const channelOf = openChannels(web)
  const metadata = (message: string) => ({ event_type: eventType, event_payload: { message } })
  const direct = async (channel: string, message: Message) =>
    void (await sendOrInWords(message, (form) => web.chat.postMessage({ channel, ...form }), { log }))
  return {
    post: (shown, name, messageId, again) =>
      withTranslatedErrors(async () => {
        const channel = await channelOf(name)
        const earlier = again && history ? await findPosted(web, channel, messageId) : undefined
        if (earlier) return earlier
        const send = (form: Message) => post(web, { channel, metadata: metadata(messageId), ...form })
        const posted = await sendOrInWords(rotationMessage(shown), send, { instead: commandFor(shown), log })
        return { channelId: channel, ts: posted.ts! }
      }),
    edit: ({ channelId: channel, ts }, shown) =>
      withTranslatedErrors(async () => {
        const update = (form: Message) => web.chat.update({ channel, ts, ...form })
        await sendOrInWords(rotationMessage(shown), update, { instead: commandFor(shown), log })
      }),
    reply: ({ channelId: channel, ts: thread_ts }, said, noteId, again) =>
      withTranslatedErrors(async () => {
        if (again && history && (await findPosted(web, channel, noteId, thread_ts))) return
        const send = (form: Message) => {
          const reply = { channel, thread_ts, metadata: metadata(noteId), ...form }
          return web.chat.postMessage(said.kind === 'overdue' ? { ...reply, reply_broadcast: true } : reply)
        }
        await sendOrInWords(saidMessage(said), send, { log })
      }),
    offer: (userId, trackers) => withTranslatedErrors(() => direct(userId, offersMessage(trackers))),
    remind: (userId, tracker) => withTranslatedErrors(() => direct(userId, remindMessage(tracker))),
  }
}

/** The command to type where buttons cannot be shown; it opens the running rotation. */
function commandFor(shown: Shown): string {
  if (shown.about === 'campaign') return '/keys rotate NAME'
  const { hint, name } = shown.tracker.facts.old
  return `/keys rotate ${hint ?? name}`
}
