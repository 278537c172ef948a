import type { WebClient } from '@slack/web-api'
import type { Log } from '../foundation/log.ts'
import { say } from '../foundation/words.ts'
import type { Posted } from '../notifications/channel.ts'
import type { Announcer } from '../offboarding/announcer.ts'
import type { Counts } from '../offboarding/report.ts'
import { type AnnouncingOptions, findPosted, historyLimit, openChannels } from './announcing.ts'
import { actions, button, type Message, message } from './blocks.ts'
import { post } from './channels.ts'
import { sendOrInWords } from './in-words.ts'
import { count } from './messages/keys/key.ts'
import { closedMessage, requestMessage } from './messages/keys/request.ts'
import { offboardingMessage } from './messages/offboarding/progress.ts'
import { sentenceBlock } from './phrase.ts'
import { ref } from './ref.ts'
import { withTranslatedErrors } from './refusals.ts'

const offersInAMessage = 10
const hasEnded = /function_execution_not_found|execution_not_in_running_state/

/**
 * Posts offboardings to Slack, each with its id in the metadata; as plain text where Slack refuses the blocks.
 * Without `history` no earlier attempt is ever found.
 */
export function slackAnnouncer(
  web: WebClient,
  log?: Log,
  { history = true }: AnnouncingOptions = {},
): Announcer {
  const channelOf = openChannels(web)
  const instead = '/keys offboard @person'
  const update = async ({ channelId: channel, ts }: Posted, full: Message, more: { instead?: string } = {}) =>
    void (await sendOrInWords(full, (form) => web.chat.update({ channel, ts, ...form }), { ...more, log }))
  const direct = async (channel: string, full: Message) =>
    void (await sendOrInWords(full, (form) => web.chat.postMessage({ channel, ...form }), { log }))
  return {
    post: (report, messageId, again) =>
      withTranslatedErrors(async () => {
        const channel = await channelOf(report.channel)
        const earlier = again && history ? await findPosted(web, channel, messageId) : undefined
        if (earlier) return earlier
        const metadata = { event_type: 'keywarden_offboarding', event_payload: { message: messageId } }
        const send = (form: Message) => post(web, { channel, metadata, ...form })
        const posted = await sendOrInWords(offboardingMessage(report), send, { instead, log })
        return { channelId: channel, ts: posted.ts! }
      }),
    edit: (where, report) =>
      withTranslatedErrors(() => update(where, offboardingMessage(report), { instead })),
    file: ({ channelId: channel_id, ts: thread_ts }, filename, content, again) =>
      withTranslatedErrors(async () => {
        if (again && history && (await isFiled(web, channel_id, thread_ts, filename))) return
        await web.filesUploadV2({ channel_id, thread_ts, filename, content, title: filename })
      }),
    offer: (userId, leaver, offers) =>
      withTranslatedErrors(async () => {
        const rows = offers.slice(0, offersInAMessage).flatMap((key) => [
          sentenceBlock(say`${{ name: key.name }} · ${key.scopes.join(', ')}`),
          actions(
            button('Reveal key', `key.reveal.${key.keyId}`, ref(key.workspaceId, key.keyId), {
              label: `Reveal ${key.name}`,
            }),
          ),
        ])
        const more = offers.length - offersInAMessage
        const text = say`${{ user: leaver }} leaves, and you take over. These keys wait for you to reveal them, for 7 days.`
        const rest = more > 0 ? [sentenceBlock(say`And ${more} more: ${{ code: '/keys list mine' }}.`)] : []
        await direct(userId, message(text, ...rows, ...rest))
      }),
    showClosed: (request) => withTranslatedErrors(() => update(request.posted!, requestMessage(request))),
    announceClosed: (request) =>
      withTranslatedErrors(() => direct(request.requestedBy, closedMessage(request))),
    complete: (execution, counts, where) =>
      withTranslatedErrors(async () => {
        const outputs = { ...outputsOf(counts), ...(await linkTo(web, where)) }
        await web.functions.completeSuccess({ function_execution_id: execution, outputs })
      }).catch((error) => {
        // A step that has ended takes no answer; an earlier answer may have arrived although its reply was lost.
        if (!hasEnded.test(String(error))) throw error
      }),
  }
}

function outputsOf(counts: Counts) {
  const { all, refused, rotating, kept, handedOver, failed } = counts
  const summary = `${count(all, 'key')}: ${refused} refused, ${rotating} rotating, ${kept + handedOver} kept, ${failed} failed`
  return { keys: all, refused, rotating, kept: kept + handedOver, failed, summary }
}

async function linkTo(web: WebClient, where: Posted | undefined): Promise<{ report?: string }> {
  if (!where) return { report: '' }
  try {
    const { permalink } = await web.chat.getPermalink({ channel: where.channelId, message_ts: where.ts })
    return { report: permalink ?? '' }
  } catch (error) {
    // A deleted message must not hold up the step.
    if (!/message_not_found|channel_not_found/.test(String(error))) throw error
    return { report: '' }
  }
}

async function isFiled(web: WebClient, channel: string, ts: string, name: string): Promise<boolean> {
  const { messages = [] } = await web.conversations.replies({ channel, ts, limit: historyLimit })
  return messages.some(({ files = [] }) => files.some((file) => file.name === name))
}
