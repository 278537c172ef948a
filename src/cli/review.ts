import type { Command } from 'commander'
import { dryRun } from '../findings/dry-run.ts'
import { isRefusal } from '../foundation/refusal.ts'
import { plain } from '../foundation/words.ts'
import type { World } from '../foundation/world.ts'
import { complain, withWorld } from './operator.ts'
import { printOut } from './print.ts'
import { whichWorkspace } from './which-workspace.ts'

type Env = Record<string, string | undefined>

/** `keywarden review dry-run` */
export function addReviewVerbs(program: Command, env: Env, failed: (code: number) => void): void {
  const verbs = program.command('review').description('which keys are still needed')
  verbs
    .command('dry-run')
    .description('print which idle and unconfirmed keys would be deactivated, and when; nothing is done')
    .option('--workspace <name>', 'of this workspace, when there are several')
    .action(async ({ workspace }: { workspace?: string }) =>
      failed(await withWorld(env, (world) => printDryRun(world, workspace))),
    )
}

async function printDryRun(world: World, wanted: string | undefined): Promise<number> {
  const workspace = await whichWorkspace(world, wanted)
  if (isRefusal(workspace)) return complain(workspace)
  const { keys, policy, waiting } = await dryRun(world.db, workspace, world.clock.now(), max)
  for (const { name, hint, ownerId, kind, at, noticed } of keys)
    printOut(
      `${plain([{ moment: at }])}  ${kind.padEnd(11)}  ${noticed ? 'notice given' : 'no notice   '}  ${hint}  ${ownerId}  ${name}`,
    )
  printOut(
    `${keys.length} keys of ${workspace.name} would be deactivated if the policy said so today. Policy: idle keys ${policy.idleKeys}, unconfirmed keys ${policy.unconfirmedKeys}, ${policy.noticeDays} days of notice. Nothing was done.`,
  )
  if (waiting)
    printOut(`${waiting.keys} more wait for an answer until ${plain([{ moment: waiting.answerBy }])}.`)
  return 0
}

const max = 100_000
