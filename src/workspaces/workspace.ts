import { record } from '../audit/record.ts'
import type { Executor } from '../foundation/database.ts'
import { newId } from '../foundation/ids.ts'
import type { Random } from '../foundation/random.ts'
import { type Refusal, refuse } from '../foundation/refusal.ts'
import type { Act } from '../members/actor.ts'
import { effectiveRole, type Member, memberOf } from '../members/member.ts'
import { type Policy, readPolicy } from '../policy/policy.ts'

export type Workspace = { id: string; accountId: string; name: string; policy: Policy }

/** A workspace as people name it in a command. */
export const inWorkspace = (name: string): string => (/\s/.test(name) ? `in:"${name}"` : `in:${name}`)

type Row = { id: string; account_id: string; name: string; policy: unknown }

const toWorkspace = (row: Row): Workspace => ({
  id: row.id,
  accountId: row.account_id,
  name: row.name,
  policy: readPolicy(row.policy),
})

const columns = ['workspaces.id', 'workspaces.account_id', 'workspaces.name', 'workspaces.policy']

/** The workspaces of a Slack team's account, oldest first; none for a team that has no account. */
export async function workspacesOfTeam(db: Executor, slackTeamId: string): Promise<Workspace[]> {
  const rows = await db('workspaces')
    .join('accounts', 'accounts.id', 'workspaces.account_id')
    .where('accounts.slack_team_id', slackTeamId)
    .orderBy(['workspaces.created_at', 'workspaces.id'])
    .limit(100)
    .select(columns)
  return rows.map(toWorkspace)
}

/** A workspace, and who somebody is there. `keepsRoleIn`: they are being offboarded, except in these workspaces. */
export type Place = { workspace: Workspace; member?: Member | undefined; keepsRoleIn?: string[] | undefined }

/** `workspacesOfTeam` with who that user is in each, in one statement: every request from Slack asks it. */
export async function placesOf(db: Executor, slackTeamId: string, userId: string): Promise<Place[]> {
  const { rows } = await db.raw(
    `select ${columns.map((column) => column.replace('workspaces', 'w'))}, known.rank, known.met, o.keeps_role_in
     from accounts a join workspaces w on w.account_id = a.id
       left join lateral (${effectiveRole}) known on true
       left join offboardings o on o.account_id = a.id and o.user_id = :user and o.ended_at is null
     where a.slack_team_id = :team order by w.created_at, w.id limit 100`,
    { team: slackTeamId, user: userId },
  )
  return rows.map((row: Row & { rank: number; met: boolean; keeps_role_in: string[] | null }) => ({
    workspace: toWorkspace(row),
    member: memberOf(row.id, userId, row),
    keepsRoleIn: row.keeps_role_in ?? undefined,
  }))
}

/** Every workspace, oldest first, for jobs. */
export async function allWorkspaces(db: Executor): Promise<Workspace[]> {
  return (await db('workspaces').orderBy(['created_at', 'id']).select(columns)).map(toWorkspace)
}

/** Adds a workspace to an account. */
export async function addWorkspace(
  act: Act,
  accountId: string,
  wanted: { name: string; policy: Partial<Policy> },
  random: Random,
): Promise<Workspace | Refusal> {
  const name = wanted.name.trim()
  if (name === '' || [...name].length > 80)
    return refuse('invalid', 'A workspace needs a name of 1 to 80 characters.')
  const [row] = await act
    .trx('workspaces')
    .insert({
      id: newId('ws', random),
      account_id: accountId,
      name,
      name_folded: name.toLowerCase(),
      policy: JSON.stringify(wanted.policy),
      created_at: act.now,
    })
    .onConflict(['account_id', 'name_folded'])
    .ignore()
    .returning(columns)
  if (!row) return refuse('duplicate', `There is a workspace called ${name} already.`)
  await record(act, { event: 'workspace.created', workspaceId: row.id, details: { name } })
  return toWorkspace(row)
}

/** Copies the owners of one workspace who are still there to another, so that a new one is not without an owner. */
export async function inheritOwners(act: Act, fromWorkspaceId: string, toWorkspaceId: string): Promise<void> {
  const { rows } = await act.trx.raw(
    `insert into members (workspace_id, user_id, role, added_at, changed_at)
     select ?, user_id, role, ?, ? from members where workspace_id = ? and role = 'owner' and left_at is null
     on conflict do nothing returning user_id`,
    [toWorkspaceId, act.now, act.now, fromWorkspaceId],
  )
  for (const { user_id: user } of rows)
    await record(act, {
      event: 'role.set',
      workspaceId: toWorkspaceId,
      details: { user, role: 'owner', before: 'member' },
    })
}

/** Lets verifiers of this account look up tokens that Keywarden did not generate. */
export async function allowForeignTokens(act: Act, accountId: string): Promise<void> {
  await act.trx('accounts').where({ id: accountId, foreign_tokens: false }).update({ foreign_tokens: true })
}
