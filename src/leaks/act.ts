import { perform } from '../acts/perform.ts'
import type { Executor } from '../foundation/database.ts'
import { groupBy } from '../foundation/group-by.ts'
import { isRefusal, type Refusal } from '../foundation/refusal.ts'
import { plain } from '../foundation/words.ts'
import type { World } from '../foundation/world.ts'
import { deactivate, revoke } from '../keys/state.ts'
import { changeStatusInBulk } from '../keys/status-in-bulk.ts'
import { lockKeys } from '../keys/store.ts'
import { confirmChange } from '../leases/confirm.ts'
import type { Act } from '../members/actor.ts'
import type { LeakAction } from '../policy/leaked.ts'
import { startRotation } from '../rotation/start.ts'
import { allWorkspaces, type Workspace } from '../workspaces/workspace.ts'

/** The actor of what policy does to leaked keys. */
const job = { kind: 'job', id: 'leaks' } as const
const reason = 'reported as leaked'
/** Keys in one transaction: a commit for each would take most of the time. */
const batchSize = 50
const maxKeys = 5_000

type Pending = { report_id: string; key_id: string; workspace_id: string; action: LeakAction }

/** Whether some report waits to be acted on or to be confirmed. */
export async function hasWork({ db }: Pick<World, 'db'>): Promise<boolean> {
  const { rows } = await db.raw(
    `select exists (select from leaks where acted_at is null)
       or exists (select from leaks l join keys k on k.id = l.key_id and k.status in ('inactive', 'revoked')
         where l.did is not null and l.receipt is null) as found`,
  )
  return rows[0].found
}

/**
 * Does to each reported key what policy said when it was reported. Another process may work on the same at once. Returns
 * how many reports of keys were dealt with; one that fails is left to the next run.
 */
export async function executeLeaks(world: World): Promise<number> {
  const pending: Pending[] = await world
    .db('leaks')
    .whereNull('acted_at')
    .orderBy(['workspace_id', 'key_id', 'report_id'])
    .limit(maxKeys)
    .select('report_id', 'key_id', 'workspace_id', 'action')
  if (pending.length === 0) return 0
  const workspaces = new Map((await allWorkspaces(world.db)).map((one) => [one.id, one]))
  let done = 0
  for (let i = 0; i < pending.length; i += batchSize)
    done += await executeBatch(world, workspaces, pending.slice(i, i + batchSize))
  return done
}

/** One key that cannot be dealt with must not hold up the others. */
async function executeBatch(
  world: World,
  workspaces: ReadonlyMap<string, Workspace>,
  batch: readonly Pending[],
): Promise<number> {
  const work = async (act: Act) => {
    const mine = await claim(act, batch)
    const did = await endMany(act, mine)
    for (const one of mine)
      if (!did.has(one)) did.set(one, await end(act, world, workspaces.get(one.workspace_id)!, one))
    await note(act, did)
    return batch.length
  }
  const done = await perform(world, job, work).catch((error: Error) => error)
  if (typeof done === 'number') return done
  if (batch.length > 1) {
    let sum = 0
    for (const one of batch) sum += await executeBatch(world, workspaces, [one])
    return sum
  }
  const why = isRefusal(done) ? plain(done.message) : String(done)
  world.log.error(
    { event: 'leak.step_failed', keyId: batch[0]!.key_id, why },
    'a leaked key could not be dealt with; it is tried again',
  )
  return 0
}

/** Those that nobody else has dealt with or is dealing with, locked. */
async function claim(act: Act, batch: readonly Pending[]): Promise<Pending[]> {
  const rows = await act
    .trx('leaks')
    .whereIn(
      ['report_id', 'key_id'],
      batch.map((one) => [one.report_id, one.key_id]),
    )
    .whereNull('acted_at')
    .orderBy(['key_id', 'report_id'])
    .forUpdate()
    .skipLocked()
    .select('report_id', 'key_id')
  const claimed = new Set(rows.map((row) => `${row.report_id} ${row.key_id}`))
  return batch.filter((one) => claimed.has(`${one.report_id} ${one.key_id}`))
}

const inOneStatement = { revoke: 'revoke', quarantine: 'deactivate' } as const

/** Ends keys in use, those of a workspace in one statement; every other key is left to `end`. Returns what it did. */
async function endMany(act: Act, leaks: readonly Pending[]): Promise<Map<Pending, LeakAction | null>> {
  const did = new Map<Pending, LeakAction | null>()
  for (const [workspaceId, here] of groupBy(leaks, (one) => one.workspace_id)) {
    // All at once, also those that are left: one after the other would be in no order.
    const keys = await lockKeys(
      act.trx,
      workspaceId,
      here.map((one) => one.key_id),
    )
    for (const action of ['revoke', 'quarantine'] as const) {
      const wanted = here.filter((one) => one.action === action)
      if (wanted.length < 2) continue
      const firstOf = new Map(wanted.toReversed().map((one) => [one.key_id, one]))
      const ending = [...keys.values()].filter(
        ({ id, status, predecessorId }) => firstOf.has(id) && status === 'active' && !predecessorId,
      )
      const reasons = new Map(ending.map(({ id }) => [id, reason]))
      const ended = new Set(await changeStatusInBulk(act, inOneStatement[action], workspaceId, reasons))
      // Another report of such a key has nothing left to do.
      for (const one of wanted)
        if (ended.has(one.key_id)) did.set(one, firstOf.get(one.key_id) === one ? action : null)
    }
  }
  return did
}

/** The action on the key; null when the key had been ended before. A key that cannot be rotated is deactivated. */
async function end(
  act: Act,
  { random }: World,
  workspace: Workspace,
  { key_id: keyId, action }: Pending,
): Promise<LeakAction | null> {
  const done = (result: object | Refusal) => !isRefusal(result)
  if (action === 'rotate') {
    const started = await startRotation(act, workspace, keyId, { reason: 'compromised' }, random)
    if (done(started)) return 'rotate'
  }
  if (action === 'revoke') return done(await revoke(act, workspace.id, keyId, reason)) ? 'revoke' : null
  if (action === 'notify') return null
  return done(await deactivate(act, workspace.id, keyId, reason)) ? 'quarantine' : null
}

async function note(act: Act, did: ReadonlyMap<Pending, LeakAction | null>): Promise<void> {
  const leaks = [...did.keys()]
  await act.trx.raw(
    `update leaks l set acted_at = :now, did = o.did
     from unnest(:reports::text[], :keys::text[], :outcomes::text[]) o (report_id, key_id, did)
     where l.report_id = o.report_id and l.key_id = o.key_id`,
    {
      now: act.now,
      reports: leaks.map((one) => one.report_id),
      keys: leaks.map((one) => one.key_id),
      outcomes: [...did.values()],
    },
  )
}

/**
 * Waits until every verifier has confirmed what was done, and keeps the receipt. A key that somebody activated since is
 * not waited for. Returns how many were confirmed.
 * @param options.withinMs real milliseconds
 */
export async function confirmLeaks(world: World, { withinMs }: { withinMs: number }): Promise<number> {
  const rows: { key_id: string }[] = await world
    .db('leaks')
    .join('keys', 'keys.id', 'leaks.key_id')
    .whereNotNull('did')
    .whereNull('receipt')
    .whereIn('keys.status', ['inactive', 'revoked'])
    .orderBy('key_id')
    .limit(maxKeys)
    .distinct('key_id')
  if (rows.length === 0) return 0
  const keyIds = rows.map(({ key_id }) => key_id)
  const receipt = await confirmChange(world, keyIds, { withinMs, to: 'inactive' })
  if (receipt.state !== 'confirmed') return 0
  const { rows: kept } = await world.db.raw(
    `update leaks set receipt = :receipt where key_id = any(:keyIds) and did is not null and receipt is null
     returning key_id`,
    { receipt: JSON.stringify(receipt), keyIds },
  )
  return kept.length
}

/**
 * The state of a reported key now. `waits`: policy is still to be carried out; `suspended`: it would work, and is refused
 * with all keys of its workspace; `paused` and `revoked`: by somebody else than policy, so that the report changed nothing;
 * otherwise what policy did.
 */
export type LeakState = 'waits' | 'works' | 'suspended' | 'paused' | 'revoked' | Exclude<LeakAction, 'notify'>

/** Whether policy ended the key because of a report. */
export const isByPolicy = (state: LeakState): boolean => ['quarantine', 'rotate', 'revoke'].includes(state)

/** The state of each of these keys, and whether every verifier has confirmed what policy did to it. */
export async function readLeakStates(
  db: Executor,
  keyIds: readonly string[],
): Promise<Map<string, { state: LeakState; isConfirmed: boolean }>> {
  const { rows } = await db.raw(
    `select k.id, coalesce((array_agg(l.receipt is not null order by l.acted_at desc)
           filter (where l.did is not null))[1], false) as "isConfirmed", case
         when bool_or(l.acted_at is null) then 'waits'
         when k.status = 'active' and coalesce(w.suspended_at, a.suspended_at) is null then 'works'
         when k.status = 'active' then 'suspended'
         else coalesce((array_agg(l.did order by l.acted_at desc)
             filter (where l.did is not null and k.status_changed_by = 'job:leaks'))[1],
           case k.status when 'inactive' then 'paused' else 'revoked' end)
       end as state
     from keys k join leaks l on l.key_id = k.id join workspaces w on w.id = k.workspace_id
       join accounts a on a.id = w.account_id
     where k.id = any(?) group by k.id, w.id, a.id`,
    [[...keyIds]],
  )
  type Row = { id: string; state: LeakState; isConfirmed: boolean }
  return new Map((rows as Row[]).map(({ id, ...rest }) => [id, rest]))
}
