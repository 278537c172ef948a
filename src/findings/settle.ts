import { transact } from '../foundation/database.ts'
import { isRefusal } from '../foundation/refusal.ts'
import { plain } from '../foundation/words.ts'
import type { World } from '../foundation/world.ts'
import { allWorkspaces, type Workspace } from '../workspaces/workspace.ts'
import type { Question } from './finding.ts'
import { questions } from './questions.ts'
import { reconcile } from './reconcile.ts'

type Means = Pick<World, 'db' | 'clock' | 'random' | 'log'>

/** Asks one question in every workspace, each in a transaction of its own. Returns how many letters were put. */
export async function reconcileEverywhere(world: Means, question: Question): Promise<number> {
  let letters = 0
  for (const workspace of await allWorkspaces(world.db)) letters += await once(world, question, workspace)
  return letters
}

/** After an act: brings every kind of finding in that workspace up to date at once. */
export async function reconcileWorkspace(world: Means, workspace: Workspace): Promise<number> {
  let letters = 0
  for (const question of questions) letters += await once(world, question, workspace)
  return letters
}

async function once(world: Means, question: Question, workspace: Workspace): Promise<number> {
  const put = await transact(world.db, (trx) =>
    reconcile(trx, question, workspace, world.clock.now(), world.random),
  )
  if (isRefusal(put)) throw new Error(`findings of kind ${question.kind} wait: ${plain(put.told)}`)
  return put
}
