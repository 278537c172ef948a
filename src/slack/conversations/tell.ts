import type { Message } from '../blocks.ts'
import type { Story } from '../story.ts'

/** A direct message. What it says can be found elsewhere too, so failing to deliver it is logged and no more. */
export async function tell({ door }: Pick<Story, 'door'>, userId: string, message: Message): Promise<void> {
  await door.web.chat
    .postMessage({ channel: userId, ...message })
    .catch((error) => door.world.log.warn({ error: String(error) }, 'a direct message was not delivered'))
}
