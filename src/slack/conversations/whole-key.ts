import { orDatabaseOut } from '../../foundation/database.ts'
import { isRefusal } from '../../foundation/refusal.ts'
import { findKeyByToken } from '../../keys/find.ts'
import type { OnCommand } from '../interaction.ts'
import { wholeKeyMessage } from '../messages/keys/whole-key.ts'
import { viewer } from './pick.ts'

/** Handles a whole token that was typed. Only its hash is used; anyone who saw it can use it. */
export const wholeKey =
  (token: string): OnCommand =>
  async (interaction) => {
    const key = await orDatabaseOut(() =>
      findKeyByToken(interaction.bot.world.db, viewer(interaction), token),
    )
    if (isRefusal(key)) return key
    await interaction.say(wholeKeyMessage(key, interaction.caller.actor))
  }
