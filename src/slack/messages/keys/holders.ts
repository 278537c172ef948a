import type { ModalView } from '@slack/types'
import { type Phrase, say, who } from '../../../foundation/words.ts'
import type { Holder } from '../../../keys/holders.ts'
import type { KeyWithUsage } from '../../../keys/key.ts'
import { form, input, notice, textInput } from '../../blocks.ts'
import { sentenceBlock } from '../../phrase.ts'
import { ref } from '../../ref.ts'
import { hintOf } from './key.ts'

/** The people who have had the key, with a form to add one for those who may. */
export function holdersView(
  key: KeyWithUsage,
  holders: readonly Holder[],
  mayAdd: boolean,
  done?: Phrase,
): ModalView {
  const blocks = [
    ...(done ? [sentenceBlock(done)] : []),
    sentenceBlock(say`${{ name: key.name }} ${hintOf(key)} is owned by ${{ user: key.ownerId }}.`),
    ...(key.revealedBy
      ? [sentenceBlock(say`${{ user: key.revealedBy }} revealed it on ${{ moment: key.revealedAt! }}.`)]
      : []),
    ...holders.map((one) =>
      sentenceBlock(
        say`${{ user: one.userId }} has it since ${{ day: one.since }}, says ${who(one.addedBy)}: ${{ name: one.why }}`,
      ),
    ),
  ]
  if (!mayAdd || key.status === 'revoked') return notice('Holders', blocks)
  return form(
    'Holders',
    'Add holder',
    'key.holders',
    ref(key.workspaceId, key.id),
    [
      ...blocks,
      input(
        'person',
        'Who else has it',
        { type: 'users_select' },
        { hint: 'When they leave, this key is refused or rotated.' },
      ),
      input('why', 'How they came by it', textInput({ max_length: 300, hintText: 'On call in October' })),
    ],
    'Close',
  )
}
