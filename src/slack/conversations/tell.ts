import type { Message } from '../blocks.ts'
import { sendOrInWords } from '../in-words.ts'
import type { Story } from '../story.ts'

/** A direct message. What it says can be found elsewhere too, so failing to deliver it is logged and no more. */
export async function tell({ door }: Pick<Story, 'door'>, userId: string, message: Message): Promise<void> {
  const { log } = door.world
  const post = (form: Message) => door.web.chat.postMessage({ channel: userId, ...form })
  await sendOrInWords(message, post, { log }).catch((error) =>
    log.warn({ error: String(error) }, 'a direct message was not delivered'),
  )
}
