import type { KnownBlock } from '@slack/types'
import type { Fleet } from '../../../anomaly/fleet-message.ts'
import { join, type Phrase, say } from '../../../foundation/words.ts'
import { context, type Message, message } from '../../blocks.ts'
import { fallback, mrkdwnDate, sentenceBlock, struckBlock } from '../../phrase.ts'
import { severityWords } from './words.ts'

const moved: Record<Fleet['direction'], string> = {
  more: 'became much busier',
  less: 'fell silent',
  failing: 'began to fail',
}
const cause: Record<Fleet['direction'], string> = {
  more: 'something that all of them do, rather than leaked keys',
  less: 'an outage or a holiday, rather than something about each key',
  failing: 'the platform or a deployment, rather than something about each key',
}
const exception = ' A key that looks leaked, or is mostly used from somewhere new, has an alert of its own.'

/**
 * A change that most keys made at once, in one message that is edited until it is over. The keys that left it, and have
 * alerts of their own, are named too.
 */
export function fleetMessage(fleet: Fleet): Message {
  const { keys, direction, beganAt, overAt, left } = fleet
  const when = say`at about the same time, ${{ moment: beganAt }}.`
  if (keys === 0)
    return message(
      say`✅ ${left.length === 1 ? 'A key' : 'Several keys'} ${moved[direction]} ${when}`,
      ...apart(left),
    )
  const headline = say`${keys} of ${Math.max(keys, fleet.activeKeys)} active keys ${moved[direction]} ${when}`
  if (overAt)
    return {
      text: fallback(headline),
      blocks: [
        struckBlock(headline),
        sentenceBlock(say`✅ It ended on ${{ moment: overAt }}: ${names(fleet)}`),
        ...apart(left),
      ],
    }
  return message(
    say`${severityWords.warning} · ${headline} This looks like ${cause[direction]}. These keys have no separate alerts.${direction === 'less' ? '' : exception}`,
    sentenceBlock(names(fleet)),
    ...apart(left),
    context(`Updated ${mrkdwnDate(fleet.grownAt, '{date_short} at {time}')}`),
  )
}

const apart = (left: readonly string[]): KnownBlock[] =>
  left.length === 0 ? [] : [sentenceBlock(say`With an alert of its own: ${listed(left)}.`)]

function names({ names: some, keys }: Fleet): Phrase {
  const more = keys - some.length
  return more > 0 ? say`${listed(some)} and ${more} more.` : say`${listed(some)}.`
}

const listed = (names: readonly string[]): Phrase =>
  join(
    names.map((name) => [{ name }]),
    ', ',
  )
