import type { ImageBlock } from '@slack/types'
import type { UsagePicture } from '../../charts/chart.ts'
import { errorName } from '../../foundation/slack.ts'
import { findPanel, type PanelPlace, rememberPanel } from '../../usage/panels.ts'
import type { Range } from '../../usage/range.ts'
import type { Message } from '../blocks.ts'
import { sendOrInWords } from '../in-words.ts'
import type { ClickInteraction, Interaction } from '../interaction.ts'
import { altTextOf } from '../messages/usage/panel.ts'
import { sendIllustrated } from '../upload-chart.ts'

/** A panel's subject and content, and the command to type where its buttons are refused. */
type About = { subjectId: string; picture: UsagePicture; range: Range; instead: string }

/** Where a panel stands, and whether it is a new message there. */
type Delivered = PanelPlace & { isNew: boolean }

/**
 * Shows a panel in a direct message: a person has one for each key and one for a workspace as a whole, which is edited
 * from then on. In an ephemeral message or a dialog the picture would be private to the app, and a channel should not
 * see a key's usage. There is no picture without requests. `earlier`: the panel whose button was pressed. Returns
 * where the panel stands; undefined when it was not delivered.
 */
export async function deliverPanel(
  interaction: Interaction,
  { subjectId, picture, range, instead }: About,
  panel: (image?: ImageBlock) => Message,
  earlier?: ClickInteraction['message'],
): Promise<Delivered | undefined> {
  const { web, world } = interaction.bot
  const of = { userId: interaction.caller.actor.id, subjectId }
  const illustration = { picture, filename: `usage-${range}.png`, altText: altTextOf(picture, range) }
  try {
    let place = earlier?.channelId.startsWith('D') ? earlier : await findPanel(world.db, of)
    let put: Delivered | undefined
    const send = async (form: Message): Promise<void> => {
      const edited = place && (await edit(interaction, place, form))
      if (!edited) place = undefined
      const { channel, ts } = edited ?? (await web.chat.postMessage({ channel: of.userId, ...form }))
      put = channel && ts ? { channelId: channel, ts, isNew: !edited } : undefined
    }
    const putWith = async (image?: ImageBlock) => {
      await (image ? send(panel(image)) : sendOrInWords(panel(), send, { instead, log: world.log }))
    }
    if (picture.steps.length === 0) await putWith()
    else await sendIllustrated({ web, log: world.log }, illustration, putWith)
    if (put) await rememberPanel(world.db, of, put, world.clock.now())
    return put
  } catch (error) {
    world.log.warn(
      { event: 'slack.usage_panel_failed', error: String(error) },
      'failed to send a usage panel as a direct message',
    )
    return undefined
  }
}

/** Slack's errors about a message that can be edited no more: somebody deleted it, or the conversation is another one. */
const gone = new Set(['message_not_found', 'channel_not_found', 'cant_update_message', 'edit_window_closed'])

/** Undefined when there is nothing to edit any more. */
async function edit({ bot }: Interaction, { channelId, ts }: PanelPlace, form: Message) {
  try {
    return await bot.web.chat.update({ channel: channelId, ts, ...form })
  } catch (error) {
    if (gone.has(errorName(error) ?? '')) return undefined
    throw error
  }
}

/**
 * Answers where the panel was asked for: with a link to it where it stands elsewhere, or further up for having stood
 * there before.
 */
export async function replyWithLink(
  interaction: Interaction,
  { channelId, ts, isNew }: Delivered,
  reply: (link: string | undefined) => Message,
): Promise<void> {
  if (isNew && channelId === interaction.channelId) return
  const { chat } = interaction.bot.web
  const link = await chat.getPermalink({ channel: channelId, message_ts: ts }).catch(() => undefined)
  await interaction.say(reply(link?.permalink))
}
