import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { readAlerts } from '../../src/alerts/finding-source.ts'
import { deadKeyInUse } from '../../src/findings/dead-key-in-use.ts'
import { expiring } from '../../src/findings/expiring.ts'
import type { Question } from '../../src/findings/finding.ts'
import { idle } from '../../src/findings/idle.ts'
import { offboardingLate } from '../../src/findings/offboarding-late.ts'
import { orphaned } from '../../src/findings/orphaned.ts'
import { reconcileEverywhere } from '../../src/findings/reconcile-all.ts'
import { rotationDue } from '../../src/findings/rotation-due.ts'
import { sharedKey } from '../../src/findings/shared-key.ts'
import { unconfirmed } from '../../src/findings/unconfirmed.ts'
import { unusualUse } from '../../src/findings/unusual-use.ts'
import { writeWithoutExpiry } from '../../src/findings/write-without-expiry.ts'
import { plain } from '../../src/foundation/words.ts'
import { edit } from '../../src/keys/edit.ts'
import { confirmNeeded } from '../../src/keys/needed.ts'
import { rotate } from '../../src/keys/rotate.ts'
import { activate, deactivate, revoke } from '../../src/keys/state.ts'
import { keyColumns, toKey } from '../../src/keys/store.ts'
import type { Act } from '../../src/members/actor.ts'
import { applyPresence } from '../../src/offboarding/presence.ts'
import { readPolicy } from '../../src/policy/policy.ts'
import { beginReview } from '../../src/reviews/begin.ts'
import { outcome } from '../../src/slack/messages/alerts/words.ts'
import { setPolicy } from '../../src/workspaces/policy.ts'
import { type Planted, plant } from '../setup/plant.ts'
import { openRecords, type Records } from '../setup/records.ts'

const chidi = 'U0CHIDI003'
const ada = 'U0ADA00001'
let r: Records
beforeAll(async () => {
  r = await openRecords()
})
afterAll(() => r.drop())
beforeEach(async () => {
  const { db } = r.world
  await db.raw('truncate outbox, anomaly_episodes, usage_sources, usage_spread, review_keys, reviews cascade')
  await db('findings').delete()
  await db('keys').update({ status: 'revoked' })
  await db('workspaces').update({ policy: {} })
})

const now = () => r.world.clock.now()
const ago = (days: number) => new Date(now().getTime() - days * 86_400_000)
const later = (time: { days?: number; minutes?: number }) =>
  r.calendar.advance({ days: 0, minutes: 0, ...time })

/** A key that Chidi revealed long ago and, if it had a status since, was the last to change. */
async function key(more: Partial<Planted> = {}): Promise<string> {
  const [id] = await plant(r.world, r.workspace.id, [
    { name: 'Zendesk Sync', ownerId: chidi, revealedAt: ago(80), ...more },
  ])
  return id!
}

/** The resolution of the one finding of that kind, once its question is asked again. */
async function endOf(question: Question) {
  await reconcileEverywhere(r.world, question)
  const rows = await r.world.db('findings').where({ kind: question.kind })
  expect(rows).toHaveLength(1)
  expect(rows[0].resolved_at).not.toBeNull()
  const alert = (await readAlerts(r.world.db, [rows[0].id], now())).get(rows[0].id)
  const at = new Date(rows[0].resolution.at).toISOString()
  return { ...rows[0].resolution, at, words: plain(outcome(alert!)) }
}

async function opened(question: Question): Promise<void> {
  await reconcileEverywhere(r.world, question)
  expect(await r.world.db('findings').where({ kind: question.kind }).whereNull('resolved_at')).toHaveLength(1)
  later({ days: 1 })
}

/** Chidi, a manager, does that now; the jobs see it a quarter of an hour later. Returns when it was done. */
async function byChidi(work: (act: Act) => Promise<unknown>): Promise<string> {
  const actor = { kind: 'member', id: chidi, role: 'manager', workspaceId: r.workspace.id } as const
  let at = ''
  await r.act(async (act) => {
    at = act.now.toISOString()
    return (await work(act)) as object
  }, actor)
  later({ minutes: 15 })
  return at
}

const policy = (policy: Record<string, unknown>) =>
  r.act((act) => setPolicy(act, r.workspace.id, { ...readPolicy({}), ...policy }))

const nobody = { by: null, words: expect.not.stringMatching(/U0|changed by/) }

test('what a change of policy ended is put on nobody, least of all on who changed the key last', async () => {
  await key()
  await opened(rotationDue)
  await policy({ rotationPeriodDays: 365 })
  const ended = await endOf(rotationDue)
  expect(ended).toMatchObject({ what: 'policy', ...nobody })
  expect(ended.words).toContain('Zendesk Sync no longer falls under the policy. Closed on')
})

test('an idle key that the policy no longer calls idle is not in use again', async () => {
  const id = await key()
  await use(id, ago(79))
  await opened(idle)
  await policy({ idleDays: 365 })
  expect(await endOf(idle)).toMatchObject({ what: 'policy', ...nobody })
})

const use = (id: string, at: Date) =>
  r.world.db('key_usage').insert({ key_id: id, requests: 1, first_used_at: at, last_used_at: at })

test('an idle key that is used again says so', async () => {
  const id = await key()
  await opened(idle)
  await use(id, now())
  expect(await endOf(idle)).toMatchObject({ what: 'used', ...nobody })
})

test('an idle key that ends is not in use again', async () => {
  const expiresAt = new Date(now().getTime() + 3_600_000)
  await key({ expiresAt })
  await opened(idle)
  expect(await endOf(idle)).toMatchObject({ what: 'over', at: expiresAt.toISOString(), ...nobody })
})

test('an idle key that somebody paused and resumed is not in use again', async () => {
  const id = await key({ ownerId: ada })
  await opened(idle)
  await r.act((act) => deactivate(act, r.workspace.id, id))
  const at = await byChidi((act) => activate(act, r.workspace.id, id))
  expect(await endOf(idle)).toMatchObject({ what: 'activated', by: chidi, at })
})

test('sharing that the policy no longer calls so has not stopped', async () => {
  const id = await key()
  const hour = new Date(Math.floor(now().getTime() / 3_600_000) * 3_600_000)
  for (const n of [1, 2, 3, 4]) {
    const source = { key_id: id, hour, network: `${50 + n}.1.1.0/24`, client: `client-${n}` }
    await r.world
      .db('usage_sources')
      .insert({ ...source, requests: 5, refused: 0, refused_scope: 0, last_at: hour })
  }
  await r.world.db('usage_spread').insert({ key_id: id, hour }).onConflict().ignore()
  await reconcileEverywhere(r.world, sharedKey)
  await policy({ sharedKeySystems: 10 })
  expect(await endOf(sharedKey)).toMatchObject({ what: 'policy', ...nobody })
})

test.each([
  ['revoked', (act: Act, id: string) => revoke(act, r.workspace.id, id)],
  ['deactivated', (act: Act, id: string) => deactivate(act, r.workspace.id, id)],
  ['rotated', (act: Act, id: string) => rotate(act, r.workspace.id, id, {}, r.world.random)],
])('a key that somebody %s names them, with the time at which they did it', async (what, work) => {
  const id = await key({ ownerId: ada })
  await opened(rotationDue)
  const at = await byChidi((act) => work(act, id))
  const ended = await endOf(rotationDue)
  expect(ended).toMatchObject({ what, by: chidi, at })
  expect(ended.words).toContain(chidi)
})

test('who said that a key is still needed is named, with the time', async () => {
  const id = await key({ ownerId: ada })
  await opened(idle)
  const at = await byChidi((act) => confirmNeeded(act, r.workspace.id, [id]))
  expect(await endOf(idle)).toMatchObject({ what: 'needed', by: chidi, at })
})

test('who gave a key to another owner is named, with the time', async () => {
  const leaver = 'U0LEAVER01'
  const id = await key({ ownerId: leaver })
  await r.act((act) =>
    applyPresence(act, r.workspace.accountId, [r.workspace.id], { id: leaver, isOut: true }),
  )
  await opened(orphaned)
  const found = toKey(await r.world.db('keys').where({ id }).first(keyColumns))
  const at = await byChidi((act) => edit(act, r.workspace.id, id, { ...found, ownerId: ada }, found.version))
  const renamed = { ...found, ownerId: ada, name: 'Renamed since' }
  await r.act((act) => edit(act, r.workspace.id, id, renamed, found.version + 1))
  expect(await endOf(orphaned)).toMatchObject({ what: 'handed-over', by: chidi, at })
})

test('an owner who is back has given the key to nobody', async () => {
  const leaver = 'U0LEAVER02'
  await key({ ownerId: leaver })
  await r.act((act) =>
    applyPresence(act, r.workspace.accountId, [r.workspace.id], { id: leaver, isOut: true }),
  )
  await opened(orphaned)
  await r.act((act) =>
    applyPresence(act, r.workspace.accountId, [r.workspace.id], { id: leaver, isOut: false }),
  )
  expect(await endOf(orphaned)).toMatchObject({ what: 'returned', ...nobody })
})

test('a key that ended by itself is put on nobody', async () => {
  const expiresAt = new Date(now().getTime() + 3_600_000)
  await key({ expiresAt, lifetimeDays: 90 })
  await opened(expiring)
  later({ days: 31 })
  expect(await endOf(expiring)).toMatchObject({ what: 'over', at: expiresAt.toISOString(), ...nobody })
})

test('a key without an end that is rotated names who did it', async () => {
  const id = await key({ scopes: ['write'], ownerId: ada })
  await opened(writeWithoutExpiry)
  const at = await byChidi((act) => rotate(act, r.workspace.id, id, { lifetimeDays: 90 }, r.world.random))
  expect(await endOf(writeWithoutExpiry)).toMatchObject({ what: 'rotated', by: chidi, at })
})

test('a review that is over without another is put on nobody', async () => {
  await key()
  await r.act((act) => beginReview(act, r.workspace, r.world.random))
  later({ days: 15 })
  await opened(unconfirmed)
  await r.world.db('reviews').update({ ended_at: now() })
  expect(await endOf(unconfirmed)).toMatchObject({ what: 'renewed', ...nobody })
})

test('an old key whose grace is over and that fell silent was activated by nobody', async () => {
  const id = await key()
  await r.world
    .db('keys')
    .where({ id })
    .update({ ends_at: ago(1) })
  const hour = new Date(Math.floor(now().getTime() / 3_600_000) * 3_600_000)
  await r.world.db('usage_sources').insert({
    ...{ key_id: id, hour, network: '203.0.113.0/24', client: 'curl', last_at: now() },
    ...{ requests: 5, refused: 5, refused_scope: 0 },
  })
  await reconcileEverywhere(r.world, deadKeyInUse)
  later({ days: 2 })
  expect(await endOf(deadKeyInUse)).toMatchObject({ what: 'silent', ...nobody })
})

test('a paused key that is presented and then activated names who did it, with the time', async () => {
  const id = await key({ ownerId: ada })
  await r.act((act) => deactivate(act, r.workspace.id, id))
  later({ minutes: 60 })
  const hour = new Date(Math.floor(now().getTime() / 3_600_000) * 3_600_000)
  await r.world.db('usage_sources').insert({
    ...{ key_id: id, hour, network: '203.0.113.0/24', client: 'curl', last_at: now() },
    ...{ requests: 5, refused: 5, refused_scope: 0 },
  })
  await reconcileEverywhere(r.world, deadKeyInUse)
  const at = await byChidi((act) => activate(act, r.workspace.id, id))
  expect(await endOf(deadKeyInUse)).toMatchObject({ what: 'activated', by: chidi, at })
})

const episode = (id: string) =>
  r.world.db('anomaly_episodes').insert({
    ...{ key_id: id, workspace_id: r.workspace.id, reason: 'spike', severity: 'warning' },
    ...{ facts: { at: now().toISOString(), severity: 'warning' } },
    ...{ began_at: now(), declared_at: now(), strange_at: now() },
  })

test('unusual use of an old key whose grace ends then is put on nobody', async () => {
  const id = await key()
  await episode(id)
  const endsAt = new Date(now().getTime() + 3_600_000)
  await r.world.db('keys').where({ id }).update({ ends_at: endsAt })
  await opened(unusualUse)
  expect(await endOf(unusualUse)).toMatchObject({ what: 'over', at: endsAt.toISOString(), ...nobody })
})

test('a key in quarantine that ends there was deactivated by nobody then', async () => {
  const id = await key()
  await episode(id)
  await reconcileEverywhere(r.world, unusualUse)
  await byChidi((act) => deactivate(act, r.workspace.id, id))
  const endsAt = new Date(now().getTime() + 3_600_000)
  await r.world.db('keys').where({ id }).update({ ends_at: endsAt })
  await opened(unusualUse)
  expect(await endOf(unusualUse)).toMatchObject({ what: 'over', at: endsAt.toISOString(), ...nobody })
})

test('who ended a quarantine is named, with the time at which they did it', async () => {
  const id = await key({ ownerId: ada })
  await episode(id)
  await reconcileEverywhere(r.world, unusualUse)
  await r.act((act) => deactivate(act, r.workspace.id, id))
  await opened(unusualUse)
  const at = await byChidi((act) => activate(act, r.workspace.id, id))
  expect(await endOf(unusualUse)).toMatchObject({ what: 'activated', by: chidi, at })
})

test('an offboarding that is no longer late is put on nobody who had to do with the key before', async () => {
  const leaver = 'U0LEAVER03'
  const id = await key({ ownerId: leaver })
  await r.world.db('keys').where({ id }).update({ status: 'inactive', status_changed_by: chidi })
  await r.world.db('offboardings').insert({
    ...{ id: 'off_late', account_id: r.workspace.accountId, workspace_id: r.workspace.id, user_id: leaver },
    ...{ mode: 'deactivate', state: 'confirming', requested_by: ada, requested_at: ago(1) },
    ...{ begun_at: ago(1), due_at: ago(1) },
  })
  await opened(offboardingLate)
  await r.world.db('offboardings').update({ state: 'done', done_at: now() })
  expect(await endOf(offboardingLate)).toMatchObject({ what: 'renewed', ...nobody })
})
