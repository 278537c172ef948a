import type { Message } from '../blocks.ts'
import { sendOrInWords } from '../in-words.ts'
import type { Interaction } from '../interaction.ts'

/**
 * Sends a direct message. Its content can be found elsewhere too, so a failure is only logged. Returns the posted
 * message.
 */
export async function sendDirect(
  { bot }: Pick<Interaction, 'bot'>,
  userId: string,
  message: Message,
): Promise<{ channelId: string; ts: string } | undefined> {
  const { log } = bot.world
  const post = (form: Message) => bot.web.chat.postMessage({ channel: userId, ...form })
  try {
    const { channel, ts } = await sendOrInWords(message, post, { log })
    return channel && ts ? { channelId: channel, ts } : undefined
  } catch (error) {
    log.warn(
      { event: 'slack.direct_message_failed', error: String(error) },
      'failed to send a direct message',
    )
    return undefined
  }
}
