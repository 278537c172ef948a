import type { ModalView } from '@slack/types'
import { type Phrase, say } from '../../foundation/words.ts'
import type { Key, KeyWithUsage } from '../../keys/key.ts'
import { input, type Message, message, notice, plainText } from '../blocks.ts'
import { sentenceBlock } from '../phrase.ts'
import { ref } from '../ref.ts'
import { count, keyFacts } from './key.ts'

const facts = (key: KeyWithUsage) => keyFacts(key).map(sentenceBlock)

/** Before a pause: what the key is doing now. */
export const deactivateView = (key: KeyWithUsage): ModalView => ({
  ...notice(
    'Deactivate key',
    [
      ...facts(key),
      sentenceBlock(say`${breaks(key)}Requests with it are refused at once. Resume at any time.`),
    ],
    'Keep key',
  ),
  callback_id: 'key.deactivate',
  private_metadata: ref(key.workspaceId, key.id),
  submit: plainText('Deactivate key'),
})

/** Before the end of a key: what it is doing now, and its name to type. */
export const revokeView = (key: KeyWithUsage): ModalView => ({
  ...notice(
    'Revoke key',
    [
      ...facts(key),
      sentenceBlock(
        say`${breaks(key)}Requests with it are refused at once, for good. This cannot be undone.`,
      ),
      input(
        'confirm',
        'Type the name of the key to revoke it',
        { type: 'plain_text_input', focus_on_load: true },
        key.hint ? { hint: `Or the four characters ${hintCharacters(key)}.` } : {},
      ),
    ],
    'Keep key',
  ),
  callback_id: 'key.revoke',
  private_metadata: ref(key.workspaceId, key.id),
  submit: plainText('Revoke key'),
})

function breaks(key: KeyWithUsage): Phrase {
  if (key.requests === 0) return []
  return say`Whatever made these ${count(key.requests, 'request')} will start failing. `
}

/** `Ab3d` of `tml_Ab3d...`: for names that cannot be typed. */
export const hintCharacters = (key: Pick<Key, 'hint'>): string | undefined => key.hint?.slice(-7, -3)

const done = {
  deactivate: (key: Key) =>
    say`Deactivated ${{ name: key.name }}. Every check from now on refuses it. Resume with ${{ code: '/keys activate' }}.`,
  activate: (key: Key) => say`Activated ${{ name: key.name }}. It works again.`,
  revoke: (key: Key) => say`Revoked ${{ name: key.name }}. Every check from now on refuses it, for good.`,
}
export type Change = keyof typeof done

export const changedMessage = (change: Change, key: Key): Message => message(done[change](key))

export const changedView = (change: Change, key: Key): ModalView =>
  notice({ deactivate: 'Key deactivated', activate: 'Key activated', revoke: 'Key revoked' }[change], [
    sentenceBlock(done[change](key)),
  ])

/** To the owner, when somebody else did it. */
export const ownerToldMessage = (change: Change, key: Key, by: string): Message =>
  message(say`${{ user: by }} ${change}d your key ${{ name: key.name }} ${{ code: key.hint ?? '' }}.`)
