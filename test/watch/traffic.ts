import { createRandom } from '../../bench/anomaly/simulation/random.ts'
import type { Executor } from '../../src/foundation/database.ts'

/** The use of a key in five minutes: requests, how many of them were refused, and where they came from. */
export type Done = { requests: number; refused?: number }

/**
 * Puts usage into the database behind the product's back, as a test's beginning: for each five minutes from `from` until
 * before `until` what `does` says. It is given the minutes of the UTC day, and chance that is the same in every run.
 */
export async function plantTraffic(
  db: Executor,
  keyId: string,
  from: Date,
  until: Date,
  does: (minute: number, at: Date, poisson: (mean: number) => number) => Done | number,
): Promise<void> {
  const random = createRandom(7)
  const [endpoint] = await db('usage_endpoints')
    .insert({ name: 'GET /v1/contacts' })
    .onConflict('name')
    .merge()
    .returning('id')
  const rows: { bucket: string; class: number; requests: number }[] = []
  for (let ms = from.getTime(); ms < until.getTime(); ms += 300_000) {
    const at = new Date(ms)
    const done = does(at.getUTCHours() * 60 + at.getUTCMinutes(), at, (mean) => random.poisson(mean))
    const { requests, refused = 0 } = typeof done === 'number' ? { requests: done } : done
    if (requests > refused) rows.push({ bucket: at.toISOString(), class: 2, requests: requests - refused })
    if (refused > 0) rows.push({ bucket: at.toISOString(), class: 4, requests: refused })
  }
  // A job may be making a partition of these hours: after this lock it has, or it waits.
  await db.transaction(async (trx) => {
    await trx.raw('lock table usage_buckets_rest in row exclusive mode')
    await trx.raw(
      `insert into usage_buckets (key_id, bucket, endpoint_id, source, class, requests)
     select ?, bucket, ?, 'verify', class, requests
     from jsonb_to_recordset(?) as r (bucket timestamptz, class smallint, requests bigint)
     on conflict (key_id, bucket, endpoint_id, source, class) do update
       set requests = usage_buckets.requests + excluded.requests`,
      [keyId, endpoint.id, JSON.stringify(rows)],
    )
  })
  await db.raw(
    `insert into key_usage (key_id, requests, first_used_at, last_used_at) values (?, ?, ?, ?)
     on conflict (key_id) do update set last_used_at = greatest(key_usage.last_used_at, excluded.last_used_at)`,
    [keyId, rows.reduce((sum, row) => sum + row.requests, 0), from, rows.at(-1)?.bucket ?? from],
  )
}

/** Puts an hour's requests from one network and client there. */
export async function plantSource(
  db: Executor,
  keyId: string,
  hour: Date,
  source: { network: string; client?: string; requests: number; refusedScope?: number },
): Promise<void> {
  const { network, client = 'python-requests', requests, refusedScope = 0 } = source
  const row = {
    key_id: keyId,
    hour,
    network,
    client,
    requests,
    refused: refusedScope,
    refused_scope: refusedScope,
  }
  await db.transaction(async (trx) => {
    await trx.raw('lock table usage_sources_rest in row exclusive mode')
    await trx('usage_sources').insert({ ...row, last_at: hour })
  })
}

/** Office hours with a peak at one o'clock, a twentieth of it at night; requests per five minutes. */
export const office = (peak: number) => (minute: number) =>
  peak * (0.05 + 0.95 * Math.exp(-0.5 * ((minute / 60 - 13) / 3.6) ** 2))
