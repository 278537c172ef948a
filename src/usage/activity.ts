import { AdmittedSources, type SourceCount } from './admitted.ts'
import { otherOrigin } from './origin.ts'
import { type Noted, recentPerKey } from './recent.ts'

/** What one key did since it was last told of: from where, and its last requests. */
export type Activity = {
  readonly keyId: string
  sources: SourceCount[]
  /** a ring once it is full; `oldest` counts how often it went round */
  recent: Noted[]
  oldest: number
}

/** What is told at once. */
export type Told = {
  sources: (SourceCount & { keyId: string })[]
  /** a key's requests, the latest first */
  recent: { keyId: string; noted: Noted[] }[]
}

const hourMs = 3_600_000
/** Sources of one key that are kept apart between two flushes. */
const sourcesPerKey = 64
const sourcesHeld = 200_000
/** Requests remembered over all keys; beyond half of it a key keeps its last few. */
const notedHeld = 100_000
const fewNoted = 10

/**
 * Remembers where each key's requests come from, and its last requests. What is bounded here is how finely sources
 * are told apart and how many requests are remembered, never the number of requests.
 */
export class Activities {
  readonly #byKey = new Map<string, Activity>()
  /** activities with requests to tell of, the longest waiting first */
  readonly #waiting = new Set<Activity>()
  readonly #admitted = new AdmittedSources()
  #sources = 0
  #noted = 0

  of(keyId: string): Activity {
    const known = this.#byKey.get(keyId)
    if (known) return known
    const activity: Activity = { keyId, sources: [], recent: [], oldest: 0 }
    this.#byKey.set(keyId, activity)
    return activity
  }

  note(activity: Activity, noted: Noted): void {
    const { code, atMs } = noted
    const source = this.#sourceOf(activity, Math.floor(atMs / hourMs), noted.network, noted.client)
    source.requests++
    if (code !== 'VALID') source.refused++
    if (code === 'INSUFFICIENT_SCOPE') source.refusedScope++
    if (atMs > source.lastMs) source.lastMs = atMs
    this.#remember(activity, noted)
  }

  /** Remembers a request without counting it. */
  remember(keyId: string, noted: Noted): void {
    this.#remember(this.of(keyId), noted)
  }

  #sourceOf(activity: Activity, hour: number, network: string, client: string): SourceCount {
    const { sources } = activity
    for (const source of sources)
      if (source.client === client && source.network === network && source.hour === hour) return source
    const isApart = network === otherOrigin || (sources.length < sourcesPerKey && this.#sources < sourcesHeld)
    if (!isApart) return this.#sourceOf(activity, hour, otherOrigin, otherOrigin)
    const source = { hour, network, client, requests: 0, refused: 0, refusedScope: 0, lastMs: atTheEarliest }
    sources.push(source)
    this.#sources++
    return source
  }

  #remember(activity: Activity, noted: Noted): void {
    const { recent } = activity
    const most = this.#noted < notedHeld / 2 ? recentPerKey : fewNoted
    if (activity.oldest === 0 && recent.length < most && this.#noted < notedHeld) {
      if (recent.length === 0) this.#waiting.add(activity)
      recent.push(noted)
      this.#noted++
    } else if (recent.length > 0) recent[activity.oldest++ % recent.length] = noted
  }

  /** How many sources there are to tell of. */
  get sources(): number {
    return this.#sources
  }

  /** What is to be told now, sorted by key: all sources or none, and the requests of at most so many keys. */
  take(withSources: boolean, recentKeys: number): Told {
    const recent = this.#takeRecent(recentKeys)
    const sources: Told['sources'] = []
    if (!withSources) return { sources, recent }
    for (const activity of [...this.#byKey.values()].sort(byKeyId)) {
      const { keyId } = activity
      for (const source of this.#admitted.fold(keyId, activity.sources)) sources.push({ keyId, ...source })
      activity.sources = []
      if (activity.recent.length === 0) this.#byKey.delete(keyId)
    }
    this.#sources = 0
    return { sources, recent }
  }

  #takeRecent(most: number): Told['recent'] {
    const taken: Told['recent'] = []
    for (const activity of this.#waiting) {
      if (taken.length === most) break
      this.#waiting.delete(activity)
      this.#noted -= activity.recent.length
      taken.push({ keyId: activity.keyId, noted: latestFirst(activity) })
      activity.recent = []
      activity.oldest = 0
      if (activity.sources.length === 0) this.#byKey.delete(activity.keyId)
    }
    return taken.sort(byKeyId)
  }
}

const atTheEarliest = Number.NEGATIVE_INFINITY

const byKeyId = (a: { keyId: string }, b: { keyId: string }) =>
  a.keyId < b.keyId ? -1 : a.keyId > b.keyId ? 1 : 0

function latestFirst({ recent, oldest }: Activity): Noted[] {
  const from = oldest % recent.length
  // What a platform reports comes later than what was verified meanwhile.
  return [...recent.slice(from), ...recent.slice(0, from)].reverse().sort((a, b) => b.atMs - a.atMs)
}
