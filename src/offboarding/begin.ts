import type { Act } from '../members/actor.ts'
import { readTerms, type Terms } from '../policy/terms.ts'
import { closeRequestsOf } from '../workspaces/requests.ts'
import { forgetMember } from '../workspaces/roles.ts'
import { type Candidate, keysOfLeaver } from './leaver-keys.ts'
import { lockOffboarding, type Offboarding } from './offboarding.ts'
import { isBusy, planFor } from './plan.ts'
import type { Step } from './step.ts'

/** Writes down every key of the leaver with what shall happen to it, closes their requests and ends their roles. */
export const begin: Step = async (act, id) => {
  const offboarding = await lockOffboarding(act.trx, id)
  if (offboarding?.state !== 'requested') return false
  const workspaces = await act
    .trx('workspaces')
    .where({ account_id: offboarding.accountId })
    .orderBy('id')
    .select('id', 'name', 'terms')
  const terms = new Map(workspaces.map((row) => [row.id as string, readTerms(row.terms)]))
  const planned = await planKeys(act, offboarding, terms)
  await closeRequestsOf(act, [...terms.keys()], offboarding.userId!)
  const lastOwnerOf: string[] = []
  for (const workspace of workspaces) {
    await forgetMember(act, workspace.id, offboarding.userId!)
    if (await stillOwns(act, workspace.id, offboarding.userId!)) lastOwnerOf.push(workspace.name)
  }
  // Nobody needs to hear of everyone who ever left; whoever asked in person does.
  const isWorthTelling =
    planned > 0 ||
    lastOwnerOf.length > 0 ||
    !offboarding.requestedBy.startsWith('job:') ||
    offboarding.begunAt > offboarding.requestedAt
  await act
    .trx('offboardings')
    .where({ id })
    .update({ state: 'acting', last_owner_of: lastOwnerOf, announced: isWorthTelling })
  return true
}

/** Adds what is not planned yet. Returns how many keys that were. */
export async function planKeys(
  act: Act,
  offboarding: Offboarding,
  terms: ReadonlyMap<string, Terms>,
): Promise<number> {
  const keys = await keysOfLeaver(act.trx, offboarding.accountId, offboarding.userId!)
  if (keys.length === 0) return 0
  const rows = keys.map((key) => rowFor(act, offboarding, key, terms.get(key.workspaceId)!))
  const { rowCount } = await act.trx.raw(
    `insert into offboarding_keys (offboarding_id, key_id, workspace_id, reasons, busy, plan, owner_before)
     select offboarding_id, key_id, workspace_id, reasons, busy, plan, owner_before
     from jsonb_to_recordset(?) as k (offboarding_id text, key_id text, workspace_id text, reasons text[],
       busy boolean, plan text, owner_before text)
     on conflict do nothing`,
    [JSON.stringify(rows)],
  )
  return rowCount
}

function rowFor(act: Act, offboarding: Offboarding, key: Candidate, terms: Terms) {
  const busy = isBusy(key, act.now, terms.offboardingBusyDays)
  return {
    offboarding_id: offboarding.id,
    key_id: key.id,
    workspace_id: key.workspaceId,
    reasons: key.reasons,
    busy,
    plan: planFor(key, offboarding.mode, busy, act.now, offboarding.choices[key.id]),
    owner_before: key.ownerId,
  }
}

/** The last owner's row stays, so that somebody can see who it was. */
const stillOwns = async (act: Act, workspaceId: string, userId: string): Promise<boolean> =>
  (await act
    .trx('members')
    .where({ workspace_id: workspaceId, user_id: userId, role: 'owner' })
    .first('user_id')) !== undefined
