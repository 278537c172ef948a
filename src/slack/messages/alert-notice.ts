import type { Notice } from '../../alerts/channel.ts'
import { type Phrase, say } from '../../foundation/words.ts'
import { type Message, message } from '../blocks.ts'
import { digestMessage } from './digest.ts'

/** What is said once and stands for itself. */
export const noticeMessage = (notice: Notice): Message =>
  notice.about === 'digest' ? digestMessage(notice) : lostMessage(notice)

function lostMessage({ channel, reason }: Notice & { about: 'channel-lost' }): Message {
  const because = reasons[reason] ?? reason
  return message(
    say`I cannot post alerts in ${channelName(channel)} any more: ${because}. Until that changes, alerts come to the owners here. ${remedy(reason)}`,
  )
}

const channelName = (channel: string): Phrase =>
  /^[CG][A-Z0-9]{8,}$/.test(channel) ? say`the alert channel` : say`${{ name: `#${channel}` }}`

const reasons: Record<string, string> = {
  is_archived: 'it is archived',
  channel_not_found: 'it is gone or archived, or I was taken out of it',
  not_in_channel: 'I was taken out of it',
  restricted_action: 'posting there is restricted',
}

const remedy = (reason: string): Phrase =>
  reason === 'not_in_channel'
    ? say`Type there ${{ code: '/invite @Keywarden' }}, or choose another channel with ${{ code: '/keys policy' }}.`
    : say`Bring it back and type there ${{ code: '/invite @Keywarden' }}, or choose another channel with ${{ code: '/keys policy' }}.`
