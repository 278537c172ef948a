import { perform } from '../../audit/perform.ts'
import { isRefusal, type Refusal } from '../../foundation/refusal.ts'
import { readExpiry, readScopes } from '../../keys/issue.ts'
import { type Changes, cannotRotate, rotate } from '../../keys/rotate.ts'
import { notice, plainSection } from '../blocks.ts'
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
  await story.show(rotateForm({ key, workspace: story.caller.workspace, now: story.door.world.clock.now() }))
  return undefined
}

/** Scopes and expiry become inputs, and each choice redraws what policy says about it. */
export const redrawRotate: Conversation<ClickStory> = async (story) => {
  const key = await keyById(story, story.metadata)
  if (isRefusal(key)) return key
  const first = story.value === 'change'
  const changes = {
    chosen: first ? key.scopes : choicesIn(story.values, 'scopes'),
    expires: first ? String(key.lifetimeDays ?? 'never') : textIn(story.values, 'expires'),
  }
  const { workspace } = story.caller
  await story.show(rotateForm({ key, workspace, now: story.door.world.clock.now(), changes }))
  return undefined
}

export const submitRotate: Conversation<SubmitStory> = async (story) => {
  const { actor, workspace } = story.caller
  const { world } = story.door
  const changes = readChanges(story)
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

/** What the form changes; nothing when its inputs were never opened. */
function readChanges({ values, caller }: SubmitStory): Changes | Refusal[] {
  if (!('expires' in values)) return {}
  const chosen = choicesIn(values, 'scopes')
  const expires = textIn(values, 'expires')
  const days = expires === 'never' ? '' : expires === 'other' ? textIn(values, 'days') || '0' : expires
  const scopes = readScopes(chosen)
  const lifetimeDays = readExpiry(days, chosen, caller.workspace.terms)
  const wrong = [scopes, lifetimeDays].filter(isRefusal)
  if (wrong.length > 0 || isRefusal(scopes) || isRefusal(lifetimeDays)) return wrong
  return { scopes, lifetimeDays }
}
