import type { Digest } from '../../findings/digest.ts'
import type { Kind } from '../../findings/finding.ts'
import { join, type Phrase, say } from '../../foundation/words.ts'
import { type Message, message } from '../blocks.ts'
import { sentenceBlock } from '../phrase.ts'
import { manyFacts } from './alert-words.ts'
import { count } from './key.ts'

/** Monday's digest: a verdict, what is open by kind, and the five most urgent. A calm week is one sentence. */
export function digestMessage(digest: Digest): Message {
  const open = digest.standing.reduce((sum, one) => sum + one.count, 0)
  if (open === 0) return message(calm(digest))
  return message(
    say`${count(open, 'thing')} to look at this week; ${digest.opened} came up and ${count(digest.resolved, 'was', 'were')} settled in the last seven days.`,
    sentenceBlock(lines(digest.standing.map((one) => manyFacts[one.kind](one.count)))),
    sentenceBlock(say`Most urgent:\n${lines(digest.urgent.map(urgent))}`),
    sentenceBlock(
      say`All of them: ${{ code: '/keys list expiring' }} and ${{ code: '/keys list overdue' }}.`,
    ),
  )
}

const calm = ({ resolved }: Digest): Phrase =>
  resolved === 0
    ? say`A calm week: no key needs anybody.`
    : say`A calm week: no key needs anybody, and ${count(resolved, 'alert was', 'alerts were')} settled.`

const lines = (phrases: readonly Phrase[]): Phrase => join(phrases, '\n')

const urgent = ({ kind, step, name }: Digest['urgent'][number]): Phrase =>
  say`• ${{ name }}: ${inShort(kind, step)}`

/** A finding in a few words. */
function inShort(kind: Kind, step: string): string {
  if (kind === 'expiring')
    return step === 'expired' ? 'has stopped working' : `stops working within ${step.replace('d', ' days')}`
  if (kind === 'rotation-due') return step === 'warn' ? 'is due for rotation soon' : 'is due for rotation'
  const words: Partial<Record<Kind, string>> = {
    idle: 'is not used',
    'write-without-expiry': 'may write and never expires',
    unconfirmed: 'was not confirmed as needed',
    'shared-key': 'is used by several systems at once',
    'dead-key-in-use': 'has ended and is still presented',
    orphaned: 'has no owner any more',
    'unusual-use': step === 'quarantined' ? 'is in quarantine' : 'is used unusually',
  }
  return words[kind] ?? 'needs attention'
}
