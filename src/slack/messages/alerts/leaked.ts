import type { KnownBlock } from '@slack/types'
import type { Alert } from '../../../alerts/alert.ts'
import type { LeakedFacts } from '../../../findings/leaked.ts'
import { isSlackUser, join, type Phrase, say, who } from '../../../foundation/words.ts'
import { receiptPhrase } from '../../../leases/receipt-words.ts'
import { sentenceBlock } from '../../phrase.ts'
import { count } from '../keys/key.ts'

const leakedFacts = (alert: Alert) => alert.facts as LeakedFacts

/** That a key leaked, who says so, and whether it still works. */
export function leakedWords(alert: Alert): Phrase {
  const { reports, isWhole, places } = leakedFacts(alert)
  const name = { name: alert.key.name }
  const claim = isWhole ? say`${name} has leaked.` : say`${name} may have leaked; its token was not shown.`
  const times = reports > 1 ? say` It was reported ${reports} times; the latest:` : []
  return say`${claim}${times} ${placePhrase(places[0]!)} ${state(alert)}`
}

type Place = LeakedFacts['places'][number]

function placePhrase({ where, by, evidence, at, scanner }: Place): Phrase {
  const found = where ? say` in ${{ code: where }}` : []
  const moment = { moment: new Date(at) }
  if (evidence === 'scanner')
    return say`The scanner ${{ name: scanner ?? 'of the account' }} found it${found} on ${moment}.`
  if (evidence === 'pasted')
    return say`${isSlackUser(by) ? who(by) : 'An app'} pasted it${found} on ${moment}.`
  return say`${who(by)} reported it${found} on ${moment}.`
}

function state(alert: Alert): Phrase {
  const { ended } = leakedFacts(alert)
  if (!ended) return say`It still works.`
  const by = say`${who(ended.by)} ${ended.how} it on ${{ moment: new Date(ended.at) }}.`
  return ended.receipt ? say`${by} ${receiptPhrase(ended.receipt)}` : by
}

/** The rights of the key, its use before the report, the earlier reports, and what to do. */
export function leakedBlocks(alert: Alert): KnownBlock[] {
  const { places, use } = leakedFacts(alert)
  return [
    sentenceBlock(rights(alert)),
    sentenceBlock(used(use)),
    ...places.slice(1).map((place) => sentenceBlock(say`Before that: ${placePhrase(place)}`)),
    ...(alert.key.isActive ? [sentenceBlock(advice)] : []),
  ]
}

function rights(alert: Alert): Phrase {
  const { scopes, networks, worksUntil } = leakedFacts(alert)
  const named = join(
    scopes.map((scope) => [{ code: scope }]),
    ', ',
  )
  const from = networks === 0 ? 'from anywhere' : `from ${count(networks, 'network')} alone`
  const until = worksUntil ? say`until ${{ moment: new Date(worksUntil) }}` : say`without an end`
  return say`It may ${named}, ${from}, ${until}.`
}

function used({ until, requests, refused, sources, more }: LeakedFacts['use']): Phrase {
  const period = say`In the 48 hours before ${{ moment: new Date(until) }}`
  if (requests === 0) return say`${period} nobody used it.`
  const from = join(
    sources.map(
      (one) =>
        say`${count(one.requests, 'request')} by ${{ code: one.client }} from ${{ code: one.network }}`,
    ),
    ', ',
  )
  const others = more > 0 ? say`, and ${count(more, 'more source')}` : []
  const denied = refused > 0 ? say` (${refused} refused)` : []
  return say`${period}: ${count(requests, 'request')}${denied}: ${from}${others}.`
}

const advice = say`Rotating it as compromised refuses it at once and offers its owner a new key. A quarantine can be undone; a revoke cannot.`
