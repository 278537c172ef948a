import { newState } from '../../src/anomaly/detector/state.ts'
import { step } from '../../src/anomaly/detector/step.ts'
import { migrate } from '../../src/foundation/migrate.ts'
import { administer } from '../../test/setup/administer.ts'
import { fillKeys, now } from '../clock/fill.ts'
import { createRandom } from './simulation/random.ts'

export const bucketMs = 300_000
/** The first run is at `now`: ten in the morning, with five minutes between the runs. */
export const startMs = now.getTime()

/**
 * Fills an empty database with so many keys, each with a state of 40 days, of which some had requests in the last five
 * minutes: for each number of active keys another five minutes, and after them five more with the keys of the last.
 */
export async function fillProduction(url: string, keys: number, sizes: readonly number[]): Promise<void> {
  await migrate(url)
  await fillKeys(url, keys, 0)
  await fillStates(url)
  const runs = planOf(keys, sizes)
  for (const run of runs) {
    await fillUse(url, run)
    await fillThrough(url, run)
  }
  await fillUse(url, againAfter(runs.at(-1)!))
  for (const table of ['anomaly_states', 'key_sources']) await administer(url, `vacuum analyze ${table}`)
  for (const table of ['usage_buckets', 'usage_sources']) await administer(url, `analyze ${table}`)
  await administer(url, 'checkpoint')
}

/** A state that has lived for 40 days with about 40 requests in five minutes, the same for every key. */
async function fillStates(url: string): Promise<void> {
  const random = createRandom(7)
  const state = newState()
  const first = startMs / 1000 - 40 * 86_400
  for (let at = first; at < startMs / 1000; at += 300)
    step(state, { at, count: random.poisson(40), errors: 0, offsetSeconds: 0, expected: false })
  const through = new Date(startMs).toISOString()
  await administer(
    url,
    `insert into anomaly_states (key_id, through, silence_due, state)
     select id, $1, $1::timestamptz + interval '1 hour', $2 from keys`,
    [through, Buffer.from(state.bytes)],
  )
  await administer(
    url,
    `insert into key_sources (key_id, source, first_at)
     select id, source, $1::timestamptz - interval '30 days' from keys,
       unnest(array['network 198.51.100.0/24', 'client python-requests']) as source
     union all
     select distinct key_id, source, $1::timestamptz - interval '30 days'
     from usage_sources, unnest(array['network ' || network, 'client ' || client]) as source`,
    [through],
  )
  await administer(url, `insert into anomaly_progress (through) values ($1)`, [through])
}

type PlannedRun = { bucketStart: number; slots: [number, number] }

/**
 * Which keys are active in which run, in hundredths of all keys that lie scattered over the tables: never the same key
 * twice, and each was looked at until just before its run, so that each is stepped through five minutes.
 */
function planOf(keys: number, sizes: readonly number[]): PlannedRun[] {
  let used = 0
  return sizes.map((size, i) => {
    const slots: [number, number] = [used, used + Math.round((100 * size) / keys)]
    used = slots[1]
    return { bucketStart: startMs + i * bucketMs, slots }
  })
}

/** The same keys go on, as most do. */
const againAfter = (run: PlannedRun): PlannedRun => ({ ...run, bucketStart: run.bucketStart + bucketMs })

/** Keys by hundredths, of which the first and the one behind the last are the parameters. */
export const chosen = `(select id, n from (select id, substr(id, 5)::bigint as n from keys) k
  where n * 37 % 100 >= $1::int and n * 37 % 100 < $2::int) as k`

/** Two endpoints and two sources for each active key; one in a thousand has ten times its usual use. */
async function fillUse(url: string, { bucketStart, slots }: PlannedRun): Promise<void> {
  const at = new Date(bucketStart).toISOString()
  await administer(url, `insert into usage_endpoints (name) values ('a'), ('b') on conflict do nothing`)
  await administer(
    url,
    `insert into usage_buckets (key_id, bucket, endpoint_id, source, class, requests)
     select k.id, $3::timestamptz, e.id, 'verify', 2, case when n / 100 % 1000 = 0 then 400 else 20 end from ${chosen}, usage_endpoints e`,
    [...slots, at],
  )
  await administer(
    url,
    `insert into usage_sources (key_id, hour, network, client, requests, refused, refused_scope, last_at)
     select k.id, date_trunc('hour', $3::timestamptz), network, 'python-requests', 20, 0, 0, $3
     from ${chosen}, unnest(array['198.51.100.0/24', 'unknown']) as network
     on conflict (key_id, hour, network, client) do update
       set requests = usage_sources.requests + excluded.requests, last_at = excluded.last_at`,
    [...slots, at],
  )
}

/** They were looked at until just before. */
async function fillThrough(url: string, { bucketStart, slots }: PlannedRun): Promise<void> {
  await administer(
    url,
    `update anomaly_states s set through = $3 from ${chosen} where s.key_id = k.id and s.through < $3`,
    [...slots, new Date(bucketStart).toISOString()],
  )
}
