import { record } from '../audit/record.ts'
import { newId } from '../foundation/ids.ts'
import type { Random } from '../foundation/random.ts'
import { isRefusal, type Refusal } from '../foundation/refusal.ts'
import type { Act } from '../members/actor.ts'
import type { Policy } from '../policy/policy.ts'
import { addWorkspace, type Workspace, workspacesOfTeam } from './workspace.ts'

export type FirstStart = {
  team: { id: string; name: string }
  ownerIds: string[]
  workspace: string
  policy: Partial<Policy>
}

/**
 * Creates the first account, workspace and owner for a Slack team. A team that already has an account is left as it
 * is: configuration decides the first start only. Two first starts at once create one account.
 */
export async function bootstrap(act: Act, first: FirstStart, random: Random): Promise<Workspace | Refusal> {
  const created = await act
    .trx('accounts')
    .insert({
      id: newId('acc', random),
      slack_team_id: first.team.id,
      name: first.team.name,
      created_at: act.now,
    })
    .onConflict('slack_team_id')
    .ignore()
    .returning('id')
  if (created.length === 0) return (await workspacesOfTeam(act.trx, first.team.id))[0]!
  const workspace = await addWorkspace(
    act,
    created[0].id,
    { name: first.workspace, policy: first.policy },
    random,
  )
  if (isRefusal(workspace)) return workspace
  for (const user_id of first.ownerIds) {
    const row = { workspace_id: workspace.id, user_id, role: 'owner', added_at: act.now, changed_at: act.now }
    await act.trx('members').insert(row)
    const details = { user: user_id, role: 'owner', because: 'first start' }
    await record(act, { event: 'role.set', workspaceId: workspace.id, details })
  }
  return workspace
}
