import type { Command } from 'commander'
import { dryRun } from '../findings/dry-run.ts'
import { isRefusal, refuse } from '../foundation/refusal.ts'
import { plain } from '../foundation/words.ts'
import { statisticsDatabase, type World } from '../foundation/world.ts'
import { exportReview } from '../reviews/export.ts'
import { newestReview } from '../reviews/review.ts'
import { complain, fromStandby, withWorld } from './operator.ts'
import { writeOut } from './out.ts'
import { printOut } from './print.ts'
import { whichWorkspace } from './which-workspace.ts'

type Env = Record<string, string | undefined>

/** `keywarden review dry-run|export` */
export function addReviewVerbs(program: Command, env: Env, failed: (code: number) => void): void {
  const verbs = program.command('review').description('which keys are still needed')
  verbs
    .command('dry-run')
    .description('print which idle and unconfirmed keys would be deactivated, and when; nothing is done')
    .option('--workspace <name>', 'of this workspace, when there are several')
    .action(async ({ workspace }: { workspace?: string }) =>
      failed(await withWorld(env, (world) => printDryRun(world, workspace))),
    )
  verbs
    .command('export')
    .description('print a review as CSV: each key with what was answered, by whom, when and why')
    .option('--workspace <name>', 'of this workspace, when there are several')
    .option('--review <id>', 'this one; else the newest')
    .action(async (choices: { workspace?: string; review?: string }) =>
      failed(await withWorld(env, (world) => printReview(world, choices))),
    )
}

/** The review with that id, or the newest. */
async function printReview(
  world: World,
  { workspace: wanted, review: id }: { workspace?: string; review?: string },
): Promise<number> {
  const workspace = await whichWorkspace(world, wanted)
  if (isRefusal(workspace)) return complain(workspace)
  const db = statisticsDatabase(world)
  const review = await newestReview(db, workspace.id, id)
  if (!review)
    return complain(
      refuse('not_found', id ? 'There is no review with that id.' : 'No review has begun yet.', {
        next: 'Begin one in Slack: /keys review start',
      }),
    )
  return writeOut(fromStandby(world, exportReview(db, review, world.clock.now())))
}

async function printDryRun(world: World, wanted: string | undefined): Promise<number> {
  const workspace = await whichWorkspace(world, wanted)
  if (isRefusal(workspace)) return complain(workspace)
  const { keys, policy, waiting } = await dryRun(world.db, workspace, world.clock.now(), max)
  for (const { name, hint, ownerId, kinds, at, noticed } of keys)
    printOut(
      `${plain([{ moment: at }])}  ${kinds.join(', ').padEnd(17)}  ${noticed ? 'notice given' : 'no notice   '}  ${hint}  ${ownerId}  ${name}`,
    )
  printOut(
    `${keys.length} keys of ${workspace.name} would be deactivated if the policy said so today. Policy: idle keys ${policy.idleKeys}, unconfirmed keys ${policy.unconfirmedKeys}, ${policy.noticeDays} days of notice. Nothing was done.`,
  )
  if (waiting)
    printOut(`${waiting.keys} more wait for an answer until ${plain([{ moment: waiting.answerBy }])}.`)
  return 0
}

const max = 100_000
