import type { Message } from 'local-slack/contract'
import { findButton, messagesIn, topModal } from 'local-slack/inspect'
import { expect, test } from 'vitest'
import { perform } from '../../src/acts/perform.ts'
import { rememberEmails } from '../../src/directory/emails.ts'
import type { Transaction } from '../../src/foundation/database.ts'
import { findMember, type Role } from '../../src/members/member.ts'
import type { Waiting } from '../../src/notifications/source.ts'
import { currentOffboarding } from '../../src/offboarding/offboarding.ts'
import { ownersNamed } from '../../src/offboarding/owner-named.ts'
import type { OffboardingRequest } from '../../src/offboarding/request.ts'
import { requestOffboarding } from '../../src/offboarding/request.ts'
import { matchWaiting, requestByEmail } from '../../src/offboarding/request-by-email.ts'
import { workspacesOfTeam } from '../../src/workspaces/workspace.ts'
import { house, people, press, said, security, setRole, submit, useHouse } from '../setup/house.ts'
import { must } from '../setup/records.ts'
import { undoNow } from '../setup/seen.ts'
import { join, keysByName, ownedKey } from './leavers.ts'

useHouse({ mode: 'http' })

const job = { kind: 'job', id: 'webhook' } as const
const home = async () => (await workspacesOfTeam(house.world.db, house.slack.teamId))[0]!
const roleOf = async (userId: string): Promise<Role | undefined> =>
  (await findMember(house.world.db, (await home()).id, userId))?.role

/** Somebody whom the local Slack knows, with a role and a key that they have seen. */
async function somebody(userId: string, role: Role): Promise<void> {
  await setRole(house, userId, role)
  const maker = { kind: 'member', id: people.owner, role: 'owner', workspaceId: (await home()).id } as const
  await ownedKey(house.world, maker, `Key of ${userId}`, { owner: userId })
}

/** As an HR system asks for it, and as a process then carries it out. */
async function named(request: Omit<OffboardingRequest, 'source'>) {
  const { world } = house
  const workspace = await home()
  return must(
    await perform(world, job, (act) =>
      requestOffboarding(
        act,
        workspace,
        { source: 'webhook', reference: 'con_hr', ...request },
        world.random,
      ),
    ),
  )
}

const told = (words: RegExp): Promise<Message> =>
  house
    .as('owner')
    .waitFor((screen) =>
      messagesIn(screen, house.slack.dmOf(people.owner).id).findLast((one) => words.test(said(one))),
    )
const reported = (words: RegExp): Promise<Message> =>
  house.as('owner').waitFor((screen) => messagesIn(screen, security).findLast((one) => words.test(said(one))))

test('an owner whom a system names keeps their role until another owner presses Offboard and sees the preview', async () => {
  await somebody(people.otherManager, 'owner')
  await named({ userId: people.otherManager, mode: 'revoke', successorId: people.manager })
  const asked = await told(/U0CHIDI003, an owner of Platform, is named as leaving, through the webhook\./)
  expect(said(asked)).toContain('Their role stays until an owner decides.')
  await told(/is named as leaving, through the webhook\. Their keys: 1 refused\. Their role stays/)
  const report = await reported(/Offboarded U0CHIDI003/)
  expect(said(report)).toContain('Ignored: the webhook asked to revoke all. I deactivate all.')
  expect(said(report)).toContain('Ignored: the webhook named U0BRUNO002 to take over.')
  expect(await roleOf(people.otherManager)).toBe('owner')

  await press(house.as('owner'), asked, 'Offboard…')
  const form = await house.as('owner').waitFor((screen) => {
    const top = topModal(screen)
    return top?.submit && /is being offboarded already/.test(said(top.blocks)) ? top : undefined
  })
  expect(said(form.blocks)).toMatch(/Their role in Platform ends too\./)
  await submit(house.as('owner'), form, {})
  const decided = await told(/U0ADA00001 offboarded U0CHIDI003 on .*Their role in Platform has ended\./)
  expect(decided.ts).toBe(asked.ts)
  expect(findButton(decided.blocks, 'Offboard…')).toBeUndefined()
  expect(await roleOf(people.otherManager)).toBeUndefined()
})

/** The question to the other owners as it is after `change`, which is taken back. */
async function readAfter(change: (trx: Transaction, id: string) => Promise<unknown>) {
  const trx = await house.world.db.transaction()
  try {
    const reopened = trx('offboardings').where({ user_id: people.otherManager })
    const [row] = await reopened
      .update({ state: 'requested', done_at: null })
      .returning(['id', 'workspace_id'])
    await change(trx, row.id)
    const subjectId = `${row.id}/${row.workspace_id}`
    return (await ownersNamed.read(trx, [{ subjectId } as Waiting], house.world.clock.now()))[0]
  } finally {
    await trx.rollback()
  }
}

test('an owner’s role is said to be ending until it has ended in that workspace, and to have ended although the offboarding is reopened', async () => {
  const returned = (trx: Transaction) => trx('departures').where({ user_id: people.otherManager }).delete()
  expect(await readAfter(returned)).toMatchObject({
    live: { content: { outcome: 'role-ends' }, isOver: false },
  })
  expect(await readAfter(async () => undefined)).toMatchObject({
    live: { content: { outcome: 'role-ended', by: people.owner }, isOver: true },
  })
})

test('where several people asked for an offboarding, none is said to have ended the role', async () => {
  const another = (trx: Transaction, id: string) =>
    trx('offboarding_requests').insert({
      ...{ offboarding_id: id, source: 'slack', reference: people.manager, requested_by: people.manager },
      requested_at: house.world.clock.now(),
    })
  expect(await readAfter(another)).toMatchObject({ live: { content: { outcome: 'role-ended', by: null } } })
})

test('an owner who says Not so undoes it: the keys work again, the role was never touched, and the question ends', async () => {
  await somebody(people.otherMember, 'owner')
  await named({ userId: people.otherMember })
  const asked = await told(/U0EMRE0005, an owner of Platform, is named as leaving/)
  await reported(/Offboarded U0EMRE0005/)
  expect((await keysByName(house.world))['Key of U0EMRE0005']!.status).toBe('inactive')
  await press(house.as('owner'), asked, 'Not so')
  await undoNow(house.as('owner'), 'Key of U0EMRE0005')
  expect((await told(/The offboarding of U0EMRE0005 was undone/)).ts).toBe(asked.ts)
  expect((await keysByName(house.world))['Key of U0EMRE0005']!.status).toBe('active')
  expect(await roleOf(people.otherMember)).toBe('owner')
  expect(await currentOffboarding(house.world.db, (await home()).accountId, people.otherMember)).toBe(
    undefined,
  )
})

test('the report names a workspace where the named successor takes over nothing, and a mode beyond policy', async () => {
  await somebody('U0FARAH006', 'member')
  await named({ userId: 'U0FARAH006', mode: 'rotate', successorId: people.member })
  const report = said(await reported(/Offboarded U0FARAH006/))
  expect(report).toContain('Ignored: the webhook asked to rotate all. I deactivate all.')
  expect(report).toContain('U0DANA0004 takes over nothing in Platform: they are not in charge there.')
})

test('an owner whom a system named by an address that nobody had yet keeps their role too', async () => {
  const { world } = house
  const workspace = await home()
  const email = 'later@acme.example'
  await join(world, workspace.id, 'U0LATER001', 'owner')
  const request = {
    source: 'webhook' as const,
    reference: 'con_hr',
    emails: [email],
    successorId: people.manager,
  }
  const waiting = must(
    await perform(world, job, (act) => requestByEmail(act, workspace, request, world.random)),
  )
  expect(waiting.state).toBe('unmatched')
  await world.db('offboardings').where({ id: waiting.id }).update({ mode: 'revoke' })
  await rememberEmails(world.db, workspace.accountId, [{ userId: 'U0LATER001', email }], world.clock.now())
  must(await perform(world, job, (act) => matchWaiting(act, workspace, world.random)))
  const going = await currentOffboarding(world.db, workspace.accountId, 'U0LATER001')
  expect(going).toMatchObject({ mode: 'deactivate', successorId: null, keepsRoleIn: [workspace.id] })
  await told(/U0LATER001, an owner of Platform, is named as leaving/)
  expect(await roleOf('U0LATER001')).toBe('owner')
  const [asked] = await world.db('offboarding_requests').where({ offboarding_id: waiting.id })
  expect(asked).toMatchObject({ ignored_mode: 'revoke', ignored_successor: people.manager })
})
