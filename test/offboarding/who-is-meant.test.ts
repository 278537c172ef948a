import { sign } from 'local-slack/sign'
import { expect, test } from 'vitest'
import { perform } from '../../src/acts/perform.ts'
import { userOfEmail } from '../../src/directory/emails.ts'
import { systemRandom } from '../../src/foundation/random.ts'
import { findMember, type Role } from '../../src/members/member.ts'
import { put } from '../../src/notifications/outbox.ts'
import { currentOffboarding } from '../../src/offboarding/offboarding.ts'
import { requestOffboarding } from '../../src/offboarding/request.ts'
import { offboardMissed } from '../../src/offboarding/request-missed.ts'
import { addWorkspace, inheritOwners, workspacesOfTeam } from '../../src/workspaces/workspace.ts'
import { house, people, useHouse } from '../setup/house.ts'
import { must } from '../setup/records.ts'
import { join, keysByName, ownedKey } from './leavers.ts'

useHouse({ mode: 'http' })

const home = async () => (await workspacesOfTeam(house.world.db, house.slack.teamId))[0]!
const clock = { seconds: 1_790_000_000, event: 0 }

/** One event of Slack's about a person, signed as Slack does. */
async function hear(user: Record<string, unknown>): Promise<void> {
  const { teamId, signingSecret } = house.slack
  const body = JSON.stringify({
    type: 'event_callback',
    team_id: teamId,
    api_app_id: 'A0APP',
    event_id: `Ev${++clock.event}`,
    event_time: 0,
    event: { type: 'user_change', user: { team_id: teamId, deleted: false, is_bot: false, ...user } },
  })
  const at = Math.floor(Date.now() / 1000)
  const response = await fetch(`${house.keywarden.url}/slack/events`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-slack-request-timestamp': String(at),
      'x-slack-signature': sign(signingSecret, at, body),
    },
    body,
  })
  expect(response.status).toBe(200)
}

let n = 0
/** Somebody with a role and a key. */
async function somebody(role: Role = 'manager') {
  const id = `U0MEANT${String(++n).padStart(3, '0')}`
  const { id: workspaceId } = await home()
  await ownedKey(house.world, await join(house.world, workspaceId, id, role), `Key of ${id}`)
  return id
}

const running = async (id: string) => currentOffboarding(house.world.db, (await home()).accountId, id)
const isLeaving = async (id: string) => (await running(id)) !== undefined
const roleOf = async (id: string) => (await findMember(house.world.db, (await home()).id, id))?.role
const statusOf = async (id: string) => (await keysByName(house.world))[`Key of ${id}`]!.status
const later = () => (clock.seconds += 10)
const becomes = (id: string, wanted: boolean) => expect.poll(() => isLeaving(id)).toBe(wanted)

/** An event that changes something, so that those before it have been handled. */
async function afterwards(): Promise<void> {
  const other = await somebody()
  await hear({ id: other, deleted: true, updated: later() })
  await becomes(other, true)
}

test.each([
  ['is of another team', { team_id: 'T0GLOBEX01' }],
  ['is a stranger', { is_stranger: true }],
  [
    'is of another organisation with several teams',
    { team_id: 'T0GLOBEX01', enterprise_user: { teams: ['T0GLOBEX01', 'T0GLOBEX02'] } },
  ],
])('whoever %s changes nothing, and takes over no address', async (_, about) => {
  const { accountId } = await home()
  const colleague = await somebody()
  const email = `${colleague.toLowerCase()}@acme.example`
  await hear({ id: colleague, updated: later(), profile: { email } })
  await expect
    .poll(() => house.world.db('emails').where({ account_id: accountId, email }).first('user_id'))
    .toEqual({ user_id: colleague })
  await hear({ id: 'U0STRANGE1', updated: later(), profile: { email }, deleted: true, ...about })
  await afterwards()
  expect(await house.world.db('emails').where({ account_id: accountId, email }).first('user_id')).toEqual({
    user_id: colleague,
  })
  expect(await isLeaving('U0STRANGE1')).toBe(false)
})

test('somebody of an organisation with several teams is of ours where Slack names it among theirs', async () => {
  const leaver = await somebody()
  const teams = ['T0OTHER001', house.slack.teamId]
  await hear({
    id: leaver,
    team_id: 'T0OTHER001',
    enterprise_user: { teams },
    deleted: true,
    updated: later(),
  })
  await becomes(leaver, true)
})

test('a member who is then only in other teams of the organisation loses their role, and one deactivated there leaves', async () => {
  const elsewhere = { team_id: 'T0OTHER001', enterprise_user: { teams: ['T0OTHER001'] } }
  const moved = await somebody()
  await hear({ id: moved, ...elsewhere, updated: later() })
  await expect.poll(() => roleOf(moved)).toBeUndefined()
  expect([await isLeaving(moved), await statusOf(moved)]).toEqual([false, 'active'])
  const gone = await somebody()
  await hear({ id: gone, ...elsewhere, deleted: true, updated: later() })
  await becomes(gone, true)
  await hear({ id: 'U0SISTER01', ...elsewhere, deleted: true, updated: later() })
  await afterwards()
  expect(await isLeaving('U0SISTER01')).toBe(false)
  expect(await house.world.db('departures').where({ user_id: 'U0SISTER01' })).toEqual([])
})

test('a repeated or overtaken event neither begins nor ends anything', async () => {
  const leaver = await somebody()
  const gone = { id: leaver, deleted: true, updated: later() }
  const back = { id: leaver, deleted: false, updated: later() }
  await hear(gone)
  await becomes(leaver, true)
  await hear(back)
  await becomes(leaver, false)
  await hear(gone)
  await afterwards()
  expect(await isLeaving(leaver)).toBe(false)
  await hear({ ...gone, updated: later() })
  await becomes(leaver, true)
  await hear(back)
  await afterwards()
  expect(await isLeaving(leaver)).toBe(true)
})

test('a change of status ends no offboarding that the directory has asked for', async () => {
  const { accountId } = await home()
  const leaver = await somebody()
  await house.world.db('emails').insert({
    account_id: accountId,
    email: `${leaver.toLowerCase()}@acme.example`,
    user_id: leaver,
    seen_at: house.world.clock.now(),
  })
  await house.world.db('directory_users').insert({
    id: `usr_${leaver}`,
    account_id: accountId,
    user_name: `${leaver}@acme.example`,
    user_name_folded: `${leaver.toLowerCase()}@acme.example`,
    active: false,
    attributes: { emails: [] },
    created_at: house.world.clock.now(),
    changed_at: house.world.clock.now(),
  })
  expect(await offboardMissed(house.world, accountId, [])).toBe(1)
  await hear({ id: leaver, updated: later() })
  await afterwards()
  expect(await isLeaving(leaver)).toBe(true)
})

test('where Slack and the directory said that somebody left, both have to say that they are back', async () => {
  const leaver = await somebody()
  await hear({ id: leaver, deleted: true, updated: later() })
  await becomes(leaver, true)
  const { id: offboarding } = (await running(leaver))!
  await house.world.db('offboarding_requests').insert({
    offboarding_id: offboarding,
    source: 'scim',
    reference: 'con_x usr_x',
    requested_by: 'job:scim',
    requested_at: house.world.clock.now(),
  })
  await hear({ id: leaver, deleted: false, updated: later() })
  await afterwards()
  expect(await isLeaving(leaver)).toBe(true)
})

test('somebody who became a guest while no event was heard has no role after the nightly look', async () => {
  const guest = await somebody()
  const { accountId } = await home()
  const listed = { userId: guest, email: null, deleted: false, isBot: false, isGuest: true }
  expect(await offboardMissed(house.world, accountId, [listed])).toBe(0)
  expect([await roleOf(guest), await statusOf(guest)]).toEqual([undefined, 'active'])
})

test('of a person who becomes a guest and is a member again at the same moment, the later stands', async () => {
  const { id: workspaceId, accountId } = await home()
  const person = await somebody()
  const departed = () => house.world.db('departures').where({ user_id: person })
  const holding = await house.world.db.transaction()
  await holding('workspaces').where({ id: workspaceId }).forUpdate().first('id')
  await hear({ id: person, is_restricted: true, updated: later() })
  const waiting = () =>
    house.world
      .db('pg_stat_activity')
      .where({ wait_event_type: 'Lock' })
      .whereRaw('query like ?', '%workspaces%')
  await expect.poll(async () => (await waiting()).length).toBeGreaterThan(0)
  await hear({ id: person, updated: later() })
  await hear({ id: 'U0BYSTAND1', updated: later(), profile: { email: 'bystander@acme.example' } })
  await expect
    .poll(() => house.world.db('emails').where({ account_id: accountId, email: 'bystander@acme.example' }))
    .toHaveLength(1)
  await holding.commit()
  const heard = () => house.world.db('slack_users').where({ user_id: person }).first('is_out')
  await expect.poll(heard).toEqual({ is_out: false })
  await expect.poll(waiting).toEqual([])
  await afterwards()
  expect(await departed()).toEqual([])
})

test('somebody whom a manager offboards stays gone when their profile changes', async () => {
  const workspace = await home()
  const leaver = await somebody()
  const owner = await join(house.world, workspace.id, people.owner, 'owner')
  const request = { source: 'slack', userId: leaver } as const
  must(await perform(house.world, owner, (act) => requestOffboarding(act, workspace, request, systemRandom)))
  const done_at = house.world.clock.now()
  await house.world.db('offboardings').where({ user_id: leaver }).update({ state: 'done', done_at })
  const departed = { workspace_id: workspace.id, user_id: leaver }
  await house.world.db('departures').insert({ ...departed, left_at: done_at })
  await hear({ id: leaver, updated: later() })
  await afterwards()
  expect(await isLeaving(leaver)).toBe(true)
  expect(await house.world.db('departures').where(departed)).toHaveLength(1)
})

test('somebody whose return nobody heard of counts as back after the nightly comparison', async () => {
  const { accountId } = await home()
  const [guest, leaver, away] = [await somebody(), await somebody(), await somebody()]
  for (const id of [guest, leaver, away])
    await hear({ id, is_restricted: id === guest, deleted: id !== guest, updated: later() })
  await becomes(leaver, true)
  await becomes(away, true)
  const gone = () =>
    house.world.db('departures').whereIn('user_id', [guest, leaver, away]).orderBy('user_id').pluck('user_id')
  await expect.poll(gone).toEqual([guest, leaver, away])
  const listed = (userId: string, more = {}) => ({
    userId,
    email: null,
    deleted: false,
    isBot: false,
    ...more,
  })
  const overtaken = { updated: clock.seconds - 1 }
  await offboardMissed(house.world, accountId, [listed(guest), listed(leaver), listed(away, overtaken)])
  expect(await gone()).toEqual([away])
  expect([await isLeaving(leaver), await isLeaving(away)]).toEqual([false, true])
})

test('somebody whose return nobody heard of is not offboarded later', async () => {
  const workspace = await home()
  const { accountId } = workspace
  const person = await somebody()
  const request = { source: 'user-change', userId: person } as const
  const actor = { kind: 'job', id: 'slack-events' } as const
  must(await perform(house.world, actor, (act) => requestOffboarding(act, workspace, request, systemRandom)))
  expect(await isLeaving(person)).toBe(true)
  const listed = { userId: person, email: null, deleted: false, isBot: false, updated: later() }
  await offboardMissed(house.world, accountId, [listed])
  expect(await isLeaving(person)).toBe(false)
})

test('a list that was read before somebody returned offboards nobody', async () => {
  const { accountId } = await home()
  const person = await somebody()
  await hear({ id: person, deleted: true, updated: later() })
  await becomes(person, true)
  const left = clock.seconds
  await hear({ id: person, updated: later() })
  await becomes(person, false)
  const listed = { userId: person, email: null, deleted: true, isBot: false, updated: left }
  expect(await offboardMissed(house.world, accountId, [listed])).toBe(0)
  expect(await isLeaving(person)).toBe(false)
})

test('an address that an event moved to somebody else is not moved back by a list that was read before', async () => {
  const { accountId } = await home()
  const [before, now] = [await somebody(), await somebody()]
  const email = 'on-call@acme.example'
  const read = later()
  await hear({ id: before, updated: later(), profile: { email: 'other@acme.example' } })
  await hear({ id: now, updated: later(), profile: { email } })
  const whose = () => userOfEmail(house.world.db, accountId, [email])
  await expect.poll(whose).toBe(now)
  const listed = { email, deleted: false, isBot: false, updated: read }
  await offboardMissed(house.world, accountId, [{ userId: before, ...listed }])
  expect(await whose()).toBe(now)
})

test('an owner who left does not own a new workspace, and its audit names those who do', async () => {
  const { id, accountId } = await home()
  const departed = await somebody('owner')
  await house.world.db('members').where({ user_id: departed }).update({ left_at: house.world.clock.now() })
  const made = must(
    await perform(house.world, { kind: 'operator', id: 'root' }, async (act) => {
      const one = must(await addWorkspace(act, accountId, { name: 'New', policy: {} }, house.world.random))
      await inheritOwners(act, id, one.id)
      return one
    }),
  )
  expect(await house.world.db('members').where({ workspace_id: made.id }).pluck('user_id')).toEqual([
    people.owner,
  ])
  const events = await house.world.db('audit_events').where({ workspace_id: made.id, event: 'role.set' })
  expect(events.map(({ body }) => JSON.parse(body).details.user)).toEqual([people.owner])
})

test('a leaver gets no direct message, whatever is put for them', async () => {
  const leaver = await somebody()
  const { id } = await home()
  await house.world
    .db('departures')
    .insert({ workspace_id: id, user_id: leaver, left_at: house.world.clock.now() })
  const about = {
    workspaceId: id,
    source: 'quarantined',
    mode: 'once',
    subjectId: 'key_any',
    step: 'told',
  } as const
  const messages = [leaver, people.owner].map((to) => ({
    ...about,
    destination: `dm:${to}`,
    body: { name: '', hint: '' },
  }))
  const count = await house.world.db.transaction((trx) =>
    put(trx, messages, house.world.clock.now(), house.world.random),
  )
  expect(count).toBe(1)
  expect(await house.world.db('outbox').where({ destination: `dm:${leaver}`, step: 'told' })).toEqual([])
})
