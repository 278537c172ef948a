import { describe, expect, test } from 'vitest'
import { validView } from '../../sandbox/slack/validate/view.ts'
import type { KeyWithUsage } from '../../src/keys/key.ts'
import type { Scope } from '../../src/keys/scope.ts'
import type { Actor } from '../../src/members/actor.ts'
import { readPolicy } from '../../src/policy/policy.ts'
import type { KeySnapshot } from '../../src/rotation/key-snapshot.ts'
import { type Phase, type Rotation, reasons } from '../../src/rotation/rotation.ts'
import type { Tracker } from '../../src/rotation/tracker.ts'
import { type HomeProps, homeView } from '../../src/slack/messages/home/home.ts'
import type { KeyRequest } from '../../src/workspaces/requests.ts'
import type { Workspace } from '../../src/workspaces/workspace.ts'
import fc from '../setup/seeded.ts'

const now = new Date('2027-03-10T12:00:00Z')
const dayMs = 86_400_000
const moment = fc
  .integer({ min: -400 * 24, max: 400 * 24 })
  .map((hours) => new Date(now.getTime() + hours * 3_600_000))
const user = fc.constantFrom('U0ADA00001', 'U0BRUNO002', 'U0DANA0004')
const actorId = 'U0BRUNO002'
/** Text that people type or typed long ago: any characters, very many, or none. */
const words = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 80 }),
  fc.constantFrom('', ' ', '<!channel>', '*bold*', '\u202e', '🔑'.repeat(40), 'a'.repeat(3_500)),
)
const name = fc.oneof(
  { weight: 9, arbitrary: fc.string({ minLength: 1, maxLength: 80 }) },
  { weight: 1, arbitrary: words },
)
const hint = fc.option(fc.constantFrom('tml_Ab3d...', 'tml_zz9A...', ''))
const id = (prefix: string) => fc.uuid().map((uuid) => `${prefix}_${uuid.slice(0, 20)}`)
const scopes = fc.constantFrom<Scope[][]>(['read'], ['read', 'write'], [])
const perhaps = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null })

const key: fc.Arbitrary<KeyWithUsage> = fc.record({
  id: id('key'),
  workspaceId: fc.constant('ws_one'),
  name,
  description: words,
  integration: words,
  scopes,
  allowedNetworks: fc.constant([]),
  limitPerMinute: fc.constant(null),
  status: fc.constantFrom('unrevealed' as const, 'active' as const, 'inactive' as const),
  hint,
  ownerId: user,
  createdBy: user,
  createdAt: moment,
  revealedBy: perhaps(user),
  revealedAt: moment,
  savedAt: perhaps(moment),
  lifetimeDays: perhaps(fc.integer({ min: 1, max: 365 })),
  expiresAt: perhaps(moment),
  endsAt: perhaps(moment),
  statusChangedAt: moment,
  statusChangedBy: user,
  version: fc.constant(1),
  predecessorId: fc.constant(null),
  successorId: perhaps(id('key')),
  requests: fc.nat(),
  lastUsedAt: perhaps(moment),
  unconfirmed: fc.boolean(),
})

const snapshot: fc.Arbitrary<KeySnapshot> = fc.record({
  id: id('key'),
  name,
  hint,
  ownerId: user,
  scopes,
  lifetimeDays: perhaps(fc.integer({ min: 1, max: 365 })),
  revealedAt: perhaps(moment),
  expiresAt: perhaps(moment),
  state: fc.constantFrom('unrevealed', 'active', 'inactive', 'revoked', 'expired'),
  endsAt: perhaps(moment),
  lastUsedAt: perhaps(moment),
})

const source = fc.record({
  network: fc.constantFrom('10.0.0.0/24', '2001:db8::/48', 'unknown', ''),
  client: fc.oneof(fc.constantFrom('python-requests', ''), fc.string({ maxLength: 60 })),
  requests: fc.nat(),
  refused: fc.nat(),
  refusedScope: fc.nat(),
  firstAt: moment,
  lastAt: moment,
})

const receipt = fc.constantFrom<Rotation['receipt'][]>(
  null,
  { state: 'unknown', reason: '' },
  { state: 'pending', seq: 1, waitingFor: ['verifier-1'] },
  { state: 'confirmed', seq: 1, at: now, confirmed: ['a'], renewed: [], waitedOut: ['b'], tookMs: 9 },
)

const phase = fc.constantFrom<Phase[]>('reveal', 'switch', 'silent', 'safe', 'finished', 'aborted')

const tracker: fc.Arbitrary<Tracker> = fc
  .record({
    rotation: fc.record({
      id: id('rot'),
      workspaceId: fc.constant('ws_one'),
      predecessorId: id('key'),
      successorId: id('key'),
      campaignId: fc.constant(null),
      messageId: fc.constant(null),
      reason: fc.constantFrom(...reasons),
      startedBy: fc.oneof(user, fc.constant('job:rotation')),
      startedAt: moment,
      dueAt: moment,
      phase,
      phaseAt: moment,
      usedAt: perhaps(moment),
      cutAt: perhaps(moment),
      cutKeyId: fc.constant(null),
      receipt,
      endedAt: fc.constant(null),
      endedBy: fc.constant(null),
      because: fc.constant(''),
    }),
    phase,
    old: snapshot,
    next: snapshot,
    usedAt: perhaps(moment),
    flushedUntil: fc.option(moment, { nil: undefined }),
    silence: fc.record({
      since: moment,
      apparentMs: fc.nat(),
      provenMs: fc.option(fc.nat(), { nil: undefined }),
      neededMs: fc.nat(),
    }),
    isUsed: fc.boolean(),
    endsBeforeSwitch: fc.option(moment, { nil: undefined }),
    channel: fc.constant('security-alerts'),
    timeZone: fc.constant('Europe/Berlin'),
    hours: fc.array(fc.record({ at: moment, old: fc.nat(), next: fc.nat() }), {
      minLength: 12,
      maxLength: 12,
    }),
    day: fc.record({ old: fc.nat(), next: fc.nat(), refused: fc.nat() }),
    sources: fc.array(source, { maxLength: 9 }),
  })
  .map(({ old, next, usedAt, flushedUntil, ...rest }) => ({
    ...rest,
    facts: { old, next, usedAt, flushedUntil, now, dueAt: rest.rotation.dueAt },
  }))

const request: fc.Arbitrary<KeyRequest> = fc.record({
  id: id('req'),
  workspaceId: fc.constant('ws_one'),
  draft: fc.record({
    name,
    description: words,
    integration: words,
    scopes,
    lifetimeDays: perhaps(fc.integer({ min: 1, max: 365 })),
    allowedNetworks: fc.constant([]),
    limitPerMinute: fc.constant(null),
    ownerId: user,
  }),
  reason: words,
  requestedBy: user,
  requestedAt: moment,
  state: fc.constant('waiting'),
  decidedBy: fc.constant(null),
  decidedAt: fc.constant(null),
  decisionReason: fc.constant(null),
  closedFor: fc.constant(null),
  keyId: fc.constant(null),
  posted: fc.constant(null),
})

const workspaceOf = (index: number, called: string): Workspace => ({
  id: index === 0 ? 'ws_one' : `ws_${index}`,
  accountId: 'acc_one',
  name: called,
  policy: readPolicy({}),
})

const props: fc.Arbitrary<HomeProps> = fc
  .record({
    role: fc.constantFrom('owner' as const, 'manager' as const, 'member' as const),
    workspaces: fc.array(fc.string({ minLength: 1, maxLength: 80 }), { minLength: 1, maxLength: 120 }),
    shows: fc.constantFrom('mine' as const, 'all' as const),
    attention: fc.array(key, { maxLength: 30 }),
    offers: fc.array(key, { maxLength: 30 }),
    requests: fc.array(request, { maxLength: 30 }),
    rotations: fc.record({ trackers: fc.array(tracker, { maxLength: 30 }), more: fc.boolean() }),
    keys: fc.array(key, { maxLength: 40 }),
    more: fc.boolean(),
  })
  .map(({ role, workspaces: names, ...rest }) => {
    const workspaces = names.map((called, i) => workspaceOf(i, called))
    const actor: Actor & { kind: 'member' } = { kind: 'member', id: actorId, role, workspaceId: 'ws_one' }
    return { ...rest, now, caller: { teamId: 'T0ACME0001', actor, workspace: workspaces[0]!, workspaces } }
  })

const blocksOf = (one: HomeProps) => validView(homeView(one), 'home').blocks as object[]

describe('whatever there is to show, Home', () => {
  test('has at most a hundred blocks, and Slack takes each of them', () => {
    fc.assert(
      fc.property(props, (one) => {
        expect(blocksOf(one).length).toBeLessThanOrEqual(100)
      }),
      { numRuns: 300 },
    )
  })

  test('names every part of which something is left out, and begins and ends as ever', () => {
    fc.assert(
      fc.property(props, (one) => {
        const blocks = blocksOf(one)
        const text = JSON.stringify(blocks)
        expect(JSON.stringify(blocks[0])).toContain('go.help.home')
        expect(JSON.stringify(blocks.at(-1))).toContain('Updated')
        if (one.attention.length > 5) expect(text).toContain('/keys list attention')
        if (one.offers.length > 5) expect(text).toContain('/keys list mine')
        if (one.rotations.trackers.length > 4) expect(text).toContain('More are running')
        if (one.requests.length > 5) expect(text).toContain('More are waiting')
        if (one.keys.length > 15) expect(text).toContain('See all of them')
      }),
      { numRuns: 100 },
    )
  })
})

test('a Home of everything at its fullest keeps room for keys', () => {
  const [one] = fc.sample(props, 1)
  const many = <T>(arbitrary: fc.Arbitrary<T>, n: number) => fc.sample(arbitrary, { numRuns: n, seed: 7 })
  const full: HomeProps = {
    ...one!,
    caller: { ...one!.caller, actor: { ...one!.caller.actor, role: 'owner' } },
    attention: many(key, 30),
    offers: many(key, 30),
    requests: many(request, 30),
    rotations: {
      trackers: many(tracker, 30).map((row) => ({
        ...row,
        endsBeforeSwitch: new Date(now.getTime() + dayMs),
        facts: { ...row.facts, dueAt: now },
        rotation: { ...row.rotation, cutAt: now },
      })),
      more: true,
    },
    keys: many(key, 40).map((row, i) => ({ ...row, name: `Shown ${i}` })),
    more: true,
  }
  const blocks = blocksOf(full)
  expect(blocks.length).toBeGreaterThan(90)
  expect(blocks.length).toBeLessThanOrEqual(100)
  expect(JSON.stringify(blocks)).toContain('Shown 0')
  expect(JSON.stringify(blocks)).toContain('Shown 4')
})
