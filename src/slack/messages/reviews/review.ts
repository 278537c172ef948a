import type { KnownBlock } from '@slack/types'
import { join, type Phrase, say } from '../../../foundation/words.ts'
import { type Asked, type AskedKey, askedPage } from '../../../reviews/keys-asked.ts'
import type { ReviewProgress } from '../../../reviews/progress.ts'
import { actions, button, context, type Message, message, plainSection } from '../../blocks.ts'
import { isolate, mrkdwnDate, sentenceBlock } from '../../phrase.ts'
import { ref } from '../../ref.ts'
import { count } from '../keys/key.ts'

/**
 * Asks an owner about ten keys, with two buttons each. Answered keys make room for the next ones, so one message of
 * fixed size covers any number. `where` says which message a click redraws.
 */
export function askedMessage(asked: Asked, where: 'dm' | 'here'): Message {
  const { counts, keys, review, workspaceName } = asked
  const all = counts.needed + counts.unneeded + counts.open + counts.closed
  if (review.endedAt) return message(over(asked))
  if (all === 0) return message(say`You have nothing to review in ${{ name: workspaceName }}.`)
  if (keys.length === 0) return message(done(asked), ...takenBack(asked, where))
  return message(
    headline(asked),
    sentenceBlock(consequence(asked)),
    ...keys.flatMap((key) => rowOf(key, asked, where)),
    ...aboutAll(asked, where),
    ...takenBack(asked, where),
    context(`${progressLine(asked)} · asked ${mrkdwnDate(review.begunAt)}`),
  )
}

/** The buttons for several keys at once; none when there is only one. */
function aboutAll(asked: Asked, where: 'dm' | 'here'): KnownBlock[] {
  const { keys, counts, from } = asked
  if (keys.length < 2 && counts.open <= keys.length) return []
  const ids = keys.map(({ id }) => id).join(' ')
  const next = Math.min(askedPage, counts.open - keys.length)
  return [
    actions(
      button(
        keys.length === 2 ? 'Both are still needed' : `All ${keys.length} are still needed`,
        `review.needed.all`,
        refOf(asked, where, ids),
      ),
      ...(next > 0
        ? [button(`Show the next ${next}`, 'review.page', refOf(asked, where, String(from + askedPage)))]
        : []),
    ),
  ]
}

const headline = ({ counts, ownerId, workspaceName, review, isLate }: Asked): Phrase =>
  isLate
    ? say`${count(counts.open, 'key', 'keys')} in ${{ name: workspaceName }} ${counts.open === 1 ? 'was' : 'were'} not confirmed by ${{ day: review.answerBy }} and will be flagged. You can still answer.`
    : ownerId
      ? say`Which of your keys in ${{ name: workspaceName }} are still needed? Please answer for ${count(counts.open, 'key')} by ${{ day: review.answerBy }}.`
      : say`${count(counts.open, 'key', 'keys')} in ${{ name: workspaceName }} ${counts.open === 1 ? 'needs' : 'need'} an answer by ${{ day: review.answerBy }}.`

function consequence({ deactivates, noticeDays }: Asked): Phrase {
  if (deactivates)
    return say`Unconfirmed keys are flagged, and deactivated after ${count(noticeDays, 'day')} of notice. Nothing is revoked.`
  return say`Unconfirmed keys are flagged; nothing is deactivated.`
}

const progressLine = ({ counts }: Asked): string =>
  [
    `${counts.needed.toLocaleString('en-US')} still needed`,
    `${counts.unneeded.toLocaleString('en-US')} not needed any more`,
    ...(counts.closed > 0 ? [`${counts.closed.toLocaleString('en-US')} revoked, expired or replaced`] : []),
  ].join(' · ')

/** An owner who did not answer everything is not thanked for it. */
function over({ counts, workspaceName }: Asked): Phrase {
  const { needed, unneeded, open } = counts
  const figures = say`${needed} still needed, ${unneeded} not needed any more`
  return open > 0
    ? say`This review of ${{ name: workspaceName }} is over: ${figures}, ${count(open, 'key')} not answered.`
    : say`This review of ${{ name: workspaceName }} is over: ${figures}.`
}

function done({ counts, workspaceName, ownerId }: Asked): Phrase {
  const whose = ownerId ? say`your keys` : say`the keys`
  const tail = counts.closed > 0 ? say`, ${counts.closed} revoked, expired or replaced meanwhile` : ''
  return say`All of ${whose} in ${{ name: workspaceName }} are answered: ${counts.needed} still needed, ${counts.unneeded} not${tail}. Thank you.`
}

function rowOf(key: AskedKey, asked: Asked, where: 'dm' | 'here'): KnownBlock[] {
  const one = (text: string, verb: 'needed' | 'unneeded') =>
    button(text, `review.${verb}.${key.id}`, refOf(asked, where, key.id), { label: `${text}: ${key.name}` })
  return [
    plainSection(isolate(key.name)),
    context(facts(key, asked.ownerId === undefined)),
    actions(one('Still needed', 'needed'), one('Not needed any more', 'unneeded')),
  ]
}

/** One press is easily the wrong one: each key that is said not to be needed can be confirmed all the same. */
const takenBack = (asked: Asked, where: 'dm' | 'here'): KnownBlock[] =>
  asked.unneeded.map(({ id, name }) =>
    plainSection(`${isolate(name)}: not needed any more; it will be flagged.`, {
      accessory: button('Needed after all', `review.needed.${id}`, refOf(asked, where, id), {
        label: `Needed after all: ${name}`,
      }),
    }),
  )

/** Contains no text that a person typed. */
const facts = (key: AskedKey, withOwner: boolean): string =>
  [
    `\`${key.hint}\``,
    key.scopes.join(', '),
    key.lastUsedAt
      ? `${count(key.requests, 'request')}, the last ${mrkdwnDate(key.lastUsedAt)}`
      : 'never used',
    key.expiresAt ? `expires ${mrkdwnDate(key.expiresAt)}` : 'never expires',
    ...(withOwner ? [`<@${key.ownerId}>`] : []),
  ].join(' · ')

const refOf = ({ review, ownerId }: Asked, where: 'dm' | 'here', rest: string) =>
  ref(review.workspaceId, `${where} ${ownerId ? 'mine' : 'all'} ${rest}`)

/** A review's progress for managers: one message, edited in place. */
export function progressMessage(progress: ReviewProgress): Message {
  const { review, workspaceName, keys, owners } = progress
  const all = keys.needed + keys.unneeded + keys.open + keys.closed
  const title = say`Review of ${{ name: workspaceName }}: which keys are still needed?`
  if (review.endedAt)
    return message(
      say`${title} It is over: ${keys.needed} of ${all} confirmed, ${keys.unneeded} not needed any more, ${keys.open} without an answer.`,
    )
  return message(
    say`${title} ${keys.needed + keys.unneeded} of ${all - keys.closed} answered; ${progress.isLate ? 'the deadline was' : 'the deadline is'} ${{ day: review.answerBy }}.`,
    context(
      [
        `${keys.needed} still needed`,
        `${keys.unneeded} not needed any more`,
        `${keys.open} open`,
        ...(keys.closed > 0 ? [`${keys.closed} revoked, expired or replaced`] : []),
        `${owners.answered} of ${count(owners.asked, 'owner')} done`,
      ].join(' · '),
    ),
    ...later(progress).map(sentenceBlock),
    actions(
      button('Open keys', 'review.page', ref(review.workspaceId, 'new all 0')),
      button('Dry run', 'review.dry-run', ref(review.workspaceId, 'dry-run'), {
        label: 'What would be deactivated: a dry run',
      }),
    ),
  )
}

function later({ waiting, nobodyToAsk, flagged, noticed, keys, owners }: ReviewProgress): Phrase[] {
  const names = waiting.map(({ userId, open }): Phrase => say`${{ user: userId }} (${open})`)
  const rest = owners.asked - owners.answered - waiting.length
  const more = rest > 0 ? say` and ${rest} more` : ''
  const waits = names.length > 0 ? [say`Waiting for ${join(names, ', ')}${more}.`] : []
  const orphans =
    nobodyToAsk > 0
      ? [
          say`${count(nobodyToAsk, 'key has', 'keys have')} an owner whom nobody can ask: they left, may not act, or take no messages. Answer for them with Open keys, or give the keys to somebody else.`,
        ]
      : []
  const paused = noticed > 0 ? say`, ${noticed} of them with notice of being deactivated` : ''
  const flags = flagged > 0 ? [say`${count(flagged, 'key is', 'keys are')} flagged${paused}.`] : []
  return keys.open + keys.unneeded === 0 ? [say`Nothing is open.`] : [...waits, ...orphans, ...flags]
}

/** A reminder in its own message: editing the question notifies nobody. */
export const reminderMessage = (asked: Asked): Message =>
  message(
    say`${count(asked.counts.open, 'key')} of yours in ${{ name: asked.workspaceName }} still ${asked.counts.open === 1 ? 'needs' : 'need'} your answer by ${{ moment: asked.review.answerBy }}.`,
    actions(
      button('Answer', 'review.page', ref(asked.review.workspaceId, 'new mine 0'), { style: 'primary' }),
    ),
  )
