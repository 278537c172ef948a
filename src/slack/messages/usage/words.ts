import { join, type Phrase, say } from '../../../foundation/words.ts'
import type { Range } from '../../../usage/range.ts'
import type { Source } from '../../../usage/sources.ts'
import { type Summary, successRate } from '../../../usage/summary.ts'
import { count } from '../keys/key.ts'

export const rangeWords: Record<Range, string> = {
  '24h': '24 hours',
  '7d': '7 days',
  '30d': '30 days',
  '90d': '90 days',
}

/** A percentage: 0 and 100 only when exact, with a decimal below 10 and above 90. */
export function percent(share: number): string {
  const value = share * 100
  if (value === 0 || value === 100) return `${value}%`
  if (value >= 99.95) return 'more than 99.9%'
  if (value < 0.1) return 'less than 0.1%'
  return `${value.toLocaleString('en-US', { maximumFractionDigits: value < 10 || value > 90 ? 1 : 0 })}%`
}

/** The number of requests, compared to the previous range. */
export function howMany({ totals, before }: Pick<Summary, 'totals' | 'before'>, range: Range): Phrase {
  const last = rangeWords[range]
  if (totals.requests === 0)
    return before.requests === 0
      ? say`No request in the last ${last}, nor in the ${last} before.`
      : say`No request in the last ${last}; ${before.requests} in the ${last} before.`
  return say`${count(totals.requests, 'request')} in the last ${last}, ${against(totals.requests, before.requests)} in the ${last} before${before.requests > 0 ? ` (${before.requests.toLocaleString('en-US')})` : ''}.`
}

/** Compares a number to an earlier one, before “in the week before”. */
export function against(now: number, before: number): string {
  if (before === 0) return 'none'
  if (now === before) return 'as many as'
  if (now === 2 * before) return 'twice as many as'
  if (now > 2 * before)
    return `${(now / before).toLocaleString('en-US', { maximumFractionDigits: 1 })} times as many as`
  return `${percent(Math.abs(now / before - 1))} ${now > before ? 'more' : 'less'} than`
}

/** How many succeeded, failed and were refused; undefined without requests. */
export function howWell({ totals }: Pick<Summary, 'totals'>): Phrase | undefined {
  const rate = successRate(totals)
  if (rate === undefined) return undefined
  const { requests, refused, outcomes, failed } = totals
  const letThrough = requests - refused
  const others = [
    ...(failed > 0 ? [say`${failed} failed`] : []),
    say`${refused > 0 ? count(refused, 'was', 'were') : 'none was'} refused`,
  ]
  if (outcomes === 0)
    return say`${letThrough} of ${count(requests, 'request')} let through; ${join(others, ', ')}.`
  // Reports come by themselves: some may be missing, and some of an earlier time may be counted here.
  if (outcomes !== letThrough)
    return say`${percent(rate)} of ${count(outcomes, 'reported answer')} succeeded; ${join(others, ', ')}.`
  return say`${outcomes - failed} of ${count(requests, 'request')} succeeded; ${join(others, ', ')}.`
}

export function firstAndLast({
  firstUsedAt,
  lastUsedAt,
}: Pick<Summary, 'firstUsedAt' | 'lastUsedAt'>): Phrase {
  if (!firstUsedAt || !lastUsedAt) return say`Never used so far.`
  return say`First used on ${{ moment: firstUsedAt }}, last on ${{ moment: lastUsedAt }}.`
}

const maxNamed = 3

/** Networks and clients, the busiest by name, one per line; empty when none is known. */
export function fromWhere(sources: readonly Source[]): Phrase[] {
  const networks = shares(sources, ({ network }) => network)
  const clients = shares(sources, ({ client }) => client)
  if (networks.length === 0) return []
  return [
    say`From ${count(networks.length, 'network')}: ${named(networks)}.`,
    say`By ${count(clients.length, 'client')}: ${named(clients)}.`,
  ]
}

type Share = { name: string; share: number }

function shares(sources: readonly Source[], nameOf: (source: Source) => string): Share[] {
  const sums = new Map<string, number>()
  for (const source of sources) sums.set(nameOf(source), (sums.get(nameOf(source)) ?? 0) + source.requests)
  const all = [...sums.values()].reduce((sum, one) => sum + one, 0)
  return [...sums]
    .map(([name, requests]) => ({ name, share: requests / all }))
    .sort((a, b) => b.share - a.share || (a.name < b.name ? -1 : 1))
}

function named(all: readonly Share[]): Phrase {
  const rest = all.length - maxNamed
  const shown = all.slice(0, maxNamed).map(({ name, share }) => say`${{ code: name }} ${percent(share)}`)
  return say`${join(shown, ', ')}${rest > 0 ? ` and ${rest} more` : ''}`
}

/** The outcome of a request: our verdict in words, or the platform's status. */
export function outcomeWords(code: string): string {
  return (
    verdicts[code] ?? (/^\d{3}$/.test(code) ? `${code} ${Number(code) < 400 ? 'succeeded' : 'failed'}` : code)
  )
}

const verdicts: Record<string, string> = {
  VALID: 'let through',
  SUSPENDED: 'refused: workspace suspended',
  INACTIVE: 'refused: paused',
  EXPIRED: 'refused: expired',
  REVOKED: 'refused: revoked',
  WRONG_WORKSPACE: 'refused: other workspace',
  UNCLEAR_METHOD: 'refused: no method',
  UNCLEAR_PATH: 'refused: unclear path',
  INSUFFICIENT_SCOPE: 'refused: scope',
  NETWORK_DENIED: 'refused: network',
  RATE_LIMITED: 'refused: limit',
}
