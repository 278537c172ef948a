import type { KnownBlock, ModalView } from '@slack/types'
import { type Phrase, say } from '../../foundation/words.ts'
import type { Key, KeyWithUsage } from '../../keys/key.ts'
import type { Workspace } from '../../workspaces/workspace.ts'
import { actions, button, form, go, notice } from '../blocks.ts'
import { sentenceBlock } from '../phrase.ts'
import { ref } from '../ref.ts'
import { expiryInputs, scopeAdvice, scopesInput } from './create.ts'
import { count, keyFacts } from './key.ts'
import { revealButton } from './reveal.ts'

export type RotateLook = {
  key: KeyWithUsage
  workspace: Workspace
  now: Date
  /** present when scopes and expiry are to change: what is ticked and chosen so far */
  changes?: { chosen: readonly string[]; expires: string; days?: string }
}

const days = (key: Key): Phrase =>
  key.lifetimeDays ? say`${count(key.lifetimeDays, 'day')} from its reveal` : say`no expiry`

/** What a rotation will do, before it starts; scopes and expiry can be changed on the way. */
export function rotateForm(look: RotateLook): ModalView {
  const { key, changes } = look
  const same: KnownBlock[] = [
    sentenceBlock(say`The new key has the same scopes (${key.scopes.join(', ')}) and ${days(key)}.`),
    actions(button('Change scopes or expiry', 'form.rotate.change', 'change')),
  ]
  const changed = changes && [
    scopesInput('rotate', key.scopes),
    ...scopeAdvice(changes.chosen, look.workspace.terms),
    ...expiryInputs('rotate', { ...look, ...changes }),
  ]
  return form('Rotate key', 'Start rotation', 'key.rotate', ref(key.workspaceId, key.id), [
    ...keyFacts(key).map(sentenceBlock),
    sentenceBlock(
      say`A new key takes the name. ${{ user: key.ownerId }} reveals it and switches the systems over; both keys work until you revoke the old one.`,
    ),
    ...(changed ?? same),
  ])
}

export const rotatedView = (old: Key, successor: Key, mine: boolean): ModalView =>
  notice('Rotation started', [
    sentenceBlock(
      mine
        ? say`The new key for ${{ name: successor.name }} waits for you to reveal it, here or in the message I sent you.`
        : say`The new key for ${{ name: successor.name }} waits for ${{ user: successor.ownerId }} to reveal it.`,
    ),
    sentenceBlock(
      say`The old key ${{ code: old.hint ?? '' }} works until you revoke it. Do that when nothing uses it any more.`,
    ),
    actions(...(mine ? [revealButton(successor)] : []), go('Show old key', 'show', old)),
  ])
