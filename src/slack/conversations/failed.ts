import { isRefusal } from '../../foundation/refusal.ts'
import { say } from '../../foundation/words.ts'
import { sendAgain } from '../../notifications/failed.ts'
import { message } from '../blocks.ts'
import type { OnClick } from '../interaction.ts'
import { performFor } from '../perform-for.ts'

/** [Send again]: every failed message of the workspace. */
export const sendFailedAgain: OnClick = async (interaction) => {
  const { bot, caller } = interaction
  const sent = await performFor(interaction, (act) => sendAgain(act, caller.workspace.id))
  if (isRefusal(sent)) return sent
  bot.refresh(caller.workspace)
  await interaction.say(message(say`Sending ${sent} ${sent === 1 ? 'message' : 'messages'} again.`))
}
