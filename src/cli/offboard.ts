import { type Command, Option } from 'commander'
import { userOfEmail } from '../directory/emails.ts'
import { isRefusal, type Refusal, refuse } from '../foundation/refusal.ts'
import { isSlackUser, plain } from '../foundation/words.ts'
import type { World } from '../foundation/world.ts'
import { carryOut } from '../offboarding/execute.ts'
import {
  findOffboarding,
  leaverKeysOf,
  type Mode,
  modes,
  type Offboarding,
  stillWorksUntil,
} from '../offboarding/offboarding.ts'
import { previewOffboarding } from '../offboarding/preview.ts'
import { requestOffboarding } from '../offboarding/request.ts'
import { requestByEmail } from '../offboarding/request-by-email.ts'
import { asOperator, complain, onlyAccount, operator, withWorld } from './operator.ts'
import { printOut } from './print.ts'

type Options = { mode?: Mode; successor?: string; note?: string; preview?: boolean }

/** `keywarden offboard <person>` */
export function addOffboardVerb(
  program: Command,
  env: Record<string, string | undefined>,
  failed: (code: number) => void,
): void {
  program
    .command('offboard <person>')
    .description(
      'refuse or rotate every key that somebody who leaves could have seen; a Slack user id or an e-mail',
    )
    .addOption(
      new Option('--mode <mode>', 'what happens to the keys; else as the policy says').choices([...modes]),
    )
    .option('--successor <user>', 'the Slack user id of whoever takes over; else a manager')
    .option('--note <text>', 'recorded in the audit log and the report')
    .option('--preview', 'show what would happen, and do nothing')
    .action((person: string, options: Options) =>
      withWorld(env, async (world) => {
        const wrong = await (options.preview ? preview : offboard)(world, person, options)
        if (wrong) failed(complain(wrong))
      }),
    )
}

async function preview(world: World, person: string, { mode }: Options): Promise<Refusal | undefined> {
  const account = await onlyAccount(world)
  if (isRefusal(account)) return account
  const userId = isSlackUser(person) ? person : await userOfEmail(world.db, account.id, [person])
  if (!userId) return unknown(person)
  const wanted = mode ?? account.workspace.policy.offboardingUnattendedMode
  const now = world.clock.now()
  const { keys } = await previewOffboarding(world.db, account.workspace, operator(), userId, now, wanted)
  for (const key of keys)
    printOut(`${key.plan.padEnd(10)}  ${key.hint ?? '-'}  ${key.name}  (${key.reasons.join(', ')})`)
  printOut(`${counted(keys.length)} of ${userId}. Nothing was done.`)
  return undefined
}

async function offboard(world: World, person: string, options: Options): Promise<Refusal | undefined> {
  const account = await onlyAccount(world)
  if (isRefusal(account)) return account
  const request = {
    source: 'shell' as const,
    mode: options.mode,
    successorId: options.successor,
    note: options.note,
  }
  const { workspace } = account
  const made = await asOperator(world, (act) =>
    isSlackUser(person)
      ? requestOffboarding(act, workspace, { ...request, userId: person }, world.random)
      : requestByEmail(act, workspace, { ...request, emails: [person] }, world.random),
  )
  if (isRefusal(made)) return made
  if (made.state === 'unmatched') {
    printOut(
      `${made.id}: nobody is known as ${person} yet. It goes on when Slack's member list names somebody.`,
    )
    return undefined
  }
  await carryOut(world)
  return printOutcome(world, made)
}

async function printOutcome(
  world: World,
  { accountId, id, userId }: Offboarding,
): Promise<Refusal | undefined> {
  const after = await findOffboarding(world.db, accountId, id)
  const keys = await leaverKeysOf(world.db, [id], world.clock.now())
  for (const key of keys) {
    const ends = stillWorksUntil(key)
    const until = ends ? `  the old one works until ${plain([{ moment: ends }])}` : ''
    printOut(`${(key.outcome ?? 'waiting').padEnd(16)}  ${key.hint ?? '-'}  ${key.name}${until}`)
  }
  if (after?.state !== 'done')
    return refuse('failed', `${id}: saved, and not yet confirmed by every verifier.`, {
      next: 'The worker goes on; run the command again to see.',
    })
  printOut(`Offboarded ${userId}: ${counted(keys.length)} (${id}).`)
  return undefined
}

const counted = (keys: number) => (keys === 1 ? '1 key' : `${keys} keys`)

const unknown = (person: string): Refusal =>
  refuse('not_found', `Nobody is known as ${person}.`, { next: 'Give the Slack user id.' })
