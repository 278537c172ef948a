import { type Refusal, refuse } from '../foundation/refusal.ts'
import { join, say, series } from '../foundation/words.ts'
import type { World } from '../foundation/world.ts'
import { findKey } from '../keys/find.ts'
import type { KeyWithUsage } from '../keys/key.ts'
import type { Workspace } from '../workspaces/workspace.ts'
import { operator } from './operator.ts'

/** Finds the one key that an exact name, a hint or an id means, as in Slack. Otherwise prints near misses. */
export async function keyByWords(
  world: World,
  workspace: Workspace,
  words: string,
): Promise<KeyWithUsage | Refusal> {
  const viewer = { actor: operator(), workspaceId: workspace.id }
  const found = await findKey(world.db, viewer, words, world.config.tokenPrefix)
  if (found.match === 'one') return found.key
  if (found.match === 'several') {
    const which = found.keys.map((key) => say`${{ code: key.id }} (${key.hint ?? 'no hint'}, ${key.status})`)
    return refuse('ambiguous', say`Several keys match ${{ name: words }}: ${join(which, ', ')}.`, {
      next: 'Name the one you mean by its id.',
    })
  }
  const near = found.near.map((key) => [{ name: key.name }])
  return refuse('not_found', say`No key is called ${{ name: words }} in ${{ name: workspace.name }}.`, {
    next:
      near.length > 0
        ? say`Did you mean ${series(near, 'or')}?`
        : say`See ${{ code: 'keywarden keys list' }}.`,
  })
}
