import type { Command } from 'commander'
import { isRefusal } from '../foundation/refusal.ts'
import { createServiceToken, listServiceTokens, revokeServiceToken } from '../workspaces/service-tokens.ts'
import { asOperator, complain, onlyAccount, withWorld } from './operator.ts'

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
    .action((name: string) =>
      withWorld(env, async (world) => {
        const account = await onlyAccount(world)
        if (isRefusal(account)) return failed(complain(account))
        const subject = { id: account.id, workspaceId: account.workspace.id }
        const made = await asOperator(world, (act) => createServiceToken(act, subject, name, world.random))
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
          console.log(`${token.id}  ${token.hint}  ${state}  made ${day(token.createdAt)}  ${token.name}`)
        }
      }),
    )
  verbs
    .command('revoke <id>')
    .description('end one; servers refuse it once they have heard of it')
    .action((id: string) =>
      withWorld(env, async (world) => {
        const account = await onlyAccount(world)
        if (isRefusal(account)) return failed(complain(account))
        const subject = { id: account.id, workspaceId: account.workspace.id }
        const ended = await asOperator(world, (act) => revokeServiceToken(act, subject, id))
        if (isRefusal(ended)) return failed(complain(ended))
        console.log(
          `Revoked ${ended.id}. Servers refuse it once they have heard of it; one that cannot, when its lease ends (KEYWARDEN_LEASE).`,
        )
      }),
    )
}

const day = (at: Date) => at.toISOString().slice(0, 10)
