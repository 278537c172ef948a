import { perform } from '../acts/perform.ts'
import { rememberEmails } from '../directory/emails.ts'
import { leftTheDirectory } from '../directory/list.ts'
import { isRefusal } from '../foundation/refusal.ts'
import type { World } from '../foundation/world.ts'
import { membershipsOf } from '../members/member.ts'
import { readPolicy } from '../policy/policy.ts'
import { markDeparted } from '../workspaces/roles.ts'
import type { Workspace } from '../workspaces/workspace.ts'
import { requestOffboarding } from './request.ts'
import { matchWaiting } from './request-by-email.ts'

/** A person as Slack's list of members has them. */
export type SlackMember = {
  userId: string
  email: string | null
  deleted: boolean
  isBot: boolean
  isGuest?: boolean
}

const actor = { kind: 'job', id: 'offboarding-missed' } as const

/** Those of people who are gone who still have keys, or a role, and whom nobody has offboarded. */
const missed = `
  select g.user_id from (select distinct unnest(:gone::text[]) as user_id) g
  where not exists (select from offboardings o where o.account_id = :account and o.user_id = g.user_id
      and o.ended_at is null and o.state <> 'done')
    and (exists (select from keys k join workspaces w on w.id = k.workspace_id and w.account_id = :account
        where k.status in ('active', 'unrevealed') and (k.owner_id = g.user_id or k.revealed_by = g.user_id
            or exists (select from key_holders h where h.key_id = k.id and h.user_id = g.user_id))
          and not exists (select from offboardings o join offboarding_keys p on p.offboarding_id = o.id
            where o.account_id = :account and o.user_id = g.user_id and o.ended_at is null and p.key_id = k.id))
      or exists (select from members m join workspaces w on w.id = m.workspace_id and w.account_id = :account
        where m.user_id = g.user_id and m.role in ('owner', 'manager')
          and not exists (select from offboardings o where o.account_id = :account and o.user_id = g.user_id
            and o.ended_at is null and m.workspace_id <> all (o.keeps_role_in))))`

/**
 * Compares an account with Slack's list of its members: keeps the addresses, lets requests go on that waited for
 * one, and offboards everyone who is gone without anybody having said so. Returns how many those were.
 */
export async function offboardMissed(
  world: World,
  accountId: string,
  members: readonly SlackMember[],
): Promise<number> {
  const { db, clock, random } = world
  const people = members.filter((one) => !one.isBot)
  const known = people.flatMap(({ userId, email }) => (email ? [{ userId, email }] : []))
  await rememberEmails(db, accountId, known, clock.now())
  const workspace = await homeOf(world, accountId)
  const matched = await perform(world, actor, (act) => matchWaiting(act, workspace, random))
  if (isRefusal(matched)) return 0
  await endRolesOfGuests(world, accountId, people)
  const deleted = people.filter((one) => one.deleted).map((one) => one.userId)
  const lists = { slack: deleted, directory: await leftTheDirectory(db, accountId) }
  let found = 0
  for (const [reference, gone] of Object.entries(lists)) {
    const { rows } = await db.raw(missed, { account: accountId, gone })
    for (const { user_id: userId } of rows) {
      const request = { source: 'reconcile', reference, userId } as const
      const made = await perform(world, actor, (act) => requestOffboarding(act, workspace, request, random))
      if (!isRefusal(made)) found++
    }
  }
  return found
}

/** A person who became a guest while no event was heard has no role any more, as after the event. */
async function endRolesOfGuests(
  world: World,
  accountId: string,
  people: readonly SlackMember[],
): Promise<void> {
  const guests = people.filter((one) => one.isGuest && !one.deleted).map((one) => one.userId)
  for (const { workspaceId, userId } of await membershipsOf(world.db, accountId, guests))
    await perform(world, actor, (act) => markDeparted(act, workspaceId, userId))
}

/** The account's oldest workspace: its policy decides where nobody named another, its channel hears. */
export async function homeOf({ db }: Pick<World, 'db'>, accountId: string): Promise<Workspace> {
  const row = await db('workspaces')
    .where({ account_id: accountId })
    .orderBy(['created_at', 'id'])
    .first('id', 'name', 'policy')
  return { id: row.id, accountId, name: row.name, policy: readPolicy(row.policy) }
}
