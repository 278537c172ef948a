import type { Button } from '@slack/types'
import { type Phrase, say } from '../../../foundation/words.ts'
import type { KeyRotation } from '../../../rotation/key-rotations.ts'
import { button } from '../../blocks.ts'
import { ref } from '../../ref.ts'

/** A running rotation in one line, without the key's name: what it waits for, and its deadline. */
export function rotationLine({ rotation, next, isLate }: KeyRotation): Phrase {
  const deadline = { day: rotation.dueAt }
  return say`${waitsFor[rotation.phase]({ user: next.ownerId })}; ${isLate ? 'was due' : 'due'} on ${deadline}.`
}

const waitsFor: Record<KeyRotation['rotation']['phase'], (owner: { user: string }) => Phrase> = {
  reveal: (owner) => say`${owner} reveals the new key`,
  switch: (owner) => say`${owner} moves what uses the old key to the new one`,
  silent: () => say`the old key has fallen silent, not yet for long enough`,
  safe: () => say`nothing uses the old key any more; it can be finished`,
  finished: () => say`finished`,
  aborted: () => say`aborted`,
}

/** Opens the rotation, with its figures and every action. */
export const openButton = ({ rotation, old }: KeyRotation): Button =>
  button('Open', `rotation.open.${rotation.id}`, ref(rotation.workspaceId, rotation.id), {
    label: `Open the rotation of ${old.name}`,
  })
