import { afterAll, beforeAll, expect, test } from 'vitest'
import { revealShown } from '../../sandbox/reveal-shown.ts'
import { perform } from '../../src/acts/perform.ts'
import { isRefusal, type Refusal } from '../../src/foundation/refusal.ts'
import { activate, deactivate, revoke } from '../../src/keys/state.ts'
import { startWatching } from '../../src/leases/confirm.ts'
import type { Act } from '../../src/members/actor.ts'
import { carryOut } from '../../src/offboarding/execute.ts'
import { requestOffboarding } from '../../src/offboarding/request.ts'
import { abortRotation, finishRotation } from '../../src/rotation/end.ts'
import { startRotation } from '../../src/rotation/start.ts'
import { workOnRotations } from '../../src/rotation/work.ts'
import { join, ownedKey } from '../offboarding/leavers.ts'
import { must, openRecords, type Records } from '../setup/records.ts'
import fc from '../setup/seeded.ts'
import { Model, type ModelKey, type ModelRotation, type Step } from './model.ts'

const successor = 'U0BRUNO002'
let r: Records
let watching: { stop(): Promise<void> }
let runs = 0
beforeAll(async () => {
  r = await openRecords()
  watching = startWatching(r.world)
  await join(r.world, r.workspace.id, successor, 'manager')
})
afterAll(async () => {
  await watching.stop()
  await r.drop()
})

const place = fc.nat({ max: 3 })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      does: fc.constant('start' as const),
      key: place,
      reason: fc.constantFrom('scheduled' as const, 'scheduled' as const, 'compromised' as const),
    }),
  },
  { weight: 4, arbitrary: fc.record({ does: fc.constant('reveal' as const), key: place }) },
  { weight: 4, arbitrary: fc.record({ does: fc.constant('traffic' as const), key: place }) },
  {
    weight: 3,
    arbitrary: fc.record({ does: fc.constant('finish' as const), rotation: place, early: fc.boolean() }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ does: fc.constant('abort' as const), rotation: place, sure: fc.boolean() }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constant('later' as const),
      hours: fc.constantFrom(2, 30, 200, 400, 900),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      does: fc.constantFrom('deactivate' as const, 'activate' as const, 'revoke' as const),
      key: place,
    }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('offboard' as const) }) },
)

test('whatever happens to the keys of a rotation, in whatever order, exactly the keys live that the rules say', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 14 }), async (steps) => {
      const leaver = `U0LEAVER${++runs}`
      const actor = await join(r.world, r.workspace.id, leaver, 'manager')
      const key = await ownedKey(r.world, actor, `Key ${runs}`)
      await announce()
      const model = new Model(key, leaver, successor, r.world.clock)
      for (const one of steps) {
        const key = 'key' in one ? model.key(one.key) : undefined
        const rotation = 'rotation' in one ? model.rotation(one.rotation) : undefined
        const expected = model.expect(one)
        const happened = await happen(one, { model, leaver, key, rotation, expected })
        expect([one, happened], JSON.stringify(steps)).toEqual([one, expected])
        await workOnRotations(r.world, { withinMs: 2_000 })
        model.work()
        await agree(model, steps)
      }
    }),
    { numRuns: 40, endOnFailure: false },
  )
}, 240_000)

type About = {
  model: Model
  leaver: string
  key: ModelKey | undefined
  rotation: ModelRotation | undefined
  /** what the rules say */
  expected: boolean
}

/** Does it; whether it was done. */
async function happen(one: Step, about: About): Promise<boolean> {
  const { model, leaver, key, rotation, expected } = about
  const { world, workspace } = r
  const by = (id: string) => ({ kind: 'member', id, role: 'manager', workspaceId: workspace.id }) as const
  const run = async <T>(act: (act: Act) => Promise<T | Refusal>, id = successor) => {
    const done = await perform(world, by(id), act)
    return isRefusal(done) ? undefined : done
  }
  switch (one.does) {
    case 'start': {
      const started = await run((act) =>
        startRotation(act, workspace, key!.id, { reason: one.reason }, world.random),
      )
      if (started) model.name(started.successor.id, started.rotation.id, key!.id)
      return started !== undefined
    }
    case 'reveal': {
      const deps = { random: world.random, tokenPrefix: 'tml_', timeZone: 'UTC' }
      return (await run((act) => revealShown(act, workspace.id, key!.id, deps), key!.ownerId)) !== undefined
    }
    case 'traffic':
      return use(key!.id, model.accepts(key!))
    case 'finish':
      if (!rotation) return false
      return (
        (await run((act) => finishRotation(act, workspace.id, rotation.id, { early: one.early }))) !==
        undefined
      )
    case 'abort':
      if (!rotation) return false
      return (
        (await run((act) => abortRotation(act, workspace.id, rotation.id, { sure: one.sure }))) !== undefined
      )
    case 'later':
      r.calendar.advance({ days: 0, minutes: one.hours * 60 })
      await announce()
      return true
    case 'deactivate':
    case 'activate':
    case 'revoke': {
      const act = { deactivate, activate, revoke }[one.does]
      return (await run((a) => act(a, workspace.id, key!.id))) !== undefined
    }
    case 'offboard': {
      // Nobody leaves twice.
      if (!expected) return false
      must(
        await perform(world, { kind: 'job', id: 'scim' }, (act) =>
          requestOffboarding(
            act,
            workspace,
            { source: 'scim', userId: leaver, mode: 'rotate' },
            world.random,
          ),
        ),
      )
      await carryOut(world)
      const rows = await world
        .db('rotations')
        .where({ reason: 'leaver' })
        .whereIn(
          'predecessor_id',
          model.keys.map(({ id }) => id),
        )
      for (const row of rows) model.name(row.successor_id, row.id, row.predecessor_id)
      return true
    }
  }
}

/** A verifier's word, up to now. */
const announce = () =>
  r.world
    .db('usage_counters')
    .insert({ counter: 'cnt_test', name: 'test', flush: 1, through: r.world.clock.now(), is_closed: false })
    .onConflict('counter')
    .merge()

/** One request, as a verifier would have written it. */
async function use(keyId: string, isAccepted: boolean): Promise<boolean> {
  const now = r.world.clock.now()
  const bucket = new Date(Math.floor(now.getTime() / 300_000) * 300_000)
  await r.world.db.raw(`insert into usage_endpoints (name) values ('other') on conflict do nothing`)
  await r.world.db.raw(
    `insert into usage_buckets (key_id, bucket, endpoint_id, source, class, requests)
     select ?, ?, id, 'verify', ?, 1 from usage_endpoints where name = 'other'
     on conflict (key_id, bucket, endpoint_id, source, class) do update set requests = usage_buckets.requests + 1`,
    [keyId, bucket, isAccepted ? 2 : 4],
  )
  const row = { key_id: keyId, requests: 1, first_used_at: now, last_used_at: now }
  await r.world.db('key_usage').insert(row).onConflict('key_id').merge({ last_used_at: now })
  await announce()
  return true
}

/** The database says of every key and rotation what the model says, and what must never be is not. */
async function agree(model: Model, steps: readonly Step[]): Promise<void> {
  const { db } = r.world
  const why = JSON.stringify(steps)
  const rows = await db('keys')
    .where({ name: model.keys[0]!.name })
    .select('id', 'status', 'owner_id', 'successor_id')
  const rotations = await db('rotations')
    .whereIn(
      'predecessor_id',
      rows.map((row) => row.id),
    )
    .select('id', 'predecessor_id', 'successor_id', 'ended_at')
  const current = Object.fromEntries(
    rows.map((row) => [row.id, [row.status, row.owner_id, row.successor_id]]),
  )
  expect(current, why).toEqual(
    Object.fromEntries(
      model.keys.map((key) => [key.id, [key.status, key.ownerId, key.successor?.id ?? null]]),
    ),
  )
  expect(
    Object.fromEntries(rotations.map((row) => [row.id, [row.successor_id, row.ended_at === null]])),
    why,
  ).toEqual(Object.fromEntries(model.rotations.map((one) => [one.id, [one.next.id, one.isOpen]])))
  const { rows: twice } = await db.raw(
    `select predecessor_id from keys where status <> 'revoked' and predecessor_id = any(?) group by 1 having count(*) > 1`,
    [rows.map((row) => row.id)],
  )
  expect(twice, why).toEqual([])
  if (!model.wasEndedByHand)
    expect(rows.filter((row) => row.status !== 'revoked').length, why).toBeGreaterThan(0)
  for (const one of model.rotations.filter(({ isOpen }) => isOpen))
    expect(current[one.next.id]![0], why).not.toBe('revoked')
}
