import { recordAll } from '../audit/record.ts'
import type { Lane } from '../foundation/lane.ts'
import type { World } from '../foundation/world.ts'
import type { Evidence } from './receipt.ts'

const actor = { kind: 'job', id: 'confirm-changes' } as const

type Settled = { seq: number; confirmed_at: Date; receipt: Evidence }

/**
 * Writes down that every change up to `seq` is confirmed, with the evidence, and records it in the audit: one
 * transaction. Changes that somebody else confirmed meanwhile keep their receipt.
 */
export async function settle(
  world: Pick<World, 'db' | 'clock'>,
  seq: number,
  evidence: Omit<Evidence, 'tookMs'>,
): Promise<Settled[]> {
  return world.db.transaction(async (trx) => {
    const { rows } = await trx.raw(
      `update changes set confirmed_at = clock_timestamp(), receipt = ?::jsonb || jsonb_build_object(
         'tookMs', round(extract(epoch from clock_timestamp() - at) * 1000, 1))
       where seq <= ? and confirmed_at is null returning seq, confirmed_at, receipt`,
      [JSON.stringify(evidence), seq],
    )
    const settled = rows as Settled[]
    if (settled.length === 0) return settled
    const touched = await trx('change_subjects')
      .join('keys', 'keys.id', 'change_subjects.id')
      .where('kind', 'key')
      .whereIn(
        'seq',
        settled.map((change) => change.seq),
      )
      .groupBy('seq', 'workspace_id')
      .orderBy(['workspace_id', 'seq'])
      .select('seq', 'workspace_id', trx.raw('count(*) as keys, min(keys.id) as one'))
    await recordAll(
      { actor, now: world.clock.now(), trx },
      touched.map(({ seq: change, workspace_id, keys, one }) => ({
        event: 'key.change-confirmed' as const,
        workspaceId: workspace_id,
        ...(keys === 1 ? { keyId: one } : {}),
        details: { change, keys, ...settled.find((each) => each.seq === change)!.receipt },
      })),
    )
    return settled
  })
}

const proof = {
  name: 'prove',
  text: `update change_log set proven_at = clock_timestamp()
    where current_setting('synchronous_standby_names') <> ''`,
}

/**
 * Returns once everything that was committed before is as durable as the operator asked for: where a synchronous
 * standby is named, the commit here waits for it, and everything before it in the log went along.
 * @throws Error when Postgres gave up waiting for the standby; what came before is not yet safe then
 */
export async function proveDurable(lane: Lane): Promise<void> {
  lane.warnings()
  await lane.query(proof, [])
  const warning = lane.warnings().find((text) => /synchronous replication/.test(text))
  if (warning) throw new Error(`not confirmed: ${warning}`)
}
