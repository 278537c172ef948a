import { csvHead, csvLines } from '../foundation/csv.ts'
import type { Executor } from '../foundation/database.ts'
import {
  isUnattended,
  type LeaverKey,
  leaverKeysOf,
  type Mode,
  type Offboarding,
  type Source,
  toOffboarding,
} from './offboarding.ts'

/** How many keys are how far. */
export type Counts = {
  all: number
  waiting: number
  refused: number
  rotating: number
  handedOver: number
  kept: number
  failed: number
}

/** The parts of requests that were not done. */
type Ignored = {
  asked: { source: Source; mode: Mode | null; successor: string | null }[]
  /** names of workspaces whose keys the named successor did not get, being in charge of nothing there */
  notTakenIn: string[]
}

/** Everything a message about one leaver says, or the sums over many. */
export type OffboardingReport = {
  offboardings: (Offboarding & { sources: Source[]; keepsRoleInNames: string[]; ignored: Ignored })[]
  counts: Counts
  /** the keys, while they are few enough to list */
  keys: LeaverKey[]
  /** how many keys are not named here, by the name of their workspace */
  elsewhere: { workspace: string; keys: number }[]
}

/** More keys than these, or more leavers than one, are shown as counts. */
const listedSingly = 20

/** Reads the current content of that message. */
export async function readReport(db: Executor, messageId: string, now: Date): Promise<OffboardingReport> {
  const rows = await db('offboardings')
    .where({ message_id: messageId })
    .orderBy(['requested_at', 'id'])
    .select(
      '*',
      db.raw(
        `array(select source from offboarding_requests r where r.offboarding_id = offboardings.id
           group by source order by min(requested_at), source) as sources,
         array(select name from workspaces w where w.id = any(offboardings.keeps_role_in) order by name) as kept,
         (select coalesce(jsonb_agg(jsonb_build_object('source', source, 'mode', ignored_mode,
             'successor', ignored_successor) order by requested_at, source), '[]')
           from offboarding_requests r where r.offboarding_id = offboardings.id
             and (ignored_mode is not null or ignored_successor is not null)) as asked,
         array(select distinct w.name from offboarding_keys k join workspaces w on w.id = k.workspace_id
           where k.offboarding_id = offboardings.id and offboardings.requested_by like 'job:%'
             and offboardings.successor_id is not null and k.owner_before = offboardings.user_id
             and k.outcome in ('revoked', 'deactivated', 'rotating', 'handed-over')
             and k.owner_after is distinct from offboardings.successor_id order by w.name) as not_taken`,
      ),
    )
  const ids = rows.map((row) => row.id as string)
  const counts = await countKeys(db, ids)
  const offboardings = rows.map((row) => ({
    ...toOffboarding(row),
    sources: row.sources,
    keepsRoleInNames: row.kept,
    ignored: { asked: row.asked, notTakenIn: row.not_taken },
  }))
  const [only] = offboardings
  const isOne = only !== undefined && ids.length === 1
  return {
    offboardings,
    counts,
    keys: isOne && counts.all <= listedSingly ? await namedKeysOf(db, only, now) : [],
    elsewhere: isOne && !isUnattended(only) ? await elsewhereOf(db, only) : [],
  }
}

/** Those that may be named where it was asked for: for a person, of the workspaces where they decide. */
async function namedKeysOf(db: Executor, offboarding: Offboarding, now: Date): Promise<LeaverKey[]> {
  const keys = await leaverKeysOf(db, [offboarding.id], now)
  if (isUnattended(offboarding)) return keys
  return keys.filter((key) => offboarding.decidesIn.includes(key.workspaceId))
}

async function elsewhereOf(
  db: Executor,
  { id, decidesIn }: Offboarding,
): Promise<OffboardingReport['elsewhere']> {
  const rows = await db('offboarding_keys')
    .join('workspaces', 'workspaces.id', 'offboarding_keys.workspace_id')
    .where({ offboarding_id: id })
    .whereNotIn('workspace_id', decidesIn)
    .groupBy('workspaces.name')
    .orderBy('workspaces.name')
    .select('workspaces.name')
    .count('key_id as keys')
  return rows.map((row) => ({ workspace: String(row.name), keys: Number(row.keys) }))
}

/** Confirmed keys by what became of them; a key counts as waiting until every verifier has confirmed it. */
export async function countKeys(db: Executor, ids: readonly string[]): Promise<Counts> {
  const { rows } = await db.raw(
    `select count(*) as "all",
       count(*) filter (where confirmed_at is null) as waiting,
       count(*) filter (where confirmed_at is not null
         and outcome in ('revoked', 'deactivated', 'refused-already')) as refused,
       count(*) filter (where confirmed_at is not null and outcome = 'rotating') as rotating,
       count(*) filter (where confirmed_at is not null and outcome = 'handed-over') as "handedOver",
       count(*) filter (where confirmed_at is not null and outcome = 'kept') as kept,
       count(*) filter (where confirmed_at is not null and outcome = 'failed') as failed
     from offboarding_keys where offboarding_id = any(?)`,
    [[...ids]],
  )
  return rows[0]
}

/** Writes CSV for an auditor: a line per leaver and named key. */
export async function reportFile(
  db: Executor,
  offboardings: OffboardingReport['offboardings'],
  now: Date,
): Promise<string> {
  const lines: unknown[][] = []
  for (const one of offboardings)
    for (const key of await namedKeysOf(db, one, now))
      lines.push([
        one.id,
        one.userId,
        one.sources.join(' '),
        one.requestedBy,
        one.requestedAt.toISOString(),
        key.workspaceId,
        key.keyId,
        key.name,
        key.hint,
        key.reasons.join(' '),
        key.busy ? 'busy' : 'quiet',
        key.plan,
        key.outcome,
        key.why,
        key.ownerBefore,
        key.ownerAfter,
        key.endsAt?.toISOString(),
        key.actedAt?.toISOString(),
        key.confirmedAt?.toISOString(),
        ...confirmation(key),
        ignoredIn(one.ignored),
      ])
  return csvHead(columns) + csvLines(lines)
}

const columns = [
  'offboarding',
  'leaver',
  'doors',
  'requested by',
  'requested at',
  'workspace',
  'key',
  'name',
  'hint',
  'reasons',
  'use',
  'planned',
  'outcome',
  'why',
  'owner before',
  'owner after',
  'old key works until',
  'acted at',
  'confirmed at',
  'confirmed by',
  'waited out',
  'ignored',
]

const ignoredIn = ({ asked, notTakenIn }: Ignored): string =>
  [
    ...asked.flatMap(({ source, mode, successor }) => [
      ...(mode ? [`${source}: mode ${mode}`] : []),
      ...(successor ? [`${source}: successor ${successor}`] : []),
    ]),
    ...notTakenIn.map((workspace) => `successor in ${workspace}`),
  ].join('; ')

function confirmation({ receipt }: LeaverKey): [string, string] {
  if (receipt?.state !== 'confirmed') return ['', '']
  return [[...receipt.confirmed, ...receipt.renewed].join(' '), receipt.waitedOut.join(' ')]
}
