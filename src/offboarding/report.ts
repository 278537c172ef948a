import { stringify } from 'csv-stringify/sync'
import type { Executor } from '../foundation/database.ts'
import { readTerms } from '../policy/terms.ts'
import { type LeaverKey, leaverKeysOf, type Offboarding, type Source, toOffboarding } from './offboarding.ts'

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

/** Everything a message about one leaver says, or the sums over many. */
export type Report = {
  offboardings: (Offboarding & { doors: Source[] })[]
  counts: Counts
  /** the keys, while there are few enough to be told one by one */
  keys: LeaverKey[]
  channel: string
}

/** More keys than these, or more leavers than one, are told as counts. */
export const toldOneByOne = 20

/** What is to be told in that message, as things stand now. */
export async function readReport(db: Executor, messageId: string): Promise<Report> {
  const rows = await db('offboardings')
    .where({ message_id: messageId })
    .orderBy(['requested_at', 'id'])
    .select(
      '*',
      db.raw(
        `array(select source from offboarding_requests r where r.offboarding_id = offboardings.id
           order by requested_at, source) as doors`,
      ),
    )
  const ids = rows.map((row) => row.id as string)
  const counts = await countKeys(db, ids)
  const home = await db('workspaces')
    .join('offboarding_messages', 'offboarding_messages.workspace_id', 'workspaces.id')
    .where({ 'offboarding_messages.id': messageId })
    .first('terms')
  return {
    offboardings: rows.map((row) => ({ ...toOffboarding(row), doors: row.doors })),
    counts,
    keys: ids.length === 1 && counts.all <= toldOneByOne ? await leaverKeysOf(db, ids) : [],
    channel: readTerms(home.terms).alertChannel,
  }
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

/** A line per key and leaver, for an auditor. What could be taken for a formula is written as text. */
export async function reportFile(db: Executor, offboardings: Report['offboardings']): Promise<string> {
  const lines: unknown[][] = []
  for (const one of offboardings)
    for (const key of await leaverKeysOf(db, [one.id]))
      lines.push([
        one.id,
        one.userId,
        one.doors.join(' '),
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
      ])
  return stringify(lines, { header: true, columns: [...columns], escape_formulas: true })
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
]

function confirmation({ receipt }: LeaverKey): [string, string] {
  if (receipt?.state !== 'confirmed') return ['', '']
  return [[...receipt.confirmed, ...receipt.renewed].join(' '), receipt.waitedOut.join(' ')]
}
