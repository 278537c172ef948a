import { isRefusal } from '../../foundation/refusal.ts'
import { sendAgain } from '../../notifications/failed.ts'
import type { OnClick } from '../interaction.ts'
import { performFor } from '../perform-for.ts'
import { drawHome } from './home.ts'

/** [Send again] on Home: every failed message of the workspace. */
export const sendFailedAgain: OnClick = async (interaction) => {
  const { bot, caller } = interaction
  const sent = await performFor(interaction, (act) => sendAgain(act, caller.workspace.id))
  if (isRefusal(sent)) return sent
  bot.refresh(caller.workspace)
  return drawHome(bot, caller)
}
