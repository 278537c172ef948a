import type { Executor } from '../foundation/database.ts'
import { windowOf } from '../usage/range.ts'
import { type KeyUse, workspaceSummaryOf, workspaceTrafficOf } from '../workspaces/usage.ts'
import type { Workspace } from '../workspaces/workspace.ts'

/** How a week was used, as a letter keeps it. */
export type WeekOfUse = {
  requests: number
  /** in the week before */
  before: number
  keysUsed: number
  /** seven days, the first one first; `failed` were let through and then answered with an error */
  days: { name: string; ok: number; refused: number; failed: number }[]
  /** the five busiest keys */
  top: KeyUse[]
}

const dayMs = 86_400_000
const mostListed = 5

/** The seven days up to a moment, in the workspace's own names of days. */
export async function weekOfUse(db: Executor, { id, terms }: Workspace, until: Date): Promise<WeekOfUse> {
  const { from, to } = windowOf('7d', until)
  const summary = await workspaceSummaryOf(db, id, '7d', until)
  const traffic = await workspaceTrafficOf(db, id, from, to, 'hour')
  const days = Array.from({ length: 7 }, (_, i) => {
    const at = new Date(from.getTime() + i * dayMs)
    const name = at.toLocaleDateString('en-GB', { weekday: 'short', timeZone: terms.timeZone })
    return { name, ok: 0, refused: 0, failed: 0 }
  })
  for (const { at, requests, refused, failed } of traffic) {
    const day = days[Math.floor((at.getTime() - from.getTime()) / dayMs)]!
    day.ok += requests - refused - Math.min(failed, requests - refused)
    day.refused += refused
    day.failed += Math.min(failed, requests - refused)
  }
  const { totals, before, keysUsed, top } = summary
  return { requests: totals.requests, before: before.requests, keysUsed, days, top: top.slice(0, mostListed) }
}
