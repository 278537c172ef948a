import { orDatabaseOut } from '../../foundation/database.ts'
import { isRefusal, type Refusal, refuse } from '../../foundation/refusal.ts'
import { join, say } from '../../foundation/words.ts'
import { findKey, findKeyById } from '../../keys/find.ts'
import type { KeyWithUsage } from '../../keys/key.ts'
import { noSuchKey } from '../../policy/authorise.ts'
import type { Story } from '../story.ts'

/** The one key that a person's words mean, or what to type instead. A near miss is offered, never taken. */
export async function keyByWords(story: Story, words: string, verb: string): Promise<KeyWithUsage | Refusal> {
  const { world } = story.door
  const usage = { code: `/keys ${verb} NAME` }
  if (words === '')
    return refuse('invalid', say`Which key? Type ${usage}.`, { next: say`See ${{ code: '/keys list' }}.` })
  const found = await orDatabaseOut(() => findKey(world.db, viewer(story), words, world.config.tokenPrefix))
  if (isRefusal(found)) return found
  if (found.match === 'one') return found.key
  if (found.match === 'several') {
    const hints = found.keys.map((key) => [{ code: key.hint ?? key.id }])
    return refuse('ambiguous', say`Several keys match ${{ name: words }}: ${join(hints, ', ')}.`, {
      next: say`Type the one you mean instead of the name.`,
    })
  }
  const near = found.near.map((key) => [{ name: key.name }])
  return refuse('not_found', say`No key is called ${{ name: words }}.`, {
    next: near.length > 0 ? say`Did you mean ${join(near, ' or ')}?` : say`See ${{ code: '/keys list' }}.`,
    logged: { action: `key.${verb}` },
  })
}

/** The key that a button or dialog refers to, read now. */
export async function keyById(story: Story, id: string): Promise<KeyWithUsage | Refusal> {
  const key = await orDatabaseOut(() => findKeyById(story.door.world.db, viewer(story), id))
  return key ?? noSuchKey({ keyId: id })
}

export const viewer = ({ caller }: Story) => ({ actor: caller.actor, workspaceId: caller.workspace.id })
