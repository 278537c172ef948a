import { dayMs } from '../../foundation/time.ts'
import { hourDays } from './constants.ts'
import { hourIndex } from './hours.ts'
import { decodeCount } from './rings.ts'
import type { KeyState } from './state.ts'

/** Requests of a key in the last hours by a client that it did not have until a day ago. Times in seconds since 1970. */
export type FreshSource = {
  network: string
  client: string
  /** whether the key was never used from this network either */
  isNewNetwork: boolean
  requests: number
  firstAt: number
  lastAt: number
}

/** The ordinary use of a key. */
export type Habit = {
  /** requests a minute at this time of day, on the days of two weeks */
  perMinute: number
  /** clients known for longer than a day, each with the moment at which it was first seen, in milliseconds */
  clients: ReadonlyMap<string, number>
  /** used from so many networks that a new one says nothing */
  isAnywhere: boolean
}

/** Why a new source is strange, and the numbers behind it. */
export type SourceVerdict = {
  reason: 'new-network' | 'person'
  network: string
  client: string
  requests: number
  seconds: number
  /** what the key usually has in that time */
  usual: number
}

/** A network and a client that are both new: this many requests, and so many times what the key usually has. */
const fewRequests = 3
const timesUsual = 2
/** Where a new network says nothing a burst by a client that was replaced looks the same, and lasts half an hour. */
const lastingSeconds = 45 * 60
/** A person tries at least twice. */
const fewByHand = 2
/** Each client that a key got in these weeks makes the next less of a surprise; those of its first week do not. */
const recentMs = 35 * dayMs
const firstMs = 7 * dayMs

/** Programs that people use by hand; scripts run the tools among them too. */
const applications = new Set(['Mozilla', 'PostmanRuntime', 'insomnia', 'bruno-runtime', 'Paw', 'Opera'])
const tools = new Set(['curl', 'Wget', 'HTTPie', 'xh', 'hurl'])

/**
 * Judges the clients that are new on a key, as soon as they are counted. From networks that are new too, much more use
 * than the key has at this time of day is what a thief's looks like: a service that moves takes its use along, and does not
 * double it. Programs that people use by hand, on a key that only services have used, are a person. Pure.
 */
export function judgeSources(
  fresh: readonly FreshSource[],
  { perMinute, clients, isAnywhere }: Habit,
  nowMs: number,
): SourceVerdict | undefined {
  const strangers = sumUp(fresh.filter(({ isNewNetwork }) => isNewNetwork))
  if (strangers) {
    const usual = perMinute * Math.max(1, strangers.seconds / 60)
    const need = fewRequests * (1 + newcomers(clients, nowMs)) + timesUsual * usual
    const lasts = !isAnywhere || strangers.seconds >= lastingSeconds
    if (lasts && strangers.requests >= need) return { reason: 'new-network', usual, ...strangers }
  }
  const known = [...clients.keys()]
  if (known.some((client) => applications.has(client))) return undefined
  const runsTools = isAnywhere || known.some((client) => tools.has(client))
  const isByHand = ({ client, isNewNetwork }: FreshSource) =>
    applications.has(client) || (tools.has(client) && isNewNetwork && !runsTools)
  const hands = sumUp(fresh.filter(isByHand))
  if (!hands || hands.requests < fewByHand) return undefined
  return { reason: 'person', usual: perMinute * (hands.seconds / 60), ...hands }
}

/** All together, under the name of the one with the largest number of requests. */
function sumUp(sources: readonly FreshSource[]) {
  const [first] = sources
  if (!first) return undefined
  const largest = sources.reduce((best, one) => (one.requests > best.requests ? one : best), first)
  const requests = sources.reduce((sum, one) => sum + one.requests, 0)
  const firstAt = Math.min(...sources.map((one) => one.firstAt))
  const lastAt = Math.max(...sources.map((one) => one.lastAt))
  return { network: largest.network, client: largest.client, requests, seconds: lastAt - firstAt }
}

/** Clients that a key got in the last weeks, those of its first week aside. */
function newcomers(clients: Habit['clients'], nowMs: number): number {
  const begun = Math.min(...clients.values())
  return [...clients.values()].filter((at) => at > nowMs - recentMs && at > begun + firstMs).length
}

/** The mean of the hours that this one can be compared with, as requests a minute. `hour`: local, since 1970. */
export function usualPerMinute(state: KeyState, hour: number): number {
  let sum = 0
  let hours = 0
  for (let back = 1; back < hourDays; back++)
    for (let beside = -1; beside <= 1; beside++) {
      const code = state.hours[hourIndex(hour + beside - 24 * back)]!
      if (code === 0) continue
      sum += decodeCount(code)
      hours++
    }
  return hours > 0 ? sum / hours / 60 : 0
}
