import type { KnownBlock } from '@slack/types'
import { isSlackUser, join, type Phrase, say } from '../../../foundation/words.ts'
import { type Offer, type OfferedKey, type OfferState, offerDays } from '../../../keys/offers.ts'
import { actions, button, type Message, message } from '../../blocks.ts'
import { sentenceBlock } from '../../phrase.ts'
import { ref } from '../../ref.ts'
import { count, worksMeanwhile } from './key.ts'

const maxOffers = 10

/** Offers keys to their owner; what became of the others is said, without a button. */
export function offersMessage(offer: Offer): Message {
  const waiting = offer.keys.filter(({ state }) => state === 'waiting')
  const others = offer.keys.filter(({ state }) => state !== 'waiting')
  const shown = [...waiting, ...others].slice(0, maxOffers)
  const more = offer.keys.length - shown.length
  const isOne = offer.keys.length === 1
  return message(
    intro(offer, waiting),
    ...shown.flatMap((key): KnownBlock[] => [
      ...(isOne && key.state !== 'waiting' ? [] : [sentenceBlock(isOne ? conditions(key) : line(key))]),
      ...(key.state === 'waiting' ? [actions(revealButton(key))] : []),
    ]),
    ...(more > 0 ? [sentenceBlock(say`And ${more} more: ${{ code: '/keys list mine' }}.`)] : []),
  )
}

function intro({ because, by, keys }: Offer, waiting: readonly OfferedKey[]): Phrase {
  const who = isSlackUser(by) ? { user: by } : 'Keywarden'
  const [first] = keys
  const isOne = keys.length === 1
  if (because === 'void') {
    const why = say`Slack did not confirm that it showed you ${{ name: first!.name }}, so I took that key back.`
    return waiting.length > 0
      ? say`${why} Reveal it again: you get another.`
      : say`${why} Since then: ${endings[first!.state]}.`
  }
  if (waiting.length === 0)
    return isOne
      ? say`${{ name: first!.name }}: ${endings[first!.state]}.`
      : say`Nothing waits for you here any more: ${count(keys.length, 'key')} of yours.`
  const name = { name: first!.name }
  if (because === 'made')
    return say`${who} created a key for you: ${name}. Reveal it when you can save it; it is shown once.`
  if (because === 'given')
    return say`${who} gave you ${name}. Reveal it when you can save it; it is shown once.`
  if (because === 'leaver') {
    const what = isOne ? [name] : say`these keys`
    return say`${who} is leaving and you now own ${what}. Reveal ${isOne ? 'it' : 'them'} when you can save ${isOne ? 'it' : 'them'}.`
  }
  return isOne
    ? say`${who} started a rotation of ${name}. Reveal the new key when you can save it; ${untilThen(first!)}`
    : say`${who} started a rotation of ${count(keys.length, 'key')} of yours. Reveal each new key when you can save it; ${untilThenAll(waiting)}`
}

const untilThen = ({ old }: OfferedKey): Phrase =>
  old?.works ? say`the old one ${worksMeanwhile(old.until)}.` : say`the old one is refused already.`

function untilThenAll(waiting: readonly OfferedKey[]): string {
  const working = waiting.filter(({ old }) => old?.works).length
  if (working === waiting.length) return 'the old ones work meanwhile.'
  return working === 0 ? 'the old ones are refused already.' : 'of some the old one is refused already.'
}

const endings: Record<Exclude<OfferState, 'waiting'>, string> & { waiting: string } = {
  waiting: 'it waits for you',
  revealed: 'you have revealed the key',
  lapsed: `nobody revealed the key in ${offerDays} days, so its offer lapsed`,
  revoked: 'the key was revoked before anybody revealed it',
  moved: 'the key has another owner now',
}

const line = (key: OfferedKey): Phrase =>
  say`${{ name: key.name }}: ${key.state === 'waiting' ? conditions(key) : say`${endings[key.state]}.`}`

const conditions = ({ scopes, lifetimeDays, lapsesAt }: OfferedKey): Phrase =>
  say`${lapsesAt ? say`Reveal it by ${{ day: lapsesAt }}. ` : []}Scopes: ${scopes.join(', ')}. ${lifetimeDays ? `Expires ${count(lifetimeDays, 'day')} after the reveal.` : 'It does not expire.'}`

const revealButton = ({ id, workspaceId, name }: OfferedKey) =>
  button('Reveal key', `key.reveal.${id}`, ref(workspaceId, id), {
    style: 'primary',
    label: `Reveal ${name}`,
  })

/** Says to the owner that offers lapsed. */
export function lapsedMessage(keys: readonly { name: string }[]): Message {
  const named = keys.slice(0, maxOffers).map(({ name }): Phrase => [{ name }])
  const more = keys.length - named.length
  const which = say`${join(named, ', ')}${more > 0 ? ` and ${more} more` : ''}`
  return message(
    keys.length === 1
      ? say`You did not reveal ${which} in ${offerDays} days, so the offer lapsed. Ask for a new key if you still need one: ${{ code: '/keys create' }}.`
      : say`You did not reveal ${count(keys.length, 'key')} in ${offerDays} days, so the offers lapsed: ${which}. Ask for new ones if you still need them: ${{ code: '/keys create' }}.`,
  )
}
