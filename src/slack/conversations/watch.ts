import { isRefusal } from '../../foundation/refusal.ts'
import { setPolicy } from '../../workspaces/policy.ts'
import { notice, plainSection } from '../blocks.ts'
import { choicesIn, type OnCommand, type OnSubmit } from '../interaction.ts'
import { watchedView, watchForm } from '../messages/workspace/watch.ts'
import { performFor } from '../perform-for.ts'
import { joinChannel } from './policy.ts'

/** `/keys watch` */
export const openWatch: OnCommand = (interaction) => interaction.show(watchForm(interaction.caller.workspace))

export const submitWatch: OnSubmit = async (interaction) => {
  const { workspace } = interaction.caller
  const wanted = { ...workspace.policy, watchedChannels: choicesIn(interaction.values, 'channels') }
  await interaction.work(notice('Watched channels', [plainSection('Saving...')]))
  const policy = await performFor(
    interaction,
    (act) => setPolicy(act, workspace.id, wanted, interaction.metadata),
    undefined,
    { changesRoles: true },
  )
  if (isRefusal(policy)) return policy
  const refused = await Promise.all(
    policy.watchedChannels.map((channel) => joinChannel(interaction, channel)),
  )
  await interaction.show(
    watchedView(
      policy.watchedChannels.length,
      refused.filter((name) => name !== undefined),
    ),
  )
}
