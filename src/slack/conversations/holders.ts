import { orDatabaseOut } from '../../foundation/database.ts'
import { isRefusal } from '../../foundation/refusal.ts'
import { type Phrase, say } from '../../foundation/words.ts'
import { addHolder, holdersOf, removeHolder } from '../../keys/holders.ts'
import type { KeyWithUsage } from '../../keys/key.ts'
import { may } from '../../policy/may.ts'
import { notice, plainSection } from '../blocks.ts'
import {
  type Handled,
  type Interaction,
  type OnClick,
  type OnCommand,
  type OnSubmit,
  textIn,
} from '../interaction.ts'
import { holdersView } from '../messages/keys/holders.ts'
import { performFor } from '../perform-for.ts'
import { keyById, keyFor } from './pick.ts'

/** `/keys holders KEY` */
export const openHolders: OnCommand = async (interaction) => {
  const key = await keyFor(interaction, 'holders')
  return !key || isRefusal(key) ? key : showHolders(interaction, key)
}

async function showHolders(interaction: Interaction, key: KeyWithUsage, done?: Phrase): Promise<Handled> {
  const holders = await orDatabaseOut(() => holdersOf(interaction.bot.world.db, key.id))
  if (isRefusal(holders)) return holders
  const { actor, workspace } = interaction.caller
  const mayChange = may(actor, 'holder.add', { workspaceId: workspace.id })
  await interaction.show(holdersView(key, holders, { mayChange, viewerId: actor.id }, done))
}

/** [Remove] beside a holder who was noted by hand. */
export const dropHolder: OnClick = async (interaction) => {
  const [keyId = '', userId = ''] = interaction.value.split(' ')
  const removed = await performFor(interaction, (act) =>
    removeHolder(act, interaction.caller.workspace.id, keyId, userId),
  )
  if (isRefusal(removed)) return removed
  const key = await keyById(interaction, keyId)
  if (isRefusal(key)) return key
  return showHolders(interaction, key, say`${{ user: userId }} is not a holder any more.`)
}

export const submitHolder: OnSubmit = async (interaction) => {
  const { workspace } = interaction.caller
  const userId = textIn(interaction.values, 'person')
  if (userId === '') return interaction.complain({ person: 'Choose a person.' })
  if (textIn(interaction.values, 'why').trim() === '')
    return interaction.complain({ why: 'Say how they got it.' })
  await interaction.work(notice('Holders', [plainSection('Saving...')]))
  const added = await performFor(interaction, (act) =>
    addHolder(act, workspace.id, interaction.metadata, { userId, why: textIn(interaction.values, 'why') }),
  )
  if (isRefusal(added)) return added
  const key = await keyById(interaction, interaction.metadata)
  if (isRefusal(key)) return key
  const done = added.added ? say`${{ user: userId }} is noted.` : say`${{ user: userId }} was noted already.`
  return showHolders(interaction, key, done)
}
