import type { ModalView } from '@slack/types'
import { type Phrase, say } from '../../foundation/words.ts'
import type { Key, KeyWithUsage } from '../../keys/key.ts'
import { actions, form, go, input, type Message, message, notice, textInput } from '../blocks.ts'
import { sentenceBlock } from '../phrase.ts'
import { ref } from '../ref.ts'
import { count, keyFacts } from './key.ts'

const facts = (key: KeyWithUsage) => keyFacts(key).map(sentenceBlock)

/** Before a pause: what the key is doing now. */
export const deactivateView = (key: KeyWithUsage): ModalView =>
  form(
    'Deactivate key',
    'Deactivate key',
    'key.deactivate',
    ref(key.workspaceId, key.id),
    [
      ...facts(key),
      sentenceBlock(say`${breaks(key)}Requests with it are refused at once. Resume at any time.`),
    ],
    'Keep key',
  )

/** Before the end of a key: what it is doing now, and its name to type. */
export const revokeView = (key: KeyWithUsage): ModalView =>
  form(
    'Revoke key',
    'Revoke key',
    'key.revoke',
    ref(key.workspaceId, key.id),
    [
      ...facts(key),
      sentenceBlock(
        say`${breaks(key)}Requests with it are refused at once, for good. This cannot be undone.`,
      ),
      input(
        'confirm',
        'Type the name of the key to revoke it',
        textInput({ focus_on_load: true }),
        key.hint ? { hint: `Or the four characters ${hintCharacters(key)}.` } : {},
      ),
      ...(key.status === 'active' ? [actions(go('Deactivate instead', 'deactivate', key))] : []),
    ],
    'Keep key',
  )

function breaks(key: KeyWithUsage): Phrase {
  if (key.requests === 0 || key.status !== 'active') return []
  return say`Whatever made these ${count(key.requests, 'request')} will start failing. `
}

/** `Ab3d` of `tml_Ab3d...`: for names that cannot be typed. */
export const hintCharacters = (key: Pick<Key, 'hint'>): string | undefined => key.hint?.slice(-7, -3)

const done = {
  deactivate: (key: Key) => say`Deactivated ${{ name: key.name }}. Every check from now on refuses it.`,
  activate: (key: Key) => say`Activated ${{ name: key.name }}. It works again.`,
  revoke: (key: Key) => say`Revoked ${{ name: key.name }}. Every check from now on refuses it, for good.`,
}
export type Change = keyof typeof done

export const changedMessage = (change: Change, key: Key): Message =>
  message(done[change](key), ...(change === 'deactivate' ? [actions(go('Activate', 'activate', key))] : []))

const titles = { deactivate: 'Key deactivated', activate: 'Key activated', revoke: 'Key revoked' }

export const changedView = (change: Change, key: Key): ModalView =>
  notice(titles[change], changedMessage(change, key).blocks)

/** To the owner, when somebody else did it. */
export const ownerToldMessage = (change: Change, key: Key, by: string): Message =>
  message(say`${{ user: by }} ${change}d your key ${{ name: key.name }} ${{ code: key.hint ?? '' }}.`)
