import type { Candidate, DryRun } from '../../../findings/dry-run.ts'
import { join, type Phrase, say } from '../../../foundation/words.ts'
import { context, type Message, message } from '../../blocks.ts'
import { sentenceBlock } from '../../phrase.ts'
import { count } from '../keys/key.ts'

/** The most keys that one message lists. */
export const dryRunRows = 20

/** The plan for each idle or unconfirmed key, with its day. */
export function dryRunMessage(run: DryRun): Message {
  const rest = run.counts.all - run.keys.length
  return message(
    headline(run),
    sentenceBlock(policySentence(run)),
    ...(run.keys.length > 0 ? [sentenceBlock(join(run.keys.map(row), '\n'))] : []),
    ...(rest > 0
      ? [
          sentenceBlock(
            say`And ${rest} more: ${{ code: 'keywarden review dry-run' }} in the shell lists them all.`,
          ),
        ]
      : []),
    ...(run.waiting ? [sentenceBlock(waiting(run.waiting))] : []),
    context(
      'Nothing was done. A deactivated key is activated again with one click; nothing is ever revoked by this.',
    ),
  )
}

const headline = ({ counts }: DryRun): Phrase =>
  counts.all === 0
    ? say`Dry run: no key is idle or unconfirmed, so nothing would be deactivated.`
    : say`If unconfirmed and idle keys were deactivated, ${counts.all === 1 ? 'this key' : `these ${count(counts.all, 'key')}`} would be: ${counts.idle} idle, ${counts.unconfirmed} unconfirmed.`

function policySentence({ policy }: DryRun): Phrase {
  const after = `are deactivated after ${count(policy.noticeDays, 'day')} of notice`
  const does = (rule: 'flag' | 'deactivate') =>
    rule === 'deactivate' ? after : 'are flagged and go on working'
  return say`As the policy stands, idle keys ${does(policy.idleKeys)}, and keys that nobody confirmed ${does(policy.unconfirmedKeys)}.`
}

function row({ name, hint, ownerId, kinds, at, noticed }: Candidate): Phrase {
  const said = noticed ? 'owner notified' : 'owner not yet notified'
  return say`• ${{ name }} ${{ code: hint }} of ${{ user: ownerId }}, ${kinds.join(' and ')}: ${{ moment: at }} (${said})`
}

const waiting = ({ keys, answerBy }: { keys: number; answerBy: Date }): Phrase =>
  say`${count(keys, 'key waits', 'keys wait')} for an answer in the review that runs; what is not confirmed by ${{ day: answerBy }} is added then.`
