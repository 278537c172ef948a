import { type Command, Option } from 'commander'
import { newId } from '../foundation/ids.ts'
import { isRefusal } from '../foundation/refusal.ts'
import { say } from '../foundation/words.ts'
import { confirmNewest } from '../leases/confirm.ts'
import type { Act } from '../members/actor.ts'
import {
  createServiceToken,
  listServiceTokens,
  revokeServiceToken,
  type ServiceTokenRight,
  serviceTokenRights,
} from '../workspaces/service-tokens.ts'
import { asOperator, complain, complainRepeated, onlyAccount, printConfirmed, withWorld } from './operator.ts'
import { printOut } from './print.ts'

/** `keywarden service-token create|list|revoke` */
export function addServiceTokenVerbs(
  program: Command,
  env: Record<string, string | undefined>,
  failed: (code: number) => void,
): void {
  const verbs = program
    .command('service-token')
    .description('credentials with which the platform asks Keywarden')
  verbs
    .command('create <name>')
    .description('make one; it is printed once and stored as a hash')
    .addOption(
      new Option('--for <right>', 'its one right: to verify keys, or to report leaks')
        .choices(serviceTokenRights)
        .default('verify'),
    )
    .action((name: string, { for: right }: { for: ServiceTokenRight }) =>
      withWorld(env, async (world) => {
        const account = await onlyAccount(world)
        if (isRefusal(account)) return failed(complain(account))
        const subject = { id: account.id, workspaceId: account.workspace.id }
        const made = await asOperator(world, (act) =>
          createServiceToken(act, subject, name, world.random, right),
        )
        if (isRefusal(made)) return failed(complain(made))
        console.error(`${made.id} is shown once. Save it in the secrets manager of ${name.trim()} now.`)
        // Only the secret goes to standard output, so that it can be piped without being seen.
        console.log(made.secret)
      }),
    )
  verbs
    .command('list')
    .description('list them; never the secrets')
    .action(() =>
      withWorld(env, async (world) => {
        const account = await onlyAccount(world)
        if (isRefusal(account)) return failed(complain(account))
        for (const token of await listServiceTokens(world.db, account.id)) {
          const state = token.revokedAt ? `revoked ${day(token.revokedAt)}` : 'live'
          printOut(
            `${token.id}  ${token.hint}  ${state}  made ${day(token.createdAt)}  for ${token.may}  ${token.name}`,
          )
        }
      }),
    )
  verbs
    .command('revoke <id>')
    .description('end one, and wait until every server refuses it')
    .action((id: string) =>
      withWorld(env, async (world) => {
        const account = await onlyAccount(world)
        if (isRefusal(account)) return failed(complain(account))
        const subject = { id: account.id, workspaceId: account.workspace.id }
        const requestId = newId('run', world.random)
        const work = (act: Act) => revokeServiceToken(act, subject, id)
        const ended = await asOperator(world, work, { requestId })
        if (isRefusal(ended) && ended.code === 'not_found') {
          const token = { kind: 'service-token', id } as const
          return failed(await complainRepeated(ended, (within) => confirmNewest(world, token, within)))
        }
        if (isRefusal(ended)) return failed(complain(ended))
        const token = { code: ended.id }
        const inWords = { done: say`Revoked ${token}.`, underWay: say`Revoking ${token}.` }
        failed(await printConfirmed(world, requestId, inWords))
      }),
    )
}

const day = (at: Date) => at.toISOString().slice(0, 10)
