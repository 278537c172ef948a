import { newId } from '../foundation/ids.ts'
import { isRefusal, type Refusal, refuse } from '../foundation/refusal.ts'
import { say } from '../foundation/words.ts'
import type { World } from '../foundation/world.ts'
import type { Key, KeyWithUsage } from '../keys/key.ts'
import { activate, deactivate, revoke } from '../keys/state.ts'
import { hintCharacters, isConfirmedBy } from '../keys/typed-confirmation.ts'
import { confirmChange } from '../leases/confirm.ts'
import type { Act } from '../members/actor.ts'
import { ask } from './ask.ts'
import { keyByWords } from './find-key.ts'
import { factLines } from './key-views.ts'
import {
  asOperator,
  complain,
  complainRepeated,
  type InWords,
  printConfirmed,
  withWorld,
} from './operator.ts'
import { printError } from './print.ts'
import { whichWorkspace } from './which-workspace.ts'

const acts = { revoke, deactivate, activate }
export type Change = keyof typeof acts

const verbs: Record<Change, readonly [done: string, underWay: string]> = {
  revoke: ['Revoked', 'Revoking'],
  deactivate: ['Deactivated', 'Deactivating'],
  activate: ['Activated', 'Activating'],
}

function inWords(change: Change, { id, name }: Key): InWords {
  const rest = change === 'deactivate' ? ` Resume with keywarden keys activate ${id}.` : ''
  const [done, underWay] = verbs[change]
  return { done: say`${done} ${{ name }}.${rest}`, underWay: say`${underWay} ${{ name }}.${rest}` }
}

export type ChangeChoices = { workspace?: string; reason?: string; yes?: boolean }
type Env = Record<string, string | undefined>

/**
 * Changes one key as its owner or a manager would in Slack: the same act, the same audit. Returns 0 when every
 * verifier has confirmed the change, 1 when it was refused or is not confirmed yet, 4 when it is not known to be saved.
 */
export const changeKey = (env: Env, change: Change, words: string, choices: ChangeChoices): Promise<number> =>
  withWorld(env, async (world) => {
    const workspace = await whichWorkspace(world, choices.workspace)
    if (isRefusal(workspace)) return complain(workspace)
    const key = await keyByWords(world, workspace, words)
    if (isRefusal(key)) return complain(key)
    if (change === 'revoke' && key.status !== 'revoked' && !choices.yes) {
      const kept = await notConfirmed(key, world)
      if (kept) return complain(kept)
    }
    const requestId = newId('run', world.random)
    const work = (act: Act) => acts[change](act, workspace.id, key.id, choices.reason)
    const changed = await asOperator(world, work, { requestId })
    if (isRefusal(changed)) return explain(world, key, change, changed)
    return printConfirmed(
      world,
      requestId,
      inWords(change, changed),
      change === 'activate' ? 'rule' : 'refused',
    )
  })

async function notConfirmed(key: KeyWithUsage, { clock }: World): Promise<Refusal | undefined> {
  for (const line of factLines(key, clock.now())) printError(line)
  const characters = hintCharacters(key)
  const typed = await ask(
    `Revoking cannot be undone. Type the name of the key${characters ? `, or ${characters},` : ''} to revoke it:`,
  )
  if (typed !== undefined && isConfirmedBy(typed, key)) return undefined
  return refuse('mismatch', typed ? say`That does not match ${{ name: key.name }}.` : 'Nothing was typed.', {
    next: 'The key was kept.',
  })
}

/** Another person was first; whether the change is confirmed everywhere is a separate question. */
function explain(world: World, key: Key, change: Change, refusal: Refusal): number | Promise<number> {
  if (change === 'activate' || (refusal.code !== 'already' && refusal.code !== 'gone'))
    return complain(refusal)
  return complainRepeated(refusal, (within) => confirmChange(world, [key.id], within))
}
