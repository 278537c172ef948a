import { perform } from '../acts/perform.ts'
import { rememberEmails } from '../directory/emails.ts'
import { leftTheDirectory } from '../directory/list.ts'
import { isLatest, type SaidOfUser, withoutOvertaken } from '../directory/slack-users.ts'
import { isRefusal } from '../foundation/refusal.ts'
import type { World } from '../foundation/world.ts'
import { membershipsOf } from '../members/member.ts'
import { readPolicy } from '../policy/policy.ts'
import type { Workspace } from '../workspaces/workspace.ts'
import { applyPresence } from './presence.ts'
import { requestOffboarding } from './request.ts'
import { matchWaiting } from './request-by-email.ts'
import { recordReturn } from './undo.ts'

/** A person as Slack's list of members has them. */
export type SlackMember = {
  userId: string
  email: string | null
  deleted: boolean
  isBot: boolean
  isGuest?: boolean
  /** seconds, by Slack's count */
  updated?: number | undefined
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

/** Those of people whom Slack has who count as gone, or are about to, because of Slack alone. */
const returned = `
  select b.user_id from (select distinct unnest(:back::text[]) as user_id) b
  where (exists (select from departures d join workspaces w on w.id = d.workspace_id and w.account_id = :account
        where d.user_id = b.user_id)
      or exists (select from offboardings o where o.account_id = :account and o.user_id = b.user_id
        and o.ended_at is null and o.state <> 'done'))
    and not exists (select from offboardings o join offboarding_requests r on r.offboarding_id = o.id
      where o.account_id = :account and o.user_id = b.user_id and o.ended_at is null and r.withdrawn_at is null
        and not (r.source = 'user-change' or r.source = 'reconcile' and r.reference = 'slack'))`

/**
 * Compares an account with Slack's list of its members: keeps the addresses, lets requests go on that waited for
 * one, takes people back of whom the list says so, and offboards everyone who is gone without anybody having said so.
 * Returns how many those were. Of a person of whom an event has said something later than the list, nothing changes.
 */
export async function offboardMissed(
  world: World,
  accountId: string,
  members: readonly SlackMember[],
): Promise<number> {
  const { db, clock, random } = world
  const people = members.filter((one) => !one.isBot)
  const current = await withoutOvertaken(db, accountId, people)
  const known = current.flatMap(({ userId, email }) => (email ? [{ userId, email }] : []))
  await rememberEmails(db, accountId, known, clock.now())
  const workspace = await homeOf(world, accountId)
  const matched = await perform(world, actor, (act) => matchWaiting(act, workspace, random))
  if (isRefusal(matched)) return 0
  await catchUp(world, accountId, people)
  const listed = new Map(people.map((one) => [one.userId, one]))
  const deleted = people.filter((one) => one.deleted).map((one) => one.userId)
  const lists = { slack: deleted, directory: await leftTheDirectory(db, accountId) }
  let found = 0
  for (const [reference, gone] of Object.entries(lists)) {
    const { rows } = await db.raw(missed, { account: accountId, gone })
    for (const { user_id: userId } of rows) {
      const request = { source: 'reconcile', reference, userId } as const
      const made = await perform(world, actor, async (act) => {
        const one = listed.get(userId)
        if (reference === 'slack' && one && !(await isLatest(act.trx, accountId, saidOf(one))))
          return 'overtaken'
        return requestOffboarding(act, workspace, request, random)
      })
      if (!isRefusal(made) && made !== 'overtaken') found++
    }
  }
  return found
}

const saidOf = ({ userId, updated, deleted, isGuest = false }: SlackMember): SaidOfUser => ({
  id: userId,
  updated,
  isOut: deleted || isGuest,
})

/** Does what lost events would have done: guests have no role any more, and people who returned count as back. */
async function catchUp(world: World, accountId: string, people: readonly SlackMember[]): Promise<void> {
  const { db, random } = world
  const listed = new Map(people.map((one) => [one.userId, one]))
  const guests = people.filter((one) => one.isGuest && !one.deleted).map((one) => one.userId)
  const roles = await membershipsOf(db, accountId, guests)
  const back = people.filter((one) => !one.isGuest && !one.deleted).map((one) => one.userId)
  const { rows } = await db.raw(returned, { account: accountId, back })
  const workspaceIds = await db('workspaces').where({ account_id: accountId }).pluck('id')
  const changed = new Set([
    ...roles.map(({ userId }) => userId),
    ...rows.map((row: { user_id: string }) => row.user_id),
  ])
  for (const userId of changed) {
    const said = saidOf(listed.get(userId)!)
    await perform(world, actor, async (act) => {
      if (!(await isLatest(act.trx, accountId, said))) return null
      if (!said.isOut) await recordReturn(act, accountId, userId, 'slack', random)
      return applyPresence(act, accountId, workspaceIds, said)
    })
  }
}

/** The account's oldest workspace: its policy decides where nobody named another, its channel hears. */
export async function homeOf({ db }: Pick<World, 'db'>, accountId: string): Promise<Workspace> {
  const row = await db('workspaces')
    .where({ account_id: accountId })
    .orderBy(['created_at', 'id'])
    .first('id', 'name', 'policy')
  return { id: row.id, accountId, name: row.name, policy: readPolicy(row.policy) }
}
