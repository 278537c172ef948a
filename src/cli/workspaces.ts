import type { Command } from 'commander'
import { isRefusal, type Refusal, refuse } from '../foundation/refusal.ts'
import { isSlackUser } from '../foundation/words.ts'
import type { Act } from '../members/actor.ts'
import { setRole } from '../workspaces/roles.ts'
import { addWorkspace, inheritOwners, type Workspace } from '../workspaces/workspace.ts'
import { asOperator, complain, onlyAccount, withWorld } from './operator.ts'

/** `keywarden workspace add|owner|list` */
export function addWorkspaceVerbs(
  program: Command,
  env: Record<string, string | undefined>,
  failed: (code: number) => void,
): void {
  const verbs = program.command('workspace').description('the workspaces of the account')
  verbs
    .command('add <name>')
    .description('add a workspace; the owners of the first one own it')
    .option('--alert-channel <name>', 'its security channel; else that of the first workspace')
    .action((name: string, options: { alertChannel?: string }) =>
      withWorld(env, async (world) => {
        const account = await onlyAccount(world)
        if (isRefusal(account)) return failed(complain(account))
        const { alertChannel, timeZone } = account.workspace.policy
        const policy = { alertChannel: options.alertChannel?.replace(/^#/, '') ?? alertChannel, timeZone }
        const added = await asOperator(world, async (act) => {
          const workspace = await addWorkspace(act, account.id, { name, policy }, world.random)
          if (!isRefusal(workspace)) await inheritOwners(act, account.workspace.id, workspace.id)
          return workspace
        })
        if (isRefusal(added)) return failed(complain(added))
        print(added)
      }),
    )
  verbs
    .command('owner <user>')
    .description('make a Slack user an owner of every workspace; for when the last owner has left')
    .action((user: string) =>
      withWorld(env, async (world) => {
        const account = await onlyAccount(world)
        if (isRefusal(account)) return failed(complain(account))
        if (!isSlackUser(user))
          return failed(complain(refuse('invalid', 'Give a Slack user id such as U012AB3CD.')))
        const made = await asOperator(world, (act) => makeOwner(act, account.id, user))
        if (isRefusal(made)) return failed(complain(made))
        console.log(`${user} owns: ${made.join(', ')}.`)
      }),
    )
  verbs
    .command('list')
    .description('list the workspaces with their ids')
    .action(() =>
      withWorld(env, async (world) => {
        const rows = await world.db('workspaces').orderBy('created_at').limit(100).select('id', 'name')
        for (const row of rows) print(row)
      }),
    )
}

/** Makes a person an owner in each workspace of the account. Returns the workspaces' names. */
async function makeOwner(act: Act, accountId: string, userId: string): Promise<string[] | Refusal> {
  const workspaces = await act
    .trx('workspaces')
    .where({ account_id: accountId })
    .orderBy('id')
    .select('id', 'name')
  for (const { id } of workspaces) {
    const set = await setRole(act, id, userId, 'owner')
    if (isRefusal(set)) return set
  }
  return workspaces.map((row) => row.name)
}

const print = ({ id, name }: Pick<Workspace, 'id' | 'name'>) => console.log(`${id}  ${name}`)
