import { orDatabaseOut } from '../../foundation/database.ts'
import { isRefusal, type Refusal } from '../../foundation/refusal.ts'
import { type Found, findKey, findKeyById, keysToChoose } from '../../keys/find.ts'
import type { KeyWithUsage } from '../../keys/key.ts'
import { noSuchKey } from '../../policy/authorise.ts'
import type { CommandInteraction, Handled, Interaction } from '../interaction.ts'
import { nearMessage, pickerMessage } from '../messages/keys/pick.ts'

/**
 * Finds the one key that a command means. Returns nothing when it asked the person instead: several keys match, none
 * was named, or the name was nearly right. A near miss or a prefix never acts.
 */
export async function keyFor(interaction: CommandInteraction, verb: string): Promise<KeyWithUsage | Handled> {
  if (interaction.keyId) return keyById(interaction, interaction.keyId)
  const { db, config } = interaction.bot.world
  if (interaction.words === '') {
    const keys = await orDatabaseOut(() => keysToChoose(db, viewer(interaction), 100))
    return isRefusal(keys) ? keys : interaction.say(pickerMessage(keys, verb, 'Which key?'))
  }
  const found = await orDatabaseOut(() =>
    findKey(db, viewer(interaction), interaction.words, config.tokenPrefix),
  )
  return isRefusal(found) ? found : pickOf(interaction, found, verb)
}

async function pickOf(
  interaction: CommandInteraction,
  found: Found,
  verb: string,
): Promise<KeyWithUsage | Handled> {
  if (found.match === 'one') return found.key
  if (found.match === 'several')
    return interaction.say(pickerMessage(found.keys, verb, 'Several keys match. Which one?'))
  return interaction.say(nearMessage(interaction.words, found.near))
}

/** Reads the key that a button or dialog refers to. */
export async function keyById(interaction: Interaction, id: string): Promise<KeyWithUsage | Refusal> {
  const key = await orDatabaseOut(() => findKeyById(interaction.bot.world.db, viewer(interaction), id))
  return key ?? noSuchKey({ keyId: id })
}

export const viewer = ({ caller }: Pick<Interaction, 'caller'>) => ({
  actor: caller.actor,
  workspaceId: caller.workspace.id,
})
