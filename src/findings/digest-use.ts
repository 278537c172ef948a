import { Temporal } from 'temporal-polyfill'
import type { Executor } from '../foundation/database.ts'
import { daysOf } from '../usage/reports/days.ts'
import type { KeyUse } from '../usage/reports/workspace.ts'
import type { Sums } from '../usage/rows.ts'
import type { Workspace } from '../workspaces/workspace.ts'

/** The use of one week, as the body of a digest keeps it. */
export type WeekOfUse = {
  requests: number
  /** in the week before */
  before: number
  keysUsed: number
  /** Monday to Sunday; `failed` were allowed and then answered with an error */
  days: { name: string; ok: number; refused: number; failed: number }[]
  /** the five busiest keys */
  top: KeyUse[]
}

const maxListed = 5
const names = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']

/** The seven days before a Monday (its date), each from midnight to midnight by the workspace's clock. */
export async function weekOfUse(
  db: Executor,
  workspace: Pick<Workspace, 'id' | 'policy'>,
  monday: string,
): Promise<WeekOfUse> {
  const { id, policy } = workspace
  const midnight = (days: number) =>
    new Date(Temporal.PlainDate.from(monday).add({ days }).toZonedDateTime(policy.timeZone).epochMilliseconds)
  // One read covers the week before too: its rows lie beside those of the week.
  const boundaries = Array.from({ length: 15 }, (_, i) => midnight(i - 14))
  const both = await daysOf(db, id, boundaries, { lastDays: 7, maxKeys: maxListed })
  const [before, week] = [both.days.slice(0, 7), both.days.slice(7)]
  const days = week.map(({ requests, refused, failed }, i) => {
    // A failed request was allowed before; its outcome may fall into a later day than its verification.
    const errors = Math.min(failed, requests - refused)
    return { name: names[i]!, ok: requests - refused - errors, refused, failed: errors }
  })
  const { keysUsed, top } = both
  return { requests: total(week), before: total(before), keysUsed, days, top }
}

const total = (days: readonly Sums[]): number => days.reduce((sum, day) => sum + day.requests, 0)
