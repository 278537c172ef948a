import { day, length } from './calendar.ts'
import type { Event, Harmless } from './harmless.ts'
import type { Incident } from './incidents.ts'
import type { Random } from './random.ts'
import { localHour, type Traffic } from './traffic.ts'

/** What a key's own requests come from. */
type Home = 'server' | 'cloud' | 'ci' | 'mobile' | 'office' | 'proxy'
/** Where the requests of an incident come from, as the key knows it. */
export type Origin = 'new' | 'new-network' | 'shared-egress' | 'same'
/** Requests in one bucket by a source that may be new. */
export type Row = { network: string; client: string; requests: number }

/** Networks and clients of the key's ordinary requests in a bucket that has any. */
export type Usual = { networks: readonly string[]; clients: readonly string[] }

/** The sources of one simulated key: those of its ordinary use in a bucket, and those that are worth a look. */
export type Sources = {
  home: Home
  /** where the requests of the key's incident come from; undefined when it has none */
  origin: Origin | undefined
  usual(bucket: number): Usual
  /** by bucket */
  rows: Map<number, Row[]>
  persons: Event<'person'>[]
  /** changes of sources that nobody wants to hear of, by name */
  churn: Event<Churn>[]
}

/** Harmless changes, and how often a week a key has one. Nobody has counted these: they are assumptions. */
const churnPerWeek = {
  rename: 0.02,
  move: 0.02,
  rewrite: 0.003,
  'second-system': 0.002,
  script: 0.005,
  probe: 0.002,
  newcomer: 0.01,
} as const
type Churn = keyof typeof churnPerWeek

const homes: Record<Traffic['shape'], readonly (readonly [Home, number])[]> = {
  steady: [['server', 0.4], ['cloud', 0.3], ['mobile', 0.15], ['proxy', 0.15]],
  diurnal: [['server', 0.3], ['cloud', 0.2], ['mobile', 0.2], ['office', 0.2], ['proxy', 0.1]],
  cron: [['server', 0.5], ['cloud', 0.25], ['ci', 0.15], ['proxy', 0.1]],
  bursty: [['server', 0.3], ['cloud', 0.2], ['ci', 0.3], ['office', 0.1], ['proxy', 0.1]],
} // biome-ignore format: a table

const libraries = [
  'python-requests',
  'axios',
  'okhttp',
  'Go-http-client',
  'Java',
  'node',
  'aiohttp',
  'Ruby',
  'GuzzleHttp',
  'Dart',
]
const hands = ['curl', 'curl', 'curl', 'PostmanRuntime', 'PostmanRuntime', 'Mozilla', 'insomnia', 'HTTPie']

export type Used = {
  traffic: Traffic
  /** requests of each bucket, which sources may add to */
  counts: Float64Array
  /** the share of a bucket's requests that its incident added */
  added(bucket: number): number
  incidents: readonly Incident[]
  harmless: readonly Harmless[]
}

/** Draws where a key is used from, and by whom. Adds the requests of persons to the counts. */
export function drawSources(random: Random, key: Used): Sources {
  const home = drawFrom(random, homes[key.traffic.shape])
  const fresh = freshNames(random)
  const own = drawOwn(random, home, fresh, key.traffic.born)
  const rows: Sources['rows'] = new Map()
  const put = (bucket: number, row: Row) => {
    if (row.requests > 0) rows.set(bucket, [...(rows.get(bucket) ?? []), row])
  }
  const sources: Sources = { home, origin: undefined, usual: own.at, rows, persons: [], churn: [] }
  for (const kind of Object.keys(churnPerWeek) as Churn[])
    if (random.uniform() < 1 - Math.exp(-8 * churnPerWeek[kind]))
      change(random, kind, key, own, fresh, put, sources)
  for (const incident of key.incidents) sources.origin = drawOrigin(random, incident, key, own, fresh, put)
  const isService = home !== 'office' && home !== 'mobile'
  if (isService && random.uniform() < 0.25) drawPerson(random, key, own, fresh, put, sources)
  return sources
}

function drawFrom<T>(random: Random, shares: readonly (readonly [T, number])[]): T {
  let left = random.uniform()
  for (const [one, share] of shares) {
    if (left < share) return one
    left -= share
  }
  return shares[0]![0]
}

/** Names that the key never had. */
const freshNames = (random: Random) => {
  let n = 0
  return {
    network: () => `new-${n++}`,
    /** a library that is not among these */
    library: (not: readonly string[]) => random.pick(libraries.filter((one) => !not.includes(one))),
  }
}
type Fresh = ReturnType<typeof freshNames>

type Own = {
  at(bucket: number): Usual
  /** the networks of a moment, one of which is used */
  networks: string[][]
  changes: number[]
  /** from then on that client, or those networks */
  swaps: { from: number; client?: string; networks?: string[] }[]
  clients: string[]
}

/** The key's own networks change with its home: never, now and then, or with every job. */
function drawOwn(random: Random, home: Home, fresh: Fresh, born: number): Own {
  const pool = {
    server: () => random.integer(1, 3),
    cloud: () => random.integer(8, 100),
    ci: () => random.integer(20, 300),
    mobile: () => random.integer(50, 500),
    office: () => random.integer(3, 15),
    proxy: () => 1,
  }[home]()
  const names = Array.from({ length: pool }, (_, i) => `own-${i}`)
  const clients = drawClients(random, home, fresh)
  const daysBetween = {
    server: 1e9,
    cloud: random.logUniform(0.5, 14),
    ci: 0.01,
    mobile: 0.01,
    office: 0.2,
    proxy: 1e9,
  }[home]
  const atOnce = { server: pool, cloud: random.integer(1, 3), ci: 2, mobile: 5, office: 2, proxy: 1 }[home]
  const changes = [born]
  const networks = [names.slice(0, atOnce)]
  for (let at = born; ; ) {
    at += Math.max(1, -Math.log(1 - random.uniform()) * daysBetween * day)
    if (at >= length) break
    changes.push(at)
    networks.push(Array.from({ length: atOnce }, () => random.pick(names)))
  }
  const own: Own = { at: (bucket) => usualAt(own, bucket), networks, changes, swaps: [], clients }
  return own
}

function drawClients(random: Random, home: Home, fresh: Fresh): string[] {
  const first = [random.pick(libraries)]
  const more = { server: 0.2, cloud: 0.4, ci: 0.7, mobile: 1, office: 1, proxy: 0.1 }[home]
  if (random.uniform() < more) first.push(fresh.library(first))
  if (home === 'mobile' && random.uniform() < 0.5) first.push(fresh.library(first))
  if (home === 'office') first.push('Mozilla')
  if ((home === 'ci' && random.uniform() < 0.4) || (home === 'server' && random.uniform() < 0.1))
    first.push('curl')
  return first
}

/** The newest change that is not later. */
function usualAt(own: Own, bucket: number): Usual {
  let low = 0
  let high = own.changes.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (own.changes[middle]! <= bucket) low = middle
    else high = middle - 1
  }
  const swaps = own.swaps.filter(({ from }) => from <= bucket)
  const client = swaps.findLast((swap) => swap.client)?.client
  return {
    networks: swaps.findLast((swap) => swap.networks)?.networks ?? own.networks[low]!,
    clients: client ? [client, ...own.clients.slice(1)] : own.clients,
  }
}

type Put = (bucket: number, row: Row) => void

/** A moment in the third week or later, two days from what happens to the key otherwise. */
function quietMoment(
  random: Random,
  { traffic, incidents, harmless }: Used,
  lasts: number,
): number | undefined {
  const earliest = Math.max(14 * day, traffic.born + 10 * day)
  if (earliest >= length - 3 * day) return undefined
  for (let attempt = 0; attempt < 20; attempt++) {
    const at = random.integer(earliest, length - 2 * day)
    const isNear = (e: Event<string>) => at < e.end + 2 * day && at + lasts > e.start - 2 * day
    if (!incidents.some(isNear) && !harmless.some(isNear)) return at
  }
  return undefined
}

/** A change of sources that is harmless; what it does is new for a day. */
function change(
  random: Random,
  kind: Churn,
  key: Used,
  own: Own,
  fresh: Fresh,
  put: Put,
  sources: Sources,
): void {
  const hasPeople = sources.home === 'office' || sources.home === 'mobile'
  const start = quietMoment(random, key, day)
  if (start === undefined || (kind === 'newcomer' && !hasPeople)) return
  const before = usualAt(own, start)
  const client = kind === 'script' ? 'curl' : fresh.library(before.clients)
  const network = kind === 'rename' || kind === 'script' ? before.networks[0]! : fresh.network()
  const end = Math.min(length - 1, start + day)
  const takes = (share: number) => {
    for (let i = start; i <= end; i++)
      put(i, { network, client, requests: random.binomial(key.counts[i]!, share) })
  }
  if (kind === 'move') own.swaps.push({ from: start, networks: [network] })
  else if (kind === 'rename') {
    own.swaps.push({ from: start, client })
    takes(1)
  } else if (kind === 'rewrite') {
    // Most are tried out in the hours before.
    if (random.uniform() < 0.6)
      put(start - random.integer(6, 288), { network, client, requests: random.integer(2, 15) })
    own.swaps.push({ from: start, client, networks: [network] })
    takes(1)
  } else if (kind === 'second-system') takes(random.uniform(0.1, 0.5))
  else if (kind === 'script') {
    const every = random.pick([1, 3, 12])
    for (let i = start; i <= end; i += every) add(key, put, i, { network, client, requests: 1 })
  } else if (kind === 'probe') add(key, put, start, { network, client, requests: random.integer(1, 3) })
  // Somebody of many: only where people and their devices use the key.
  else
    for (let i = start; i <= start + 12; i++)
      add(key, put, i, { network, client, requests: random.poisson(2) })
  sources.churn.push({ kind, start, end })
}

function add({ counts }: Used, put: Put, bucket: number, row: Row): void {
  if (bucket >= length) return
  counts[bucket]! += row.requests
  put(bucket, row)
}

const origins: readonly (readonly [Origin, number])[] = [['new', 0.6], ['new-network', 0.15], ['shared-egress', 0.1], ['same', 0.15]] // biome-ignore format: a table

/** Where an incident's requests come from: a leak's from anywhere, another caller's from somewhere new. */
function drawOrigin(random: Random, incident: Incident, key: Used, own: Own, fresh: Fresh, put: Put): Origin {
  const { kind, start, end } = incident
  if (kind !== 'leak' && kind !== 'newsource') return 'same'
  const origin = kind === 'newsource' ? 'new' : drawFrom(random, origins)
  const { networks, clients } = usualAt(own, start)
  const isNewClient = origin === 'new' || origin === 'shared-egress'
  const candidate = random.uniform() < 0.3 ? random.pick(hands) : fresh.library(clients)
  const client = isNewClient
    ? clients.includes(candidate)
      ? fresh.library(clients)
      : candidate
    : clients[0]!
  const network = origin === 'new' || origin === 'new-network' ? fresh.network() : networks[0]!
  for (let i = start; i <= end; i++) {
    const requests = random.binomial(key.counts[i]!, key.added(i))
    put(i, { network, client, requests })
  }
  return origin
}

/** Somebody with a service's key tries things for a while, in working hours, mostly from where they sit. */
function drawPerson(random: Random, key: Used, own: Own, fresh: Fresh, put: Put, sources: Sources): void {
  const from = quietMoment(random, key, 12)
  if (from === undefined || sources.churn.some((c) => from > c.start - day && from < c.end + day)) return
  let start = from
  while (localHour(key.traffic, start) < 8 || localHour(key.traffic, start) >= 20) start++
  const network = random.uniform() < 0.8 ? fresh.network() : usualAt(own, start).networks[0]!
  const client = random.pick(hands)
  const end = Math.min(length - 1, start + random.integer(0, 8))
  let left = Math.round(random.logUniform(2, 25))
  for (let i = start; i <= end && left > 0; i++) {
    const requests = i === end ? left : Math.min(left, random.integer(1, 6))
    left -= requests
    add(key, put, i, { network, client, requests })
  }
  sources.persons.push({ kind: 'person', start, end })
}
