import type { ModalView } from '@slack/types'
import { say } from '../../../foundation/words.ts'
import type { Key, KeyWithUsage } from '../../../keys/key.ts'
import type { Receipt } from '../../../leases/confirm.ts'
import { receiptPhrase } from '../../../leases/receipt-words.ts'
import { actions, form, go, input, notice, textInput } from '../../blocks.ts'
import { sentenceBlock } from '../../phrase.ts'
import { ref } from '../../ref.ts'
import { restrictionInputs } from './restrictions.ts'

/** The editable fields of a key. It carries the key's version, so that a later edit is not overwritten. */
export const editForm = (key: KeyWithUsage): ModalView =>
  form('Edit key', 'Save', 'key.edit', ref(key.workspaceId, `${key.id} ${key.version}`), [
    input('name', 'Name', textInput({ initial_value: key.name, focus_on_load: true })),
    input(
      'description',
      'Description',
      textInput({ multiline: true, ...(key.description ? { initial_value: key.description } : {}) }),
      { optional: true },
    ),
    input(
      'integration',
      'Integration',
      textInput(key.integration ? { initial_value: key.integration } : {}),
      { optional: true },
    ),
    input(
      'owner',
      'Owner',
      { type: 'users_select', initial_user: key.ownerId },
      {
        hint: 'Hears about the key, and reveals its successor.',
      },
    ),
    ...restrictionInputs(key),
    sentenceBlock(
      say`Scopes (${key.scopes.join(', ')}) and expiry are fixed, since systems rely on them. To change them, rotate the key.`,
    ),
    ...(key.status === 'unrevealed' || key.status === 'revoked'
      ? []
      : [actions(go('Rotate with changes', 'rotate', key, { more: 'changes' }))]),
  ])

/** The edited key; with the receipt of a restriction, which is "saved" only once the receipt confirms it. */
export function editedView(key: Key, receipt?: Receipt): ModalView {
  if (receipt && receipt.state !== 'confirmed')
    return notice('Saving key', [
      sentenceBlock(say`Saving ${{ name: key.name }}. ${receiptPhrase(receipt, 'rule')}`),
    ])
  const saved = say`Saved ${{ name: key.name }}. Its owner is ${{ user: key.ownerId }}.`
  return notice('Key saved', [
    sentenceBlock(receipt ? say`${saved} ${receiptPhrase(receipt, 'rule')}` : saved),
  ])
}
