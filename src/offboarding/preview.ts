import type { Executor } from '../foundation/database.ts'
import { dayMs } from '../foundation/time.ts'
import type { Actor } from '../members/actor.ts'
import { readPolicy } from '../policy/policy.ts'
import { trafficOf } from '../usage/traffic.ts'
import type { Workspace } from '../workspaces/workspace.ts'
import { authorityOf } from './authority.ts'
import { type Candidate, keysOfLeaver } from './leaver-keys.ts'
import { currentOffboarding, type Mode, type Offboarding, type Plan } from './offboarding.ts'
import { choicesFor, isBusy, planFor } from './plan.ts'
import { plannedAnew } from './request-reopen.ts'
import { newOwnerOf } from './successor.ts'

/** A key with its plan and the possible ones. */
export type PreviewedKey = Candidate & { plan: Plan; choices: Plan[]; busy: boolean; requestsLast24h: number }

export type Preview = {
  /** of the workspaces where the actor decides */
  keys: PreviewedKey[]
  /** how many more keys other workspaces have, by name; they follow their own policy */
  elsewhere: { workspace: string; keys: number }[]
  /** names of workspaces where the leaver's role stays, since the actor may not end it */
  keepsRoleIn: string[]
  /** names of workspaces where it had stayed so far, and ends with this request */
  endsRoleIn: string[]
  mode: Mode
  newOwner: string | undefined
  /** the offboarding that this person is in already; `keys` are those it does not know */
  running: Offboarding | undefined
}

/** Computes the effects of an offboarding of this person by this actor, now. Changes nothing. */
export async function previewOffboarding(
  db: Executor,
  workspace: Workspace,
  actor: Actor,
  userId: string,
  now: Date,
  wanted?: Mode,
): Promise<Preview> {
  const { accountId } = workspace
  const authority = await authorityOf(db, workspace, { actor, source: 'slack' }, userId)
  const running = await currentOffboarding(db, accountId, userId)
  const kept = running?.keepsRoleIn ?? authority.keepsRoleIn
  const ended = kept.filter((id) => !authority.keepsRoleIn.includes(id))
  const known = running
    ? await db('offboarding_keys')
        .where({ offboarding_id: running.id })
        .whereNotIn('key_id', plannedAnew(db, ended))
        .select('key_id')
    : []
  const handled = new Set(known.map((row) => row.key_id))
  const rows = await db('workspaces').where({ account_id: accountId }).select('id', 'name', 'policy')
  const busyDays = new Map(rows.map((row) => [row.id, readPolicy(row.policy).offboardingBusyDays]))
  const mode = wanted ?? workspace.policy.offboardingMode
  const candidates = (await keysOfLeaver(db, accountId, userId)).filter((key) => !handled.has(key.id))
  const decided = candidates.filter((key) => authority.decidesIn.includes(key.workspaceId))
  const last24h = await requestsOfTheDay(db, decided, now)
  const keys = decided
    .map((key) => {
      const busy = isBusy(key, now, busyDays.get(key.workspaceId) ?? 0)
      const requestsLast24h = last24h.get(key.id) ?? 0
      const plan = planFor(key, mode, busy, now)
      return { ...key, busy, requestsLast24h, plan, choices: choicesFor(key, now) }
    })
    .sort((a, b) => Number(b.busy) - Number(a.busy) || a.name.localeCompare(b.name))
  const newOwner = await newOwnerOf(db, workspace.id, { accountId, userId, successorId: null })
  const elsewhere = new Map<string, number>()
  for (const { workspaceId, workspace: name } of candidates)
    if (!authority.decidesIn.includes(workspaceId)) elsewhere.set(name, (elsewhere.get(name) ?? 0) + 1)
  const names = (ids: readonly string[]) => rows.filter(({ id }) => ids.includes(id)).map(({ name }) => name)
  return {
    keys,
    elsewhere: [...elsewhere].map(([name, count]) => ({ workspace: name, keys: count })),
    keepsRoleIn: names(kept.filter((id) => authority.keepsRoleIn.includes(id))),
    endsRoleIn: names(ended),
    mode,
    newOwner,
    running,
  }
}

async function requestsOfTheDay(
  db: Executor,
  keys: readonly Candidate[],
  now: Date,
): Promise<Map<string, number>> {
  const ids = keys.map((key) => key.id)
  const sums = new Map<string, number>()
  const from = new Date(now.getTime() - dayMs)
  for (const { keyId, requests } of await trafficOf(db, ids, from, now, 'five-minutes'))
    sums.set(keyId, (sums.get(keyId) ?? 0) + requests)
  return sums
}
