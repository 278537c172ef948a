import { listConnections, makeConnection, revokeConnection } from '../../directory/connections.ts'
import { orDatabaseOut } from '../../foundation/database.ts'
import { isRefusal, refuse } from '../../foundation/refusal.ts'
import { say } from '../../foundation/words.ts'
import type { Handled, Interaction, OnClick, OnCommand } from '../interaction.ts'
import { connectionView, connectView } from '../messages/offboarding/connect.ts'
import { performFor } from '../perform-for.ts'

/** `/keys connect` */
export const openConnect: OnCommand = (interaction) => showConnections(interaction)

async function showConnections(interaction: Interaction): Promise<Handled> {
  const { workspace } = interaction.caller
  const found = await orDatabaseOut(() => listConnections(interaction.bot.world.db, workspace.accountId))
  if (isRefusal(found)) return found
  await interaction.show(connectView(workspace, found))
}

/** [New SCIM token], [New webhook secret]: the credential is shown only in this dialog. */
export const createCredential: OnClick = async (interaction) => {
  const { world } = interaction.bot
  const { workspace } = interaction.caller
  const kind = interaction.value === 'scim' ? 'scim' : 'webhook'
  const made = await performFor(interaction, (act) => makeConnection(act, workspace, kind, world))
  if (isRefusal(made)) return made
  const { connection, secret } = made
  try {
    await interaction.show(connectionView(connection, secret))
  } catch (error) {
    // Nobody knows who saw it.
    const voided = await performFor(
      interaction,
      (act) => revokeConnection(act, workspace, connection.id),
      'not shown',
    )
    world.log.warn(
      { event: 'connection.show_failed', connectionId: connection.id, error: String(error) },
      'failed to show a new credential; it is revoked unless the database is out',
    )
    return refuse(
      'failed',
      isRefusal(voided)
        ? say`Slack did not confirm that it showed you ${{ code: connection.hint }}, and it may work.`
        : say`Slack did not confirm that it showed you ${{ code: connection.hint }}, so it was revoked.`,
      {
        next: isRefusal(voided)
          ? say`Revoke it: ${{ code: '/keys connect' }}.`
          : say`Create another: ${{ code: '/keys connect' }}.`,
      },
    )
  }
}

/** [Revoke] */
export const revokeCredential: OnClick = async (interaction) => {
  const { workspace } = interaction.caller
  const ended = await performFor(interaction, (act) => revokeConnection(act, workspace, interaction.value))
  return isRefusal(ended) ? ended : showConnections(interaction)
}
