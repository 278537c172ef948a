import { afterEach, beforeEach, expect, test } from 'vitest'
import { perform } from '../../src/acts/perform.ts'
import { systemRandom } from '../../src/foundation/random.ts'
import { isRefusal } from '../../src/foundation/refusal.ts'
import { deactivate } from '../../src/keys/state.ts'
import type { Act } from '../../src/members/actor.ts'
import { inCharge, type Role } from '../../src/members/member.ts'
import { applyPresence } from '../../src/offboarding/presence.ts'
import { carryOutCampaigns, startCampaign } from '../../src/rotation/campaign.ts'
import { setGroupRole, setRole } from '../../src/workspaces/roles.ts'
import { join, ownedKey } from '../offboarding/leavers.ts'
import { must, openRecords, type Records } from '../setup/records.ts'

let r: Records
beforeEach(async () => {
  r = await openRecords()
})
afterEach(() => r.drop())

const trials = 30
const [ada, chidi, farah, bruno] = ['U0ADA00001', 'U0CHIDI003', 'U0FARAH006', 'U0BRUNO002'] as const
const changesRoles = { changesRoles: true }
const job = { kind: 'job', id: 'slack-events' } as const

const as = (id: string, role: Role) => ({ kind: 'member', id, role, workspaceId: r.workspace.id }) as const

/** A change of a role, by somebody who was an owner when they were looked up. */
const change = (by: string, of: string, role: Role) =>
  perform(r.world, as(by, 'owner'), (act) => setRole(act, r.workspace.id, of, role), changesRoles)

/** A moment in the middle of an act, which others can wait for and end. */
function gate() {
  let reach = () => {}
  let open = () => {}
  const reached = new Promise<void>((resolve) => {
    reach = resolve
  })
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  const wait = () => {
    reach()
    return opened
  }
  return { reached, open: () => open(), wait }
}

test('owners who demote each other at the same moment leave one owner, every time', async () => {
  for (let trial = 0; trial < trials; trial++) {
    await join(r.world, r.workspace.id, ada, 'owner')
    await join(r.world, r.workspace.id, chidi, 'owner')
    const done = await Promise.all([change(ada, chidi, 'member'), change(chidi, ada, 'member')])
    const refused = done.flatMap((one) => (isRefusal(one) ? [one.code] : []))
    expect([await inCharge(r.world.db, r.workspace.id, ['owner']), refused]).toEqual([
      [expect.any(String)],
      ['forbidden'],
    ])
  }
})

test('of three owners who demote each other in a ring, whoever lost their role first changes nothing', async () => {
  const ring = [ada, chidi, farah]
  for (let trial = 0; trial < trials; trial++) {
    for (const owner of ring) await join(r.world, r.workspace.id, owner, 'owner')
    const done = await Promise.all(ring.map((by, at) => change(by, ring[(at + 1) % 3]!, 'member')))
    const left = await inCharge(r.world.db, r.workspace.id, ['owner'])
    expect(left.length).toBe(3 - done.filter((one) => !isRefusal(one)).length)
    expect(left.length).toBeGreaterThan(0)
  }
})

test('owners through one user group who take its role away at the same moment do not block each other', async () => {
  const { id } = r.workspace
  await r.act((act) => setGroupRole(act, id, 'S0OWNERS01', 'owner', [chidi, farah]))
  const take = (by: string) =>
    perform(r.world, as(by, 'owner'), (act) => setGroupRole(act, id, 'S0OWNERS01', null, []), changesRoles)
  const done = await Promise.all([take(chidi), take(farah)])
  expect(done.map((one) => (isRefusal(one) ? one.code : 'done')).sort()).toEqual(['done', 'not_a_member'])
})

test('an act has the role that its actor has in it, not the one that was looked up', async () => {
  await join(r.world, r.workspace.id, bruno, 'manager')
  const key = await ownedKey(r.world, as(bruno, 'manager'), 'Sync')
  must(await change(ada, bruno, 'member'))
  const late = (act: Act) => deactivate(act, r.workspace.id, key.id, '')
  expect(await perform(r.world, as(bruno, 'manager'), late)).toMatchObject({ code: 'forbidden' })
  await r.act(
    (act) => applyPresence(act, r.workspace.accountId, [r.workspace.id], { id: bruno, isOut: true }),
    job,
  )
  expect(await perform(r.world, as(bruno, 'manager'), late)).toMatchObject({ code: 'not_a_member' })
  const [recorded] = await r.world.db('audit_events').where({ actor_id: bruno }).orderBy('seq', 'desc')
  expect(JSON.parse(recorded.body).actor).toEqual({ kind: 'member', id: bruno, role: 'member' })
})

test('a role cannot be taken away in the middle of an act, and neither waits for ever', async () => {
  const maker = await join(r.world, r.workspace.id, bruno, 'manager')
  const key = await ownedKey(r.world, maker, 'Sync')
  const order: string[] = []
  const { reached, open, wait } = gate()
  const acting = perform(r.world, maker, async (act) => {
    await wait()
    const done = await deactivate(act, r.workspace.id, key.id, '')
    order.push('acted')
    return done
  })
  await reached
  const demoting = change(ada, bruno, 'member').then((done) => {
    order.push('demoted')
    return done
  })
  // The demotion holds the workspace now, and waits for the act.
  await expect.poll(() => waiting()).toBe(1)
  open()
  expect([isRefusal(await acting), isRefusal(await demoting)]).toEqual([false, false])
  expect(order).toEqual(['acted', 'demoted'])
})

const waiting = async () => {
  const { rows } = await r.world.db.raw(
    `select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  )
  return rows[0].n
}

test('making keys while roles change ends without a deadlock', async () => {
  await join(r.world, r.workspace.id, chidi, 'owner')
  for (let trial = 0; trial < trials / 3; trial++) {
    const maker = await join(r.world, r.workspace.id, bruno, 'manager')
    const done = await Promise.allSettled([
      ownedKey(r.world, maker, `Key ${trial}`, { waits: true }),
      change(ada, bruno, 'member'),
      change(chidi, bruno, 'manager'),
      r.act(
        (act) => applyPresence(act, r.workspace.accountId, [r.workspace.id], { id: bruno, isOut: true }),
        job,
      ),
    ])
    const failed = done.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []))
    expect(failed.filter((why) => !/^Error: refused: /.test(why))).toEqual([])
  }
})

test('a campaign goes on only while whoever began it may rotate keys', async () => {
  const starter = await join(r.world, r.workspace.id, bruno, 'manager')
  await ownedKey(r.world, as(ada, 'owner'), 'Sync')
  const wanted = { which: { of: 'owner', ownerId: ada }, reason: 'scheduled' } as const
  must(await perform(r.world, starter, (act) => startCampaign(act, r.workspace, wanted, systemRandom)))
  must(await change(ada, bruno, 'member'))
  await carryOutCampaigns(r.world)
  expect(await r.world.db('rotation_campaign_keys').select('outcome', 'why')).toEqual([
    { outcome: 'skipped', why: expect.stringContaining('Only managers and owners rotate keys.') },
  ])
  expect(await r.world.db('keys').count('id as n').first()).toEqual({ n: 1 })
})
