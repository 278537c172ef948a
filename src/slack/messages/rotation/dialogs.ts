import type { ModalView } from '@slack/types'
import { join, type Phrase, say } from '../../../foundation/words.ts'
import type { Receipt } from '../../../leases/confirm.ts'
import { receiptPhrase } from '../../../leases/receipt-words.ts'
import type { Said } from '../../../rotation/board.ts'
import type { Tracker } from '../../../rotation/tracker.ts'
import { actions, button, form, type Message, message, notice } from '../../blocks.ts'
import { sentenceBlock } from '../../phrase.ts'
import { ref } from '../../ref.ts'
import { called } from '../alerts/words.ts'
import { count, hintOf } from '../keys/key.ts'
import { proof, sourceLine, stillThere } from './words.ts'

const about = ({ rotation }: Tracker) => ref(rotation.workspaceId, rotation.id)

/** Confirms a finish that is not safe, and names what breaks. */
export const finishEarlyForm = (tracker: Tracker): ModalView =>
  form(
    'Finish early',
    'Finish early',
    'rotation.finish',
    about(tracker),
    [...whatBreaks(tracker), say`The old key is refused at once, for good. This cannot be undone.`].map(
      sentenceBlock,
    ),
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
          say`These will start failing: ${count(day.old, 'request')} in the last 24 hours came with the old key.`,
          stillThere(tracker),
        ]
      : [stillThere(tracker)]),
    ...(silence.provenMs === undefined
      ? [say`A server has not told yet what it counted, so there may be more.`]
      : []),
  ]
}

/** Confirms an abort that takes away a new key in use. */
export const abortForm = ({ facts, day, ...tracker }: Tracker): ModalView =>
  form(
    'Abort rotation',
    'Abort rotation',
    'rotation.abort',
    about({ facts, day, ...tracker }),
    [
      say`The new key ${hintOf(facts.next)} of ${{ name: facts.next.name }} is in use: ${count(day.next, 'request')} in the last 24 hours. These will start failing.`,
      say`It is refused at once, for good; the old key ${hintOf(facts.old)} goes on under the same name.`,
    ].map(sentenceBlock),
    'Keep both keys',
  )

/** The result of a finish or an abort, with the verifiers' receipt. */
export function endView(what: 'finish' | 'abort', tracker: Tracker, receipt: Receipt | undefined): ModalView {
  const { old, next } = tracker.facts
  const isDone = receipt === undefined || receipt.state === 'confirmed'
  const name = { name: old.name }
  const said =
    what === 'finish'
      ? say`${isDone ? 'Finished' : 'Finishing'} the rotation of ${name}. The old key ${hintOf(old)} is ${isDone ? 'revoked' : 'being revoked'}.`
      : say`${isDone ? 'Aborted' : 'Aborting'} the rotation of ${name}. The new key is ${isDone ? 'revoked' : 'being revoked'}; the old one ${hintOf(old)} goes on.`
  const still =
    what === 'finish' && next.state === 'unrevealed'
      ? [say`${{ user: next.ownerId }} still has to reveal the new one; I go on reminding them.`]
      : []
  const title = what === 'finish' ? 'Finish rotation' : 'Abort rotation'
  return notice(title, [
    sentenceBlock(receipt ? say`${said} ${receiptPhrase(receipt)}` : said),
    ...still.map(sentenceBlock),
  ])
}

/** The result of finishing a campaign's safe rotations. */
export const finishedManyView = (n: number, receipt: Receipt | undefined): ModalView =>
  notice('Finish rotations', [
    sentenceBlock(
      receipt
        ? say`Finished ${count(n, 'rotation')}. ${receiptPhrase(receipt)}`
        : say`Finished ${count(n, 'rotation')}.`,
    ),
  ])

/** Offers the owner of new keys each token. */
export function offersMessage(trackers: readonly Tracker[]): Message {
  const first = trackers[0]!
  const by = first.rotation.startedBy
  const who = /^[UW][A-Z0-9]+$/.test(by) ? { user: by } : 'Keywarden'
  const shown = trackers.slice(0, maxOffers)
  const more = trackers.length - shown.length
  const warning =
    trackers.length === 1
      ? say`${who} started a rotation of ${{ name: first.facts.next.name }}. Reveal the new key when you can save it; ${untilThen(first)}`
      : say`${who} started a rotation of ${count(trackers.length, 'key')} of yours. Reveal each new key when you can save it; the old ones work meanwhile.`
  return message(
    warning,
    ...shown.flatMap((tracker) => [
      ...(trackers.length === 1
        ? []
        : [sentenceBlock(say`${{ name: tracker.facts.next.name }}: ${facts(tracker)}`)]),
      actions(revealOffer(tracker)),
    ]),
    ...(trackers.length === 1 ? [sentenceBlock(facts(first))] : []),
    ...(more > 0 ? [sentenceBlock(say`And ${more} more: ${{ code: '/keys list mine' }}.`)] : []),
  )
}

const maxOffers = 10

const untilThen = ({ facts: { old } }: Tracker): Phrase =>
  old.state === 'active'
    ? say`the old one works until the rotation is finished.`
    : say`the old one is refused already.`

const facts = ({ facts: { next } }: Tracker): Phrase =>
  say`Scopes: ${next.scopes.join(', ')}. ${next.lifetimeDays ? `Expires ${count(next.lifetimeDays, 'day')} after the reveal.` : 'It does not expire.'}`

const revealOffer = ({ rotation, facts: { next } }: Tracker) =>
  button('Reveal key', `key.reveal.${next.id}`, ref(rotation.workspaceId, next.id), {
    style: 'primary',
    label: `Reveal ${next.name}`,
  })

/** Reminds an owner who has not revealed the new key. */
export const remindMessage = (tracker: Tracker): Message =>
  message(
    say`The new key for ${{ name: tracker.facts.next.name }} still waits for you to reveal it, since ${{ moment: tracker.rotation.startedAt }}. The rotation is due on ${{ moment: tracker.rotation.dueAt }}.`,
    actions(revealOffer(tracker)),
  )

/** A note in the thread of a rotation's message. */
export function saidMessage(said: Said): Message {
  const { tracker, mentions } = said
  const words = notes[said.kind](said)
  const lines =
    said.report?.sources
      .slice(0, 10)
      .map(
        (one) =>
          say`${sourceLine(one)}${one.refused > 0 ? say`, ${one.refused} refused` : ''}${one.isNew ? ' · new in these hours' : ''}`,
      ) ?? []
  const more = (said.report?.sources.length ?? 0) - lines.length
  return message(
    say`${called(mentions)}${words}`,
    ...(lines.length > 0 ? [sentenceBlock(join(lines, '\n'))] : []),
    ...(more > 0 ? [sentenceBlock(say`And ${more} more networks and clients.`)] : []),
    ...(said.kind === 'overdue' ? [sentenceBlock(stillThere(tracker))] : []),
  )
}

const notes: Record<Said['kind'], (said: Said) => Phrase> = {
  reveal: ({ tracker: { facts, rotation } }) =>
    say`the new key for ${{ name: facts.next.name }} waits to be revealed since ${{ moment: rotation.startedAt }}.`,
  ends: ({ tracker: { facts, endsBeforeSwitch } }) =>
    endsBeforeSwitch
      ? say`the old key of ${{ name: facts.old.name }} stops working on ${{ moment: endsBeforeSwitch }}. What has not switched by then fails.`
      : say`the old key of ${{ name: facts.old.name }} stops working soon.`,
  safe: ({ tracker }) => say`${{ name: tracker.facts.old.name }} is safe to finish. ${proof(tracker)}`,
  overdue: ({ tracker: { facts } }) =>
    say`the rotation of ${{ name: facts.old.name }} passed its deadline on ${{ moment: facts.dueAt }}, and ${
      facts.next.state === 'unrevealed'
        ? say`${{ user: facts.next.ownerId }} has not revealed the new key`
        : 'it is not safe to finish'
    }. Finish it early, abort it, or give it 7 more days.`,
  report: ({ tracker: { facts }, report }) => {
    if (!report || report.requests === 0)
      return say`In its last 48 hours nothing used the compromised key of ${{ name: facts.old.name }}.`
    const strange = report.sources.filter((source) => source.isNew).length
    return say`In its last ${report.hours} hours the compromised key of ${{ name: facts.old.name }} made ${count(report.requests, 'request')}, ${report.refused} of them refused, from ${count(report.sources.length, 'network and client', 'networks and clients')}; ${strange} of them not seen in the four weeks before.`
  },
  ended: ({ tracker: { facts } }) => say`I finished the rotation of ${{ name: facts.old.name }}.`,
}
