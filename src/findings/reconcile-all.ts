import { transact } from '../foundation/database.ts'
import { isRefusal } from '../foundation/refusal.ts'
import { plain } from '../foundation/words.ts'
import type { World } from '../foundation/world.ts'
import { allWorkspaces, type Workspace } from '../workspaces/workspace.ts'
import type { Question } from './finding.ts'
import { questions } from './questions.ts'
import { reconcile } from './reconcile.ts'

type Deps = Pick<World, 'db' | 'clock' | 'random' | 'log'>

/** Asks one question in every workspace, each in a transaction of its own. Returns how many messages were put. */
export async function reconcileEverywhere(world: Deps, question: Question): Promise<number> {
  let messages = 0
  for (const workspace of await allWorkspaces(world.db)) messages += await once(world, question, workspace)
  return messages
}

/** Brings every kind of finding in a workspace up to date after an act. Returns how many messages were put. */
export async function reconcileWorkspace(world: Deps, workspace: Workspace): Promise<number> {
  let messages = 0
  for (const question of Object.values(questions)) messages += await once(world, question, workspace)
  return messages
}

async function once(world: Deps, question: Question, workspace: Workspace): Promise<number> {
  const put = await transact(world.db, (trx) =>
    reconcile(trx, question, workspace, world.clock.now(), world.random),
  )
  if (isRefusal(put)) throw new Error(`findings of kind ${question.kind} wait: ${plain(put.message)}`)
  return put
}
