import * as crypto from 'node:crypto'
import type { Clock } from '../foundation/clock.ts'
import type { Scope } from '../keys/scope.ts'
import { isWellFormed } from '../keys/token.ts'
import type { RealTime } from '../leases/lease.ts'
import type { Counter } from '../usage/counter.ts'
import { type Code, decide, type RequestFacts } from './decide.ts'
import type { Account, RememberedKey } from './entries.ts'
import type { Knowledge } from './knowledge.ts'
import { type Allowance, type Limits, shareOf } from './limits.ts'
import type { Unclear } from './path.ts'
import type { ClosedRoutes, UnclearRequests } from './target.ts'

export type Verdict = {
  code: Code
  /** the key, where the caller may know it */
  key?: { id: string; workspace: { id: string }; scopes: readonly Scope[] }
  /** for a key with a limit that got as far as that */
  allowance?: Allowance
}

export type Question = RequestFacts & {
  presented: string
  /** what this request counts as; see `otherEndpoint` */
  endpoint: string
  /** why its path is unclear */
  why?: Unclear | undefined
  /** bits of scopes for which its route is still closed */
  widened?: number | undefined
  userAgent?: string | undefined
}

export type Deps = {
  knowledge: Knowledge
  counter: Counter
  limits: Limits
  unclear: UnclearRequests
  closed: ClosedRoutes
  clock: Clock
  time: RealTime
  tokenPrefix: string
}

const malformed: Verdict = { code: 'MALFORMED' }
const notFound: Verdict = { code: 'NOT_FOUND' }
const wrongWorkspace: Verdict = { code: 'WRONG_WORKSPACE' }

/** SHA-256 as a string of 32 characters: what memory is asked with. Not for people. */
export const fingerprint = (secret: string): string =>
  crypto.hash('sha256', secret, 'binary' as crypto.BinaryToTextEncoding)

/**
 * Is this key good for this request? At once when memory may answer. Only keys of the asking account are known.
 * Each request of a known key is counted, with any verdict. The same work is done for every token that has the form of
 * one.
 * @throws (or rejects) when the primary was needed and could not be asked; HTTP answers 503
 */
export function verify(deps: Deps, account: Account, question: Question): Verdict | Promise<Verdict> {
  // Noise is dropped by its form before any look-up, except where adopted keys have forms of their own.
  if (!isWellFormed(question.presented, deps.tokenPrefix) && !account.hasForeignTokens) return malformed
  const found = deps.knowledge.key(fingerprint(question.presented))
  return found instanceof Promise
    ? found.then((key) => judge(deps, account.id, question, key))
    : judge(deps, account.id, question, found)
}

/**
 * The verdict on the key with that token hash, for a request of which nothing else is known, and without counting it.
 * @throws (or rejects) like `verify`
 */
export async function judgeUncounted({ knowledge, clock }: Deps, tokenHash: Buffer): Promise<Code> {
  const key = await knowledge.key(tokenHash.toString('latin1'))
  return key ? decide(key, {}, clock.now().getTime()) : 'NOT_FOUND'
}

function judge(deps: Deps, accountId: string, question: Question, key: RememberedKey | null): Verdict {
  if (!key || key.workspace.accountId !== accountId) return notFound
  const nowMs = deps.clock.now().getTime()
  const code = decide(key, question, nowMs)
  const verdict = code === 'VALID' && key.limitPerMinute !== null ? limited(deps, key) : { code, key }
  if (question.why !== undefined && (code === 'VALID' || code === 'UNCLEAR_PATH'))
    deps.unclear.note(key.id, question.why, code !== 'VALID', nowMs)
  if (question.widened !== undefined && code === 'INSUFFICIENT_SCOPE' && question.widened & key.scopeBits)
    deps.closed.note(key.id, question.endpoint, nowMs)
  deps.counter.count(key, question, verdict.code, nowMs)
  // A caller who asked about another workspace learns nothing about this one.
  return code === 'WRONG_WORKSPACE' ? wrongWorkspace : verdict
}

function limited({ knowledge, limits, time }: Deps, key: RememberedKey): Verdict {
  const limit = key.limitPerMinute!
  const share = shareOf(limit, knowledge.learner.share())
  const allowance = limits.take(key.id, limit, share, time.wallMs())
  return { code: allowance.isAllowed ? 'VALID' : 'RATE_LIMITED', key, allowance }
}
