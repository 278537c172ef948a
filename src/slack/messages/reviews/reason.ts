import type { ModalView } from '@slack/types'
import { join, say } from '../../../foundation/words.ts'
import { maximumReason, type NeedsReason } from '../../../keys/needed.ts'
import { form, input, textInput } from '../../blocks.ts'
import { sentenceBlock } from '../../phrase.ts'

/**
 * Asks for the one sentence why keys that can change things are still needed. `all`: so many keys are confirmed with
 * it, of which these ask for a reason.
 */
export function reasonForm(
  callbackId: string,
  metadata: string,
  keys: readonly NeedsReason[],
  all: number,
): ModalView {
  const named = join(
    keys.map(({ name, scopes }) => say`${{ name }} (${scopes.join(', ')})`),
    ', ',
  )
  const rest = all - keys.length
  const asked =
    keys.length === 1
      ? say`${named} can change things. Say in one sentence why it is still needed.`
      : say`${keys.length} keys can change things: ${named}. Say in one sentence why they are still needed.`
  const others =
    rest > 0
      ? say` The other ${rest === 1 ? 'key only reads and is' : `${rest} keys only read and are`} confirmed with it.`
      : ''
  return form('Still needed', 'Confirm', callbackId, metadata, [
    sentenceBlock(say`${asked}${others}`),
    input('reason', 'Why', textInput({ max_length: maximumReason }), {
      hint: 'Kept in the audit, and shown on the key and in the export of the review.',
    }),
  ])
}
