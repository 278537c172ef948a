import type { Command } from 'commander'
import { forgetEmail, listEmails, setEmail } from '../directory/emails.ts'
import { isRefusal, type Refusal, refuse } from '../foundation/refusal.ts'
import { isStorable } from '../foundation/storable.ts'
import { isSlackUser } from '../foundation/words.ts'
import type { World } from '../foundation/world.ts'
import { matchWaiting } from '../offboarding/request-by-email.ts'
import { asOperator, complain, onlyAccount, withWorld } from './operator.ts'
import { day, printOut } from './print.ts'

/** `keywarden address set|remove|list`: whose an address is, where Slack does not say or is wrong. */
export function addAddressVerbs(
  program: Command,
  env: Record<string, string | undefined>,
  failed: (code: number) => void,
): void {
  const verbs = program
    .command('address')
    .description('whose an e-mail address is, by which leavers are reported')
  const run = (work: (world: World) => Promise<Refusal | undefined>) =>
    withWorld(env, async (world) => {
      const wrong = await work(world)
      if (wrong) failed(complain(wrong))
    })
  verbs
    .command('set <email> <user>')
    .description('say whose an address is; Slack does not overrule it')
    .action((email: string, user: string) => run((world) => set(world, email, user)))
  verbs
    .command('remove <email>')
    .description('take that back; then Slack says again whose it is')
    .action((email: string) => run((world) => remove(world, email)))
  verbs
    .command('list [user]')
    .description('the addresses of a Slack user, or all that were said here')
    .action((user?: string) => run((world) => list(world, user)))
}

const isAddress = (email: string) =>
  /^[^@\s]+@[^@\s]+$/.test(email) && email.length <= 320 && isStorable(email)

async function set(world: World, email: string, userId: string): Promise<Refusal | undefined> {
  if (!isAddress(email)) return refuse('invalid', 'Give an e-mail address such as ada@acme.example.')
  if (!isSlackUser(userId)) return refuse('invalid', 'Give a Slack user id such as U012AB3CD.')
  const account = await onlyAccount(world)
  if (isRefusal(account)) return account
  const place = { accountId: account.id, workspaceId: account.workspace.id }
  const done = await asOperator(world, async (act) => {
    const before = await setEmail(act, place, { userId, email })
    return { before, going: await matchWaiting(act, account.workspace, world.random) }
  })
  if (isRefusal(done)) return done
  printOut(
    `${email} is the address of ${userId}${done.before && done.before !== userId ? `, no longer of ${done.before}` : ''}.`,
  )
  if (done.going > 0) printOut('An offboarding that waited for this address goes on.')
  return undefined
}

async function remove(world: World, email: string): Promise<Refusal | undefined> {
  const account = await onlyAccount(world)
  if (isRefusal(account)) return account
  const place = { accountId: account.id, workspaceId: account.workspace.id }
  const done = await asOperator(world, (act) => forgetEmail(act, place, email))
  if (isRefusal(done)) return done
  if (!done)
    return refuse('not_found', `Nobody said here whose ${email} is.`, { next: 'See keywarden address list.' })
  printOut(`${email} is what Slack says it is.`)
  return undefined
}

async function list(world: World, userId: string | undefined): Promise<Refusal | undefined> {
  if (userId !== undefined && !isSlackUser(userId))
    return refuse('invalid', 'Give a Slack user id such as U012AB3CD.')
  const account = await onlyAccount(world)
  if (isRefusal(account)) return account
  for (const one of await listEmails(world.db, account.id, userId))
    printOut(`${one.userId}  ${one.source.padEnd(5)}  ${day(one.seenAt)}  ${one.email}`)
  return undefined
}
