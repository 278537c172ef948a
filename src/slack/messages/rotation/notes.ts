import { join, type Phrase, say } from '../../../foundation/words.ts'
import type { NoteKind } from '../../../rotation/announce.ts'
import type { RotationNote } from '../../../rotation/source.ts'
import type { Tracker } from '../../../rotation/tracker.ts'
import { type Message, message } from '../../blocks.ts'
import { sentenceBlock } from '../../phrase.ts'
import { called } from '../alerts/words.ts'
import { count } from '../keys/key.ts'
import { namesOf, proof, sourceLine, stillThere } from './words.ts'

/** A reply below the message of a rotation; below that of a campaign it may be about several. */
export function noteMessage(note: RotationNote, mentions: readonly string[]): Message {
  const { kind, trackers, report } = note
  const sources = report?.sources.slice(0, 10) ?? []
  const lines = sources.map(
    (one) =>
      say`${sourceLine(one)}${one.refused > 0 ? say`, ${one.refused} refused` : ''}${one.isNew ? ' · new in these hours' : ''}`,
  )
  const more = (report?.sources.length ?? 0) - lines.length
  const shownTo = mentions.slice(0, maxMentions)
  return message(
    say`${called(shownTo)}${trackers.length === 1 ? one[kind](trackers[0]!, note) : many[kind](trackers)}`,
    ...(lines.length > 0 ? [sentenceBlock(join(lines, '\n'))] : []),
    ...(more > 0 ? [sentenceBlock(say`And ${more} more networks and clients.`)] : []),
    ...(kind === 'overdue' && trackers.length === 1 ? [sentenceBlock(stillThere(trackers[0]!))] : []),
  )
}

const maxMentions = 20

const one: Record<NoteKind, (tracker: Tracker, note: RotationNote) => Phrase> = {
  reveal: ({ facts, rotation }) =>
    say`the new key for ${{ name: facts.next.name }} has been waiting to be revealed since ${{ moment: rotation.startedAt }}.`,
  ends: ({ facts, endsBeforeSwitch }) =>
    endsBeforeSwitch
      ? say`the old key of ${{ name: facts.old.name }} stops working on ${{ moment: endsBeforeSwitch }}. Anything still using it then will fail.`
      : say`the old key of ${{ name: facts.old.name }} stops working soon.`,
  safe: (tracker) => say`${{ name: tracker.facts.old.name }} is safe to finish. ${proof(tracker)}`,
  overdue: ({ facts }) =>
    say`the rotation of ${{ name: facts.old.name }} passed its deadline on ${{ moment: facts.dueAt }}, and ${
      facts.next.state === 'unrevealed'
        ? say`${{ user: facts.next.ownerId }} has not revealed the new key`
        : 'it is not safe to finish'
    }. Finish it early, abort it, or give it 7 more days.`,
  report: ({ facts }, { report }) => {
    if (!report || report.requests === 0)
      return say`In its last 48 hours nothing used the compromised key of ${{ name: facts.old.name }}.`
    const strange = report.sources.filter((source) => source.isNew).length
    return say`In its last ${report.hours} hours the compromised key of ${{ name: facts.old.name }} made ${count(report.requests, 'request')}, ${report.refused} of them refused, from ${count(report.sources.length, 'network and client', 'networks and clients')}; ${strange} of them not seen in the four weeks before.`
  },
  ended: ({ facts }) => say`I finished the rotation of ${{ name: facts.old.name }}.`,
}

const many: Record<NoteKind, (trackers: readonly Tracker[]) => Phrase> = {
  reveal: (all) => say`${count(all.length, 'new key')} still wait to be revealed: ${namesOf(all)}.`,
  ends: (all) =>
    say`${count(all.length, 'old key')} stop working within days: ${namesOf(all)}. Anything still using them then will fail.`,
  safe: (all) => say`${count(all.length, 'rotation')} are safe to finish: ${namesOf(all)}.`,
  overdue: (all) =>
    say`${count(all.length, 'rotation')} passed their deadline and are not safe to finish: ${namesOf(all)}. Open each to finish it early, abort it, or give it 7 more days.`,
  report: (all) => say`${count(all.length, 'compromised key')} are refused: ${namesOf(all)}.`,
  ended: (all) => say`I finished ${count(all.length, 'rotation')}: ${namesOf(all)}.`,
}
