import type { Command } from 'commander'
import { newId } from '../foundation/ids.ts'
import { isRefusal, type Refusal, refuse } from '../foundation/refusal.ts'
import { isSlackUser, say } from '../foundation/words.ts'
import { confirmNewest } from '../leases/confirm.ts'
import type { Act } from '../members/actor.ts'
import { setRole } from '../workspaces/roles.ts'
import { resumeWorkspace, suspendWorkspace } from '../workspaces/suspend.ts'
import { addWorkspace, inheritOwners, type Workspace } from '../workspaces/workspace.ts'
import { asOperator, complain, complainRepeated, onlyAccount, printConfirmed, withWorld } from './operator.ts'
import { day, printOut } from './print.ts'
import { whichWorkspace } from './which-workspace.ts'

/** `keywarden workspace add|owner|suspend|resume|list` */
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
        printOut(`${user} owns: ${made.join(', ')}.`)
      }),
    )
  const suspension = (verb: keyof typeof suspensions, what: string) =>
    verbs
      .command(`${verb} <name>`)
      .description(what)
      .option('--reason <words>', 'why; goes into the audit')
      .action(async (name: string, options: { reason?: string }) =>
        failed(await changeSuspension(env, verb, name, options.reason)),
      )
  suspension('suspend', 'refuse every key of a workspace, and wait until every server does; resume undoes it')
  suspension('resume', 'accept the keys of a suspended workspace again, as they were')
  verbs
    .command('list')
    .description('list the workspaces with their ids')
    .action(() =>
      withWorld(env, async (world) => {
        const rows = await world.db('workspaces').orderBy('created_at').limit(100)
        for (const row of rows) print(row, row.suspended_at)
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

const suspensions = {
  suspend: {
    act: suspendWorkspace,
    inWords: (name: string) => ({
      done: say`Suspended ${{ name }} until you resume it.`,
      underWay: say`Suspending ${{ name }}, until you resume it.`,
    }),
  },
  resume: {
    act: resumeWorkspace,
    inWords: (name: string) => ({
      done: say`Resumed ${{ name }}: its keys are as they were.`,
      underWay: say`Resuming ${{ name }}.`,
    }),
  },
}

/** Suspends or resumes one workspace. Returns 0 when every verifier has confirmed it. */
const changeSuspension = (
  env: Record<string, string | undefined>,
  verb: keyof typeof suspensions,
  name: string,
  reason: string | undefined,
): Promise<number> =>
  withWorld(env, async (world) => {
    const workspace = await whichWorkspace(world, name)
    if (isRefusal(workspace)) return complain(workspace)
    const { act: work, inWords } = suspensions[verb]
    const requestId = newId('run', world.random)
    const changed = await asOperator(world, (act) => work(act, workspace, reason), { requestId })
    if (isRefusal(changed) && changed.code === 'already') {
      const subject = { kind: 'workspace', id: workspace.id } as const
      return complainRepeated(changed, (within) => confirmNewest(world, subject, within), 'rule')
    }
    if (isRefusal(changed)) return complain(changed)
    return printConfirmed(world, requestId, inWords(changed.name), 'rule')
  })

const print = ({ id, name }: Pick<Workspace, 'id' | 'name'>, suspendedAt: Date | null = null) =>
  printOut(`${id}  ${name}${suspendedAt ? `  suspended ${day(suspendedAt)}` : ''}`)
