import type { ModalView } from '@slack/types'
import { type Phrase, say, who } from '../../../foundation/words.ts'
import type { Holder } from '../../../keys/holders.ts'
import type { KeyWithUsage } from '../../../keys/key.ts'
import { actions, button, form, input, notice, textInput } from '../../blocks.ts'
import { sentenceBlock } from '../../phrase.ts'
import { ref } from '../../ref.ts'
import { hintOf } from './key.ts'

/** The people who have had the key; for those who may, a form to add one and buttons that take others off. */
export function holdersView(
  key: KeyWithUsage,
  holders: readonly Holder[],
  { mayChange, viewerId }: { mayChange: boolean; viewerId: string },
  done?: Phrase,
): ModalView {
  const blocks = [
    ...(done ? [sentenceBlock(done)] : []),
    sentenceBlock(say`${{ name: key.name }} ${hintOf(key)} is owned by ${{ user: key.ownerId }}.`),
    ...(key.revealedBy
      ? [sentenceBlock(say`${{ user: key.revealedBy }} revealed it on ${{ moment: key.revealedAt! }}.`)]
      : []),
    ...holders.flatMap((one) => [
      sentenceBlock(
        say`${{ user: one.userId }} has had it since ${{ day: one.since }}, noted by ${who(one.addedBy)}: ${{ name: one.why }}`,
      ),
      // Nobody takes themselves off.
      ...(mayChange && one.userId !== viewerId ? [actions(remove(key, one.userId))] : []),
    ]),
  ]
  if (!mayChange || key.status === 'revoked') return notice('Holders', blocks)
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
      input('why', 'How they got it', textInput({ max_length: 300, hintText: 'On call in October' })),
    ],
    'Close',
  )
}

const remove = (key: KeyWithUsage, userId: string) =>
  button('Remove', `holder.remove.${userId}`, ref(key.workspaceId, `${key.id} ${userId}`), {
    label: 'Take this person off the holders',
  })
