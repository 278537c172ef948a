import { type Database, transact } from '../foundation/database.ts'
import { groupBy } from '../foundation/group-by.ts'
import { isRefusal } from '../foundation/refusal.ts'
import { dayMs } from '../foundation/time.ts'
import { plain } from '../foundation/words.ts'
import { type Traffic, trafficOf } from '../usage/traffic.ts'
import { recordDays } from './detector/constants.ts'
import type { Evidence } from './detector/evidence.ts'
import { silenceDue } from './detector/silence-due.ts'
import { isCurrent, type KeyState, loadState, newState, resetState, stateBytes } from './detector/state.ts'
import { recordAlarms, recordCourse, setApart } from './episodes.ts'
import { evidenceOf } from './evidence.ts'
import { type Expectation, expectationsOf, isExpected, newNormalSince } from './expectations.ts'
import type { Alarm } from './facts.ts'
import { type Stepped, type Stored, writeStates } from './states.ts'
import { type AnomalyAlert, type KeyContext, type Walk, walk } from './step-key.ts'
import type { Zone } from './zones.ts'

/** The input of a run: until when it steps, and the zone of each workspace. */
export type Run = {
  until: Date
  /** nothing before this alerts: the past of a key that is stepped for the first time is not news */
  newsFrom: Date
  zones: ReadonlyMap<string, Zone>
}

/** A rebuilt state knows as many days as it keeps. */
const rebuildMs = recordDays * dayMs
/** Older events do not alert any more when the job has been down. */
const newsMs = 2 * dayMs

const seconds = (date: Date) => date.getTime() / 1000

type Home = { workspaceId: string; isActive: boolean; isRevoked: boolean }

/**
 * Steps these keys until now, each from its stored state, with one read of what they did and one write. States and
 * alarms are committed together, so that a run that dies in between is simply done again. A key without a
 * state, or whose state cannot be opened, is built from usage; with `rebuild` all are. One query follows the other, so that a batch needs one
 * connection.
 */
export async function stepKeys(
  db: Database,
  run: Run,
  ids: readonly string[],
  states: ReadonlyMap<string, Stored>,
  { rebuild = false } = {},
): Promise<void> {
  if (ids.length === 0) return
  const homes = await homesOf(db, ids)
  const expectations = await expectationsOf(db, ids)
  const plans = ids.flatMap((keyId): Plan[] => {
    const home = homes.get(keyId)
    const stored = states.get(keyId)
    // A revoked key cannot be used, so nobody asks; and what another run has brought further has nothing left.
    if (!home || home.isRevoked || (stored && stored.through >= run.until && !rebuild)) return []
    const known = expectations.get(keyId) ?? []
    return [{ keyId, home, known, ...startOf(stored, known, run.until, rebuild) }]
  })
  if (plans.length === 0) return
  const planned = plans.map(({ keyId }) => keyId)
  const evidence = await evidenceOf(db, planned, run.until)
  const earliest = new Date(Math.min(...plans.map(({ from }) => from.getTime())))
  const traffic = groupBy(
    await trafficOf(db, planned, earliest, run.until, 'five-minutes'),
    (row) => row.keyId,
  )
  const walks = walkAll(plans, run, traffic, evidence)
  await commit(db, run, walks, states)
}

/** One state is loaded with one key's after the other, and what it became is put beside the others. */
function walkAll(
  plans: readonly Plan[],
  run: Run,
  traffic: ReadonlyMap<string, Traffic[]>,
  evidence: ReadonlyMap<string, Evidence>,
): Walked[] {
  const state = newState()
  const block = new Uint8Array(plans.length * stateBytes)
  return plans.map((plan, i) => {
    if (plan.stored) loadState(state, plan.stored)
    else resetState(state)
    const known = evidence.get(plan.keyId)
    const walked = walkPlan(plan, state, run, traffic.get(plan.keyId) ?? [], known)
    const bytes = block.subarray(i * stateBytes, (i + 1) * stateBytes)
    bytes.set(state.bytes)
    return { ...plan, evidence: known, walk: walked, bytes, silenceDue: silenceDue(state) }
  })
}

/** A key without a state begins with its first request: before that it had no habits. */
function walkPlan(
  plan: Plan,
  state: KeyState,
  run: Run,
  rows: readonly Traffic[],
  evidence: Evidence | undefined,
): Walk {
  const { timeZone, offset } = run.zones.get(plan.home.workspaceId)!
  const from = plan.stored ? plan.from : (rows[0]?.at ?? run.until)
  const time = { from: seconds(from), until: seconds(run.until) }
  const expected: KeyContext['expected'] = (at, reason) =>
    plan.known.length > 0 && isExpected(plan.known, timeZone, at, reason)
  return walk(state, rows, time, { offset, expected, evidence })
}

type Plan = {
  keyId: string
  home: Home
  known: Expectation[]
  /** the state to go on from; without one it is built from usage now */
  stored: Uint8Array | undefined
  from: Date
  newsFrom: Date | undefined
}
type Walked = Plan & {
  evidence: Evidence | undefined
  walk: Walk
  bytes: Uint8Array
  silenceDue: number | undefined
}

/** From its stored state when that can be opened; else from as far back as a state remembers, or the new normal. */
function startOf(stored: Stored | undefined, known: Expectation[], until: Date, rebuild: boolean) {
  const earliest = new Date(until.getTime() - rebuildMs)
  if (stored && !rebuild && stored.through > earliest && isCurrent(stored.state))
    return { stored: stored.state, from: stored.through, newsFrom: stored.through }
  const since = newNormalSince(known)
  return {
    stored: undefined,
    from: floored(since && since > earliest ? since : earliest),
    newsFrom: stored?.through,
  }
}

const floored = (date: Date) => new Date(Math.floor(date.getTime() / 300_000) * 300_000)

async function commit(
  db: Database,
  run: Run,
  walks: readonly Walked[],
  states: ReadonlyMap<string, Stored>,
): Promise<void> {
  const stepped = walks.map(({ keyId, stored, bytes, silenceDue, walk: { usedAt } }): Stepped => {
    const before = states.get(keyId)?.silenceDue
    // Moving it costs an entry of the index; as long as it has not passed, an early step does no harm.
    const keeps = before && before > seconds(run.until) && usedAt !== undefined
    const isFirst = !states.has(keyId)
    return { keyId, silenceDue: keeps ? before : (silenceDue ?? null), isFirst, isRebuilt: !stored, bytes }
  })
  const done = await transact(db, async (trx) => {
    // A crash loses nothing for good: the run is done again, and no alarm was delivered yet.
    await trx.raw('set local synchronous_commit = off')
    await writeStates(trx, stepped, run.until)
    await recordAlarms(
      trx,
      walks.flatMap((one) => newsOf(one, run, one.walk.alerts)),
    )
    await setApart(
      trx,
      walks.flatMap((one) => newsOf(one, run, one.walk.alone ? [one.walk.alone] : [])),
    )
    await recordCourse(
      trx,
      walks.map(({ keyId, walk: { strangeAt, usedAt } }) => ({ keyId, strangeAt, usedAt })),
    )
  })
  if (isRefusal(done)) throw new Error(`use cannot be watched: ${plain(done.message)}`)
}

/** The alerts that are news: since the key's last step, in the last two days, unexpected, of a key that can be used. */
function newsOf(
  { keyId, home, newsFrom, evidence }: Walked,
  run: Run,
  alerts: readonly AnomalyAlert[],
): Alarm[] {
  if (!home.isActive) return []
  const since = Math.max(seconds(newsFrom ?? run.newsFrom), seconds(run.until) - newsMs / 1000)
  return alerts
    .filter(({ at, expected }) => at >= since && !expected)
    .map((one) => ({ keyId, workspaceId: home.workspaceId, evidence, ...one }))
}

async function homesOf(db: Database, ids: readonly string[]): Promise<Map<string, Home>> {
  const rows = await db('keys').whereRaw('id = any(:ids)', { ids }).select('id', 'workspace_id', 'status')
  return new Map(
    rows.map(({ id, workspace_id: workspaceId, status }) => [
      id,
      { workspaceId, isActive: status === 'active', isRevoked: status === 'revoked' },
    ]),
  )
}
