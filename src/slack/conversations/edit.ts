import { orDatabaseOut } from '../../foundation/database.ts'
import { isRefusal } from '../../foundation/refusal.ts'
import { edit, narrows, readEdit, type TypedEdit } from '../../keys/edit.ts'
import { nameInUse } from '../../keys/find.ts'
import { nameIsTaken } from '../../keys/issue.ts'
import { normaliseName } from '../../keys/name.ts'
import { notifyOwner } from '../../keys/notify-owner.ts'
import { offerKey } from '../../keys/offers.ts'
import { revokedAlready } from '../../keys/revoked.ts'
import { notice, plainSection } from '../blocks.ts'
import { recipientError } from '../caller.ts'
import { type OnCommand, type OnSubmit, type SubmitInteraction, textIn } from '../interaction.ts'
import { editedView, editForm } from '../messages/keys/edit.ts'
import { fieldErrors } from '../messages/refusal.ts'
import { performFor } from '../perform-for.ts'
import { showReceipts } from './change.ts'
import { keyById, keyFor } from './pick.ts'

/** `/keys edit KEY` */
export const openEdit: OnCommand = async (interaction) => {
  const key = await keyFor(interaction, 'edit')
  if (!key || isRefusal(key)) return key
  if (key.status === 'revoked') return revokedAlready(key)
  await interaction.show(editForm(key))
}

export const submitEdit: OnSubmit = async (interaction) => {
  const [keyId = '', version = ''] = interaction.metadata.split(' ')
  const wanted = readEdit(readForm(interaction))
  if (Array.isArray(wanted)) return interaction.complain(fieldErrors(wanted))
  const before = await keyById(interaction, keyId)
  if (isRefusal(before)) return before
  const { bot, caller } = interaction
  const { workspace } = caller
  const renamed = normaliseName(wanted.name) !== normaliseName(before.name)
  const taken = await orDatabaseOut(
    async () => renamed && (await nameInUse(bot.world.db, workspace.id, wanted.name)),
  )
  if (isRefusal(taken)) return taken
  if (taken) return interaction.complain(fieldErrors([nameIsTaken(wanted.name)]))
  await interaction.work(notice('Edit key', [plainSection('Saving...')]))
  const wrong =
    wanted.ownerId === before.ownerId
      ? undefined
      : await recipientError(bot.world, bot.web, caller, wanted.ownerId)
  if (wrong) return interaction.complain({ owner: wrong })
  const { random } = bot.world
  const saved = await performFor(interaction, async (act) => {
    const key = await edit(act, workspace.id, keyId, wanted, Number(version))
    if (isRefusal(key) || key.ownerId === before.ownerId) return key
    if (key.status === 'unrevealed') await offerKey(act, key, 'given', random)
    else await notifyOwner(act, key, 'given', random)
    return key
  })
  if (isRefusal(saved)) return saved
  interaction.bot.refresh(workspace)
  if (narrows(before, saved))
    await showReceipts(interaction, undefined, (receipt) => editedView(saved, receipt))
  else await interaction.show(editedView(saved))
}

function readForm({ values, caller }: SubmitInteraction): TypedEdit {
  return {
    name: textIn(values, 'name'),
    description: textIn(values, 'description'),
    integration: textIn(values, 'integration'),
    ownerId: textIn(values, 'owner') || caller.actor.id,
    networks: textIn(values, 'networks'),
    limit: textIn(values, 'limit'),
  }
}
