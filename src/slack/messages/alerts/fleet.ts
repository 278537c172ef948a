import type { Fleet } from '../../../anomaly/fleet-message.ts'
import { join, type Phrase, say } from '../../../foundation/words.ts'
import { context, type Message, message } from '../../blocks.ts'
import { mrkdwnDate, sentenceBlock } from '../../phrase.ts'

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
 * A change that most keys made at once, in one message that is edited until it is over. When no key is left in it,
 * each has its own alert.
 */
export function fleetMessage(fleet: Fleet): Message {
  const { keys, activeKeys, direction, beganAt, overAt } = fleet
  if (keys === 0)
    return message(
      say`Several keys ${moved[direction]} at about the same time, ${{ moment: beganAt }}. Each of them has an alert of its own now.`,
    )
  const headline = say`${keys} of ${Math.max(keys, activeKeys)} active keys ${moved[direction]} at about the same time, ${{ moment: beganAt }}.`
  const state = overAt
    ? say`It is over since ${{ moment: overAt }}.`
    : say`This looks like ${cause[direction]}. I do not send an alert for each.${direction === 'less' ? '' : exception}`
  return message(
    say`${headline} ${state}`,
    sentenceBlock(names(fleet)),
    ...(overAt ? [] : [context(`Updated ${mrkdwnDate(fleet.grownAt, '{date_short} at {time}')}`)]),
  )
}

function names({ names: some, keys }: Fleet): Phrase {
  const listed = join(
    some.map((name) => [{ name }]),
    ', ',
  )
  const more = keys - some.length
  return more > 0 ? say`${listed} and ${more} more.` : say`${listed}.`
}
