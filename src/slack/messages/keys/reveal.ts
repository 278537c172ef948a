import type { ModalView } from '@slack/types'
import { type Phrase, say } from '../../../foundation/words.ts'
import type { Key } from '../../../keys/key.ts'
import { lapsesAt } from '../../../keys/offers.ts'
import { button, type Message, message, notice } from '../../blocks.ts'
import { sentenceBlock } from '../../phrase.ts'
import { ref } from '../../ref.ts'
import { hintOf } from './key.ts'

/** The owner's button for an unrevealed key. */
export const revealButton = (key: Key) =>
  button('Reveal key', 'key.reveal', ref(key.workspaceId, key.id), {
    style: 'primary',
    label: `Reveal ${key.name}`,
  })

/** Replaces a message with such a button after the reveal. */
export const revealedMessage = (key: Key): Message =>
  message(say`You revealed ${{ name: key.name }} ${hintOf(key)} on ${{ moment: key.revealedAt! }}.`)

/** For the person who created a key for someone else. */
export const waitingForOwnerView = (key: Key): ModalView =>
  notice('Key created', [
    sentenceBlock(
      say`${{ name: key.name }} waits for ${{ user: key.ownerId }} to reveal it: on their Home, and in a message to them. You will not see the key. ${lapse(key)}`,
    ),
  ])

function lapse(key: Key): Phrase {
  const at = lapsesAt(key)
  return at ? say`They can reveal it until ${{ day: at }}.` : []
}

/** Notifies the person who asked for the key when such a key could not be voided. */
export const notVoidMessage = (key: Key): Message =>
  message(
    say`Slack did not confirm that it showed you ${{ name: key.name }} ${hintOf(key)}, and the database was unavailable when I wanted to take it back. It works until I can; then I offer it to you again.`,
  )
