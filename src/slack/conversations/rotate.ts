import { perform } from '../../audit/perform.ts'
import { isRefusal, type Refusal, refuse } from '../../foundation/refusal.ts'
import { readExpiry, readScopes } from '../../keys/issue.ts'
import type { Key } from '../../keys/key.ts'
import { type Changes, cannotRotate, rotate } from '../../keys/rotate.ts'
import type { Terms } from '../../policy/terms.ts'
import { notice, plainSection } from '../blocks.ts'
import { presets } from '../messages/create.ts'
import { rotatedView, rotateForm } from '../messages/rotate.ts'
import {
  type ClickStory,
  type CommandStory,
  type Conversation,
  choicesIn,
  type SubmitStory,
  textIn,
} from '../story.ts'
import { expiryErrors } from './create.ts'
import { keyById, keyFor } from './pick.ts'
import { offerReveal } from './show-once.ts'

/** `/keys rotate KEY` */
export const openRotate: Conversation<CommandStory> = async (story) => {
  const key = await keyFor(story, 'rotate')
  if (!key || isRefusal(key)) return key
  const blocked = cannotRotate(key)
  if (blocked) return blocked
  const { workspace } = story.caller
  // What policy forbids today is not handed down: then the form opens where it can be chosen.
  const changes =
    story.words === 'changes' || isRefusal(lifetimeOf(key, workspace.terms)) ? asItIs(key) : undefined
  const now = story.door.world.clock.now()
  await story.show(rotateForm({ key, workspace, now, ...(changes ? { changes } : {}) }))
  return undefined
}

/** The lifetime that a plain rotation hands down, or why policy refuses it by now. */
const lifetimeOf = (key: Key, terms: Terms) => readExpiry(String(key.lifetimeDays ?? ''), key.scopes, terms)

/** The key's own scopes and lifetime, as the inputs start. */
function asItIs({ scopes, lifetimeDays }: Key) {
  const days = String(lifetimeDays ?? 'never')
  const named = days === 'never' || presets.includes(days)
  return { chosen: scopes, expires: named ? days : 'other', ...(named ? {} : { days }) }
}

/** Scopes and expiry become inputs, and each choice redraws what policy says about it. */
export const redrawRotate: Conversation<ClickStory> = async (story) => {
  const key = await keyById(story, story.metadata)
  if (isRefusal(key)) return key
  const changes =
    story.value === 'change'
      ? asItIs(key)
      : { chosen: choicesIn(story.values, 'scopes'), expires: textIn(story.values, 'expires') }
  const { workspace } = story.caller
  await story.show(rotateForm({ key, workspace, now: story.door.world.clock.now(), changes }))
  return undefined
}

export const submitRotate: Conversation<SubmitStory> = async (story) => {
  const { actor, workspace } = story.caller
  const { world } = story.door
  const key = await keyById(story, story.metadata)
  if (isRefusal(key)) return key
  const changes = readChanges(story, key)
  if (isRefusal(changes)) return changes
  if (Array.isArray(changes)) return void (await story.complain(expiryErrors(story.values, changes)))
  await story.work(notice('Rotate key', [plainSection('Starting...')]))
  const rotated = await perform(
    world,
    actor,
    (act) => rotate(act, workspace.id, story.metadata, changes, world.random),
    { requestId: story.requestId },
  )
  if (isRefusal(rotated)) return rotated
  const { predecessor, successor } = rotated
  await story.show(rotatedView(predecessor, successor, successor.ownerId === actor.id))
  await offerReveal(story, successor)
  story.door.settle(workspace)
  return undefined
}

const needsApproval = refuse('invalid', 'A second manager or owner has to approve write.', {
  next: 'Create a key with write instead; that asks them.',
  field: 'scopes',
})

/** What the form changes; nothing when its inputs were never opened, and policy still allows the key as it is. */
function readChanges({ values, caller }: SubmitStory, key: Key): Changes | Refusal | Refusal[] {
  const { terms } = caller.workspace
  if (!('expires' in values)) {
    const same = lifetimeOf(key, terms)
    return isRefusal(same) ? same : {}
  }
  const chosen = choicesIn(values, 'scopes')
  const expires = textIn(values, 'expires')
  const days = expires === 'never' ? '' : expires === 'other' ? textIn(values, 'days').trim() || '0' : expires
  const scopes = readScopes(chosen)
  const lifetimeDays = readExpiry(days, chosen, terms)
  const grows = chosen.includes('write') && !key.scopes.includes('write')
  const wrong = [
    ...[scopes, lifetimeDays].filter(isRefusal),
    ...(grows && terms.writeNeedsApproval ? [needsApproval] : []),
  ]
  if (wrong.length > 0 || isRefusal(scopes) || isRefusal(lifetimeDays)) return wrong
  return { scopes, lifetimeDays }
}
