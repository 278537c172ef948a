import type { ModalView } from '@slack/types'
import { type Phrase, say } from '../../../foundation/words.ts'
import { isLost, type Receipt } from '../../../leases/receipt.ts'
import { receiptPhrase } from '../../../leases/receipt-words.ts'
import type { Tracker } from '../../../rotation/tracker.ts'
import { actions, button, form, type Message, message, notice } from '../../blocks.ts'
import { sentenceBlock } from '../../phrase.ts'
import { ref } from '../../ref.ts'
import { count, hintOf } from '../keys/key.ts'
import { afterAbort, namesOf, stillThere } from './words.ts'

const about = ({ rotation }: Tracker) => ref(rotation.workspaceId, rotation.id)

/** Confirms a finish that is not safe, and names what breaks. */
export const finishEarlyForm = (tracker: Tracker): ModalView =>
  form(
    'Finish early',
    'Finish early',
    'rotation.finish',
    about(tracker),
    [...whatBreaks(tracker), say`The old key is revoked at once. This cannot be undone.`].map(sentenceBlock),
    'Keep both keys',
  )

function whatBreaks(tracker: Tracker): Phrase[] {
  const { facts, day, sources, isUsed, silence } = tracker
  const { old, next } = facts
  return [
    ...(next.state === 'unrevealed'
      ? [
          say`${{ user: next.ownerId }} has not revealed the new key, so nobody has it: ${{ name: old.name }} is without a key until they do.`,
        ]
      : isUsed
        ? []
        : [
            say`Nothing has used the new key of ${{ name: old.name }} yet; nobody knows that it works where the old one does.`,
          ]),
    ...(old.state === 'active' && sources.length > 0
      ? [
          say`These will start failing: ${count(day.old, 'request')} in the last 24 hours came with the old key of ${{ name: old.name }}.`,
          stillThere(tracker),
        ]
      : [stillThere(tracker)]),
    ...(silence.provenMs === undefined
      ? [say`A server has not said yet what it counted, so there may be more.`]
      : []),
  ]
}

/** Confirms an abort that takes away a new key in use. */
export function abortForm(tracker: Tracker): ModalView {
  const { old, next } = tracker.facts
  return form(
    'Abort rotation',
    'Abort rotation',
    'rotation.abort',
    about(tracker),
    [
      say`The new key ${hintOf(next)} of ${{ name: next.name }} is in use: ${count(tracker.day.next, 'request')} in the last 24 hours. These will start failing.`,
      say`It is revoked at once; the old key ${hintOf(old)} has its name back and ${afterAbort(tracker)}.`,
    ].map(sentenceBlock),
    'Keep both keys',
  )
}

/** The result of a finish or an abort, with the verifiers' receipt. */
export function endView(what: 'finish' | 'abort', tracker: Tracker, receipt: Receipt | undefined): ModalView {
  const { old, next } = tracker.facts
  const isDone = receipt === undefined || receipt.state === 'confirmed'
  const name = { name: old.name }
  const said =
    what === 'finish'
      ? say`${isDone ? 'Finished' : 'Finishing'} the rotation of ${name}. The old key ${hintOf(old)} is ${isDone ? 'revoked' : 'being revoked'}.`
      : say`${isDone ? 'Aborted' : 'Aborting'} the rotation of ${name}. The new key is ${isDone ? 'revoked' : 'being revoked'}; the old one ${hintOf(old)} ${afterAbort(tracker)}.`
  const still =
    what === 'finish' && next.state === 'unrevealed'
      ? [say`${{ user: next.ownerId }} still has to reveal the new one; I go on reminding them.`]
      : []
  const title = what === 'finish' ? 'Finish rotation' : 'Abort rotation'
  return notice(title, [sentenceBlock(withReceipt(said, receipt)), ...still.map(sentenceBlock)])
}

/** The result of finishing a campaign's safe rotations. */
export function finishedManyView(n: number, receipt: Receipt | undefined): ModalView {
  const isDone = receipt === undefined || receipt.state === 'confirmed'
  const said = say`${isDone ? 'Finished' : 'Finishing'} ${count(n, 'rotation')}.`
  return notice('Finish rotations', [sentenceBlock(withReceipt(said, receipt))])
}

/** A change that is lost is said to be that alone. */
const withReceipt = (said: Phrase, receipt: Receipt | undefined): Phrase =>
  receipt === undefined
    ? said
    : isLost(receipt)
      ? receiptPhrase(receipt)
      : say`${said} ${receiptPhrase(receipt)}`

/** Reminds an owner who has not revealed new keys. Several have their buttons in the message that offers them. */
export function remindMessage(trackers: readonly Tracker[]): Message {
  const [first] = trackers
  const { facts, rotation } = first!
  if (trackers.length === 1)
    return message(
      say`The new key for ${{ name: facts.next.name }} has been waiting for you to reveal it since ${{ moment: rotation.startedAt }}. The rotation is due on ${{ moment: rotation.dueAt }}.`,
      actions(revealOffer(first!)),
    )
  return message(
    say`${count(trackers.length, 'new key')} have been waiting for you to reveal them since ${{ moment: rotation.startedAt }}: ${namesOf(trackers)}. Home has a button for each: ${{ code: '/keys list mine' }}.`,
  )
}

const revealOffer = ({ rotation, facts: { next } }: Tracker) =>
  button('Reveal key', `key.reveal.${next.id}`, ref(rotation.workspaceId, next.id), {
    style: 'primary',
    label: `Reveal ${next.name}`,
  })
