import type { Executor } from '../foundation/database.ts'
import { inMonthlyWindow, type MonthlyWindow } from './calendar.ts'
import { aboutVolume } from './detector/decide.ts'
import type { Reason } from './detector/reason.ts'

/** Use of a key that somebody declared expected. */
export type Expectation = {
  id: string
  keyId: string
  /** why the key's use had been found unusual */
  reason: Reason
  declaredBy: string
  declaredAt: Date
} & (
  | { kind: 'once'; from: Date; until: Date }
  | { kind: 'monthly'; window: MonthlyWindow }
  | { kind: 'new-normal'; from: Date }
)

/** The current expectations of these keys, newest first; for a list of them at most 50 a key. */
export async function expectationsOf(
  db: Executor,
  keyIds: readonly string[],
): Promise<Map<string, Expectation[]>> {
  const { rows } = await db.raw(
    `select e.* from (
       select *, row_number() over (partition by key_id order by declared_at desc) as nth from anomaly_expectations
       where key_id = any(:keyIds) and forgotten_at is null) e
     where nth <= 50 order by key_id, nth`,
    { keyIds },
  )
  const found = new Map<string, Expectation[]>()
  for (const row of rows as Row[]) {
    const expectation = toExpectation(row)
    found.set(row.key_id, [...(found.get(row.key_id) ?? []), expectation])
  }
  return found
}

type Row = {
  id: string
  key_id: string
  kind: Expectation['kind']
  reason: Reason
  from_at: Date
  until_at: Date | null
  day_of_month: number | null
  from_minute: number | null
  until_minute: number | null
  declared_by: string
  declared_at: Date
}

export function toExpectation(row: Row): Expectation {
  const { id, kind, reason, key_id: keyId, declared_by: declaredBy, declared_at: declaredAt } = row
  const about = { id, keyId, reason, declaredBy, declaredAt }
  if (kind === 'once') return { ...about, kind, from: row.from_at, until: row.until_at! }
  if (kind === 'new-normal') return { ...about, kind, from: row.from_at }
  const window = {
    dayOfMonth: row.day_of_month!,
    fromMinute: row.from_minute!,
    untilMinute: row.until_minute!,
  }
  return { ...about, kind, window }
}

/**
 * Whether strange use for that reason was declared expected at that time (seconds since 1970): an expectation of volume
 * covers all of it, errors and silence only themselves. A new normal is not about single times.
 */
export function isExpected(
  expectations: readonly Expectation[],
  timeZone: string,
  at: number,
  reason: Reason,
): boolean {
  return expectations.some((one) => covers(one, reason) && holds(one, timeZone, at))
}

/** Where an event came from was seen by who called it expected; of a job's next month nobody has seen it yet. */
const covers = (one: Expectation, reason: Reason): boolean =>
  aboutVolume.has(reason) || one.reason === reason || (one.kind === 'once' && aboutSources.has(reason))

const aboutSources: ReadonlySet<Reason> = new Set<Reason>(['new-network', 'person'])

function holds(one: Expectation, timeZone: string, at: number): boolean {
  if (one.kind === 'once') return at * 1000 >= one.from.getTime() && at * 1000 < one.until.getTime()
  return one.kind === 'monthly' && inMonthlyWindow(one.window, timeZone, at)
}

/** From when on the key's use counts as usual, where it was declared the new normal. */
export function newNormalSince(expectations: readonly Expectation[]): Date | undefined {
  const all = expectations.flatMap((one) => (one.kind === 'new-normal' ? [one.from.getTime()] : []))
  return all.length > 0 ? new Date(Math.max(...all)) : undefined
}
