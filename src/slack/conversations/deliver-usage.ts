import type { ImageBlock } from '@slack/types'
import type { UsagePicture } from '../../charts/chart.ts'
import type { Range } from '../../usage/range.ts'
import type { Message } from '../blocks.ts'
import { sendOrInWords } from '../in-words.ts'
import type { ClickInteraction, Interaction } from '../interaction.ts'
import { altTextOf } from '../messages/usage/panel.ts'
import { sendIllustrated } from '../upload-chart.ts'

/**
 * Sends a panel as a direct message, or updates an earlier one. In an ephemeral message or a dialog the picture would
 * be private to the app, and a channel should not see a key's usage. There is no picture without requests. `instead`
 * is the command to type where the buttons are refused. Returns whether the panel was delivered.
 */
export async function deliverPanel(
  interaction: Interaction,
  { picture, range }: { picture: UsagePicture; range: Range },
  panel: (image?: ImageBlock) => Message,
  { earlier, instead }: { earlier?: ClickInteraction['message']; instead: string },
): Promise<boolean> {
  const { web, world } = interaction.bot
  const place = earlier?.channelId.startsWith('D') ? earlier : undefined
  const illustration = { picture, filename: `usage-${range}.png`, altText: altTextOf(picture, range) }
  const send = (form: Message): Promise<unknown> =>
    place
      ? web.chat.update({ channel: place.channelId, ts: place.ts, ...form })
      : web.chat.postMessage({ channel: interaction.caller.actor.id, ...form })
  const put = async (image?: ImageBlock) => {
    await (image ? send(panel(image)) : sendOrInWords(panel(), send, { instead, log: world.log }))
  }
  try {
    if (picture.steps.length === 0) await put()
    else await sendIllustrated({ web, log: world.log }, illustration, put)
    return true
  } catch (error) {
    world.log.warn(
      { event: 'slack.usage_panel_failed', error: String(error) },
      'failed to send a usage panel as a direct message',
    )
    return false
  }
}
