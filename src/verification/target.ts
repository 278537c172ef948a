import type { Log } from '../foundation/log.ts'
import { SecondChance } from '../foundation/second-chance.ts'
import { hourMs } from '../foundation/time.ts'
import { type ReadPath, readPath, resolvedPath, type Unclear, unclearReasons } from './path.ts'
import type { Route, ScopeTable } from './scope-table.ts'

/** The route of a request, as far as every server reads it alike. */
export type Target = {
  route?: Route | undefined
  /** the verdict for it, where it has no route for being unclear */
  unclear?: 'UNCLEAR_METHOD' | 'UNCLEAR_PATH'
  /** why its path is unclear, also where that is only logged */
  why?: Unclear
}

/** `log` lets an unclear path through if the key may what the path was taken for before such were refused. */
export type UnclearPaths = 'refuse' | 'log'

const isMethod = /^[A-Za-z][A-Za-z-]*$/

/**
 * The route of a request. Without one method and one path there is none: neither is guessed at. A method is compared
 * as it is, in capitals.
 */
export function readTarget(
  routes: ScopeTable,
  mode: UnclearPaths,
  method: string | undefined,
  target: string | ReadPath,
): Target {
  if (method === undefined || !isMethod.test(method)) return { unclear: 'UNCLEAR_METHOD' }
  const read = typeof target === 'string' ? readPath(target) : target
  if ('path' in read) return { route: routes.find(method, read.path) }
  const before = mode === 'log' && typeof target === 'string' ? resolvedPath(target) : undefined
  return before === undefined
    ? { unclear: 'UNCLEAR_PATH', why: read.unclear }
    : { route: routes.find(method, before), why: read.unclear }
}

/** Logs, once per key and hour, the keys that a widened route would let through. */
export class ClosedRoutes {
  readonly #log: Log
  readonly #loggedMs = new SecondChance<number>(10_000)

  constructor(log: Log) {
    this.#log = log
  }

  note(keyId: string, route: string, nowMs: number): void {
    if (nowMs - (this.#loggedMs.get(keyId) ?? Number.NEGATIVE_INFINITY) < hourMs) return
    this.#loggedMs.set(keyId, nowMs)
    this.#log.warn(
      { event: 'verify.would_be_allowed', keyId, route },
      'a key was refused for its scopes where the documentation lets it through; KEYWARDEN_ANALYTICS_EXPORTS=allow does',
    )
  }
}

/** Counts the requests of good keys whose path is unclear, and logs one per key and hour. */
export class UnclearRequests {
  readonly counts = new Map<Unclear, number>(unclearReasons.map((why) => [why, 0]))
  readonly #log: Log
  readonly #loggedMs = new SecondChance<number>(10_000)

  constructor(log: Log) {
    this.#log = log
  }

  /** The path itself is not logged: it may hold what is nobody's business. */
  note(keyId: string, why: Unclear, isRefused: boolean, nowMs: number): void {
    this.counts.set(why, (this.counts.get(why) ?? 0) + 1)
    if (nowMs - (this.#loggedMs.get(keyId) ?? Number.NEGATIVE_INFINITY) < hourMs) return
    this.#loggedMs.set(keyId, nowMs)
    this.#log.warn(
      { event: 'verify.unclear_path', keyId, why, refused: isRefused },
      'a good key came with a path that two servers could read differently',
    )
  }
}
