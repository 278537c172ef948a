import type { Executor } from '../foundation/database.ts'
import { type Scope, scopes } from '../keys/scope.ts'
import type { Period } from '../usage/range.ts'
import { reachOf } from '../usage/roll-up.ts'
import { usageRows } from '../usage/rows.ts'
import { planSegments } from '../usage/segments.ts'
import { scopeBits } from './decide.ts'
import { endpointOfScope, type ScopeTable } from './scope-table.ts'

/** A key that could do its work with fewer scopes: what it may, and the least that it exercised. */
export type WideKey = { keyId: string; name: string; scopes: Scope[]; exercised: Scope[] }

/** One scope: how many active keys have it, and how many of these exercised it. */
type ScopeUse = { scope: Scope; keys: number; exercised: number }

export type Exercise = {
  scopes: ScopeUse[]
  /** how many could do with less, and the first ten by name */
  wide: { count: number; keys: WideKey[] }
  /** keys that were used in a way that says nothing about scopes, and so are in neither figure of those that exercised */
  unknown: number
}

const maxListed = 10

type Row = { id: string; name: string; scopes: Scope[]; endpoints: number[] }

/**
 * Which scopes the active keys of a workspace exercised in a period: what each was let through for, against the
 * table that says what that takes. Where one of several scopes suffices, the fewest that explain everything count.
 * A key that was not used in the period is not called wide: silence is another question.
 */
export async function exerciseOf(
  db: Executor,
  workspaceId: string,
  period: Period,
  routes: ScopeTable,
): Promise<Exercise> {
  const active = `keys where workspace_id = ? and status = 'active'`
  const used = usageRows(
    { sql: `array(select id from ${active})`, values: [workspaceId] },
    planSegments(period, 'day', await reachOf(db)),
  )
  // A condition on source and class would let the planner search the index once for each key, day and endpoint.
  const { rows } = await db.raw(
    `with used as (
       select key_id, array_agg(distinct endpoint_id) filter (where source = 'verify' and class = 2) as endpoints
       from (${used.sql}) as rows group by key_id
     )
     select id, name, scopes, coalesce(endpoints, '{}') as endpoints
     from (select id, name, name_folded, scopes from ${active}) as k left join used on key_id = id
     order by name_folded, id`,
    [...used.values, workspaceId],
  )
  return exercise(rows as Row[], await needsOf(db, rows as Row[], routes))
}

/** By the numbers of the endpoints that these keys used: the bits of scopes of which any one suffices. */
async function needsOf(
  db: Executor,
  keys: readonly Row[],
  routes: ScopeTable,
): Promise<ReadonlyMap<number, number | undefined>> {
  const needs = new Map<string, number>([
    ...routes.routes.map(({ name, anyScope }) => [name, anyScope] as const),
    ...scopes.map((scope) => [endpointOfScope(scope), scopeBits([scope])] as const),
  ])
  const ids = new Set(keys.flatMap(({ endpoints }) => endpoints))
  const named = await db('usage_endpoints')
    .whereIn('id', [...ids])
    .select('id', 'name')
  return new Map(named.map(({ id, name }) => [id, needs.get(name)]))
}

function exercise(keys: readonly Row[], needs: ReadonlyMap<number, number | undefined>): Exercise {
  const has = new Map<Scope, number>()
  const did = new Map<Scope, number>()
  const wide: WideKey[] = []
  let unknown = 0
  for (const key of keys) {
    for (const scope of key.scopes) has.set(scope, (has.get(scope) ?? 0) + 1)
    const exercised = leastScopes(
      key.scopes,
      key.endpoints.map((id) => needs.get(id)),
    )
    if (!exercised) unknown++
    for (const scope of exercised ?? []) did.set(scope, (did.get(scope) ?? 0) + 1)
    if (exercised && exercised.length > 0 && exercised.length < key.scopes.length)
      wide.push({ keyId: key.id, name: key.name, scopes: key.scopes, exercised })
  }
  return {
    scopes: scopes.map((scope) => ({ scope, keys: has.get(scope) ?? 0, exercised: did.get(scope) ?? 0 })),
    wide: { count: wide.length, keys: wide.slice(0, maxListed) },
    unknown,
  }
}

/**
 * The fewest of a key's scopes that would have let through all that it did; of as few, those that open less. Each
 * need is the bits of scopes of which any one suffices. Undefined when a need is not known, or when no choice
 * explains it since the table has changed. Pure.
 */
export function leastScopes(
  of: readonly Scope[],
  needs: readonly (number | undefined)[],
): Scope[] | undefined {
  let best: Scope[] | undefined
  for (let choice = 0; choice < 1 << of.length; choice++) {
    const chosen = of.filter((_, i) => choice & (1 << i))
    const bits = scopeBits(chosen)
    if (needs.some((need) => need === undefined || (need & bits) === 0)) continue
    if (!best || cost(chosen) < cost(best)) best = chosen
  }
  return best
}

/** A scope that opens everything costs more than one for its own area; one scope more costs more than either. */
const cost = (chosen: readonly Scope[]): number =>
  chosen.reduce((sum, scope) => sum + 100 + (scope === 'write' ? 2 : scope === 'read' ? 1 : 0), 0)
