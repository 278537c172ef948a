import type { ModalView } from '@slack/types'
import { type Phrase, say } from '../../../foundation/words.ts'
import type { LeakState } from '../../../leaks/act.ts'
import type { Receipt } from '../../../leases/receipt.ts'
import { receiptPhrase } from '../../../leases/receipt-words.ts'
import type { Workspace } from '../../../workspaces/workspace.ts'
import { form, input, notice, textInput } from '../../blocks.ts'
import { sentenceBlock } from '../../phrase.ts'
import { ref } from '../../ref.ts'
import { count } from './key.ts'

/** The dialog in which somebody reports leaked keys. */
export const leakedForm = (workspace: Workspace): ModalView =>
  form('Report a leak', 'Report', 'leak.report', ref(workspace.id, ''), [
    sentenceBlock(
      say`Paste what you found. I look it up by its hash and keep none of it. Those in charge of a key learn of it at once.`,
    ),
    input(
      'tokens',
      'Keys that leaked',
      textInput({ multiline: true, max_length: 3000, focus_on_load: true }),
      {
        hint: 'Whole keys, or hints such as tml_Ab3d. A hint alone ends nothing.',
      },
    ),
    input('where', 'Where you found them', textInput({ max_length: 300 }), {
      hint: 'Such as the address of a repository, without the key.',
      optional: true,
    }),
  ])

/** A reported key that this person may see, and what became of it. */
type ReportedKey = { name: string; hint: string; state: LeakState }

/** The answer names only keys that this person may see; of everything else it says the same. */
export function leakReportedView(keys: readonly ReportedKey[], rest: number, receipt?: Receipt): ModalView {
  return notice('Leak reported', [
    ...keys.slice(0, maxListed).map((key) => sentenceBlock(outcome(key, receipt?.state === 'confirmed'))),
    ...(keys.length > maxListed
      ? [sentenceBlock(say`And ${count(keys.length - maxListed, 'more key')}.`)]
      : []),
    ...(receipt ? [sentenceBlock(receiptPhrase(receipt))] : []),
    ...(rest > 0 ? [sentenceBlock(others(rest))] : []),
  ])
}

const maxListed = 50

const states: Record<LeakState, string> = {
  waits: 'What policy says is under way; the alert will say what was done.',
  works: 'It still works: those in charge decide, from the alert.',
  suspended: 'It works once its workspace is resumed: those in charge decide, from the alert.',
  paused: 'It was paused already, and stays so.',
  revoked: 'It was revoked already.',
  quarantine: 'It is in quarantine, as policy says.',
  rotate: 'Its token is ended and a new key waits for its owner, as policy says.',
  revoke: 'It is revoked, as policy says.',
}

/** The same until every server has confirmed it. */
const underWay: Partial<Record<LeakState, string>> = {
  quarantine: 'It is being deactivated, as policy says.',
  rotate: 'Its token is being ended and a new key waits for its owner, as policy says.',
  revoke: 'It is being revoked, as policy says.',
}

const outcome = ({ name, hint, state }: ReportedKey, isConfirmed: boolean): Phrase =>
  say`${{ name }} ${{ code: hint }} is reported. ${isConfirmed ? states[state] : (underWay[state] ?? states[state])}`

const others = (rest: number): Phrase =>
  say`${rest === 1 ? 'One thing' : `${rest} things`} that you pasted I cannot show you as a key. Where it is one, those in charge of it know.`
