import type { Alert, FindingAction, Group, Notice, Step } from '../../../src/alerts/alert.ts'
import { reasons as useReasons } from '../../../src/anomaly/detector/reason.ts'
import type { Expectation } from '../../../src/anomaly/expectations.ts'
import type { UseFacts } from '../../../src/anomaly/facts.ts'
import type { Fleet } from '../../../src/anomaly/fleet-message.ts'
import { events } from '../../../src/audit/events.ts'
import type { RecordedEvent } from '../../../src/audit/list.ts'
import type { Fault } from '../../../src/canary/fault.ts'
import type { UsagePicture } from '../../../src/charts/chart.ts'
import type { Connection } from '../../../src/directory/connections.ts'
import type { Digest } from '../../../src/findings/digest.ts'
import type { DryRun } from '../../../src/findings/dry-run.ts'
import type { Kind, Resolution } from '../../../src/findings/finding.ts'
import type { LeakedFacts } from '../../../src/findings/leaked.ts'
import type { AboutFinding } from '../../../src/findings/store.ts'
import { filters as inboxFilters } from '../../../src/inbox/branches.ts'
import type { Edge, InboxCount } from '../../../src/inbox/inbox.ts'
import type { Item } from '../../../src/inbox/items.ts'
import type { Holder } from '../../../src/keys/holders.ts'
import type { Key, KeyWithUsage } from '../../../src/keys/key.ts'
import type { Relative } from '../../../src/keys/lineage.ts'
import type { Offer } from '../../../src/keys/offers.ts'
import type { Page } from '../../../src/keys/page.ts'
import { scopes as allScopes, type Scope } from '../../../src/keys/scope.ts'
import type { Receipt } from '../../../src/leases/confirm.ts'
import type { Actor } from '../../../src/members/actor.ts'
import type { FailedMessage } from '../../../src/notifications/failed.ts'
import type { LeaverKey, Offboarding } from '../../../src/offboarding/offboarding.ts'
import type { OwnerNamed } from '../../../src/offboarding/owner-named.ts'
import type { Preview } from '../../../src/offboarding/preview.ts'
import type { OffboardingReport } from '../../../src/offboarding/report.ts'
import type { Undone } from '../../../src/offboarding/undo.ts'
import { type Policy, readPolicy } from '../../../src/policy/policy.ts'
import type { Asked } from '../../../src/reviews/keys-asked.ts'
import type { ReviewProgress } from '../../../src/reviews/progress.ts'
import type { KeyRotation } from '../../../src/rotation/key-rotations.ts'
import type { KeySnapshot } from '../../../src/rotation/key-snapshot.ts'
import { type Phase, type Rotation, reasons } from '../../../src/rotation/rotation.ts'
import type { RotationNote } from '../../../src/rotation/source.ts'
import type { CampaignView, Tracker } from '../../../src/rotation/tracker.ts'
import type { Caller } from '../../../src/slack/caller.ts'
import { type HomeProps, shownOnHome } from '../../../src/slack/messages/home/home.ts'
import type { InboxTurn } from '../../../src/slack/messages/home/inbox.ts'
import type { Overview } from '../../../src/slack/messages/usage/overview.ts'
import type { Panel } from '../../../src/slack/messages/usage/panel.ts'
import { ranges } from '../../../src/usage/range.ts'
import { codes as verdicts } from '../../../src/verification/decide.ts'
import type { KeyRequest } from '../../../src/workspaces/requests.ts'
import type { Workspace } from '../../../src/workspaces/workspace.ts'
import fc from '../../setup/seeded.ts'
import {
  channel,
  client,
  count,
  hint,
  id,
  jobOrUser,
  many,
  maybe,
  moment,
  name,
  network,
  now,
  perhaps,
  timeZone,
  user,
  words,
} from './words.ts'

export const scopes: fc.Arbitrary<Scope[]> = fc.subarray([...allScopes])
const lifetime = perhaps(fc.integer({ min: 1, max: 3_650 }))
const iso = moment.map((at) => at.toISOString())

const policy: fc.Arbitrary<Policy> = fc
  .record({
    timeZone,
    alertChannel: channel,
    auditChannel: fc.oneof(fc.constant(''), channel),
    mustExpire: fc.constantFrom('all', 'write', 'none'),
    writeNeedsApproval: fc.boolean(),
    maximumLifetimeDays: fc.constantFrom(0, 1, 29, 30, 365, 3650),
    rotationDeadlineDays: fc.integer({ min: 1, max: 90 }),
    idleKeys: fc.constantFrom('flag', 'deactivate'),
    cutAtDeadline: fc.boolean(),
    reviewIntervalDays: fc.constantFrom(0, 90),
    offboardingMode: fc.constantFrom('by-use', 'revoke', 'deactivate', 'rotate'),
    offboardingByWorkflow: fc.boolean(),
  })
  .map(readPolicy)

/** The workspace of most things here, so that rights on them matter. */
export const workspace: fc.Arbitrary<Workspace> = fc.record({
  id: fc.constant('ws_one'),
  accountId: id('acc'),
  name,
  policy,
})

export const member: fc.Arbitrary<Actor & { kind: 'member' }> = fc.record({
  kind: fc.constant('member' as const),
  id: user,
  role: fc.constantFrom('owner' as const, 'manager' as const, 'member' as const),
  workspaceId: fc.constant('ws_one'),
})
export const caller: fc.Arbitrary<Caller> = fc
  .tuple(member, fc.tuple(workspace, many(workspace, 120)))
  .map(([actor, [first, others]]) => ({
    teamId: 'T0ACME0001',
    actor,
    workspace: first,
    workspaces: unique([first, ...others], (one) => one.id),
  }))

/** Ids are unique in what the database answers with. */
const unique = <T extends object>(all: readonly T[], idOf: (one: T) => string): T[] => {
  const seen = new Map<string, number>()
  return all.map((one) => {
    const nth = (seen.get(idOf(one)) ?? 0) + 1
    seen.set(idOf(one), nth)
    if (nth === 1) return one
    const other = `${idOf(one).slice(0, -4)}${(nth + 0x1000).toString(16)}`
    return JSON.parse(JSON.stringify(one).replaceAll(idOf(one), other), revived) as T
  })
}
const revived = (_name: string, value: unknown) =>
  typeof value === 'string' && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) ? new Date(value) : value

export const key: fc.Arbitrary<KeyWithUsage> = fc.record({
  id: id('key'),
  workspaceId: fc.constant('ws_one'),
  name,
  description: words,
  integration: name,
  scopes,
  allowedNetworks: many(network, 50),
  limitPerMinute: perhaps(fc.integer({ min: 1, max: 1_000_000 })),
  status: fc.constantFrom('unrevealed' as const, 'active' as const, 'inactive' as const, 'revoked' as const),
  hint: perhaps(hint),
  ownerId: user,
  createdBy: user,
  createdAt: moment,
  revealedBy: perhaps(user),
  revealedAt: moment,
  savedAt: moment,
  lifetimeDays: lifetime,
  expiresAt: perhaps(moment),
  endsAt: perhaps(moment),
  statusChangedAt: moment,
  statusChangedBy: user,
  version: fc.nat(),
  predecessorId: perhaps(id('key')),
  successorId: perhaps(id('key')),
  requests: count,
  lastUsedAt: perhaps(moment),
  unconfirmed: fc.boolean(),
})
export const keys = (max: number) => many(key, max).map((all) => unique(all, (one) => one.id))

export const holders: fc.Arbitrary<Holder[]> = many(
  fc.record({ userId: user, since: moment, addedBy: jobOrUser, why: words }),
  40,
)
export const last24h = fc.record({ requests: count, networks: many(network, 200) })
export const receipt: fc.Arbitrary<Receipt> = fc.constantFrom<Receipt[]>(
  { state: 'unknown', reason: '' },
  { state: 'unknown', reason: 'the database does not have the change', why: 'lost' },
  { state: 'pending', seq: 1, waitingFor: ['verifier-1'] },
  { state: 'pending', seq: 1, waitingFor: Array(40).fill('host.example.com:12345') },
  { state: 'confirmed', seq: 1, at: now, confirmed: ['a'], renewed: [], waitedOut: ['b'], tookMs: 9 },
  { state: 'confirmed', seq: null, at: null, confirmed: [], renewed: [], waitedOut: [], tookMs: 4_200 },
)
export const relatives: fc.Arbitrary<Relative[]> = many(
  fc.record({
    id: id('key'),
    hint: perhaps(hint),
    status: fc.constantFrom(
      'unrevealed' as const,
      'active' as const,
      'inactive' as const,
      'revoked' as const,
    ),
    revealedAt: perhaps(moment),
    statusChangedAt: moment,
  }),
  10,
)
const window = fc.record({
  dayOfMonth: fc.integer({ min: 1, max: 31 }),
  fromMinute: fc.integer({ min: 0, max: 1_439 }),
  untilMinute: fc.integer({ min: 0, max: 1_439 }),
})

export { window as monthlyWindow }

const saidOf = {
  id: id('exp'),
  keyId: id('key'),
  reason: fc.constantFrom(...useReasons, 'person' as const),
  declaredBy: user,
  declaredAt: moment,
}
export const expectations: fc.Arbitrary<Expectation[]> = many<Expectation>(
  fc.oneof(
    fc.record({ ...saidOf, kind: fc.constant('once' as const), from: moment, until: moment }),
    fc.record({ ...saidOf, kind: fc.constant('monthly' as const), window }),
    fc.record({ ...saidOf, kind: fc.constant('new-normal' as const), from: moment }),
  ),
  50,
)

export const page: fc.Arbitrary<Page> = fc
  .tuple(keys(10), fc.nat({ max: 6_000 }), fc.nat({ max: 6_000 }), fc.boolean())
  .map(([all, total, from, more]) => ({
    keys: all,
    total,
    from,
    more,
    ...(all.length > 0 ? { first: edge(all[0]!), last: edge(all.at(-1)!) } : {}),
  }))
const edge = (one: Key): [string, string] => [one.createdAt.toISOString(), one.id]

export const event: fc.Arbitrary<RecordedEvent> = fc.record(
  {
    workspaceId: id('ws'),
    seq: fc.nat(),
    at: moment,
    event: fc.constantFrom(...events),
    actor: fc.oneof(
      fc.record({ kind: fc.constant('member' as const), id: user, role: fc.constant('manager') }),
      fc.record({ kind: fc.constantFrom('job' as const, 'operator' as const), id: fc.constant('rotation') }),
    ),
    keyId: id('key'),
    keyName: name,
    details: fc.record(
      {
        name,
        user,
        role: fc.constantFrom('owner', 'manager', 'member'),
        before: fc.constantFrom('owner', 'manager', 'member'),
        owner: user,
        scopes,
        lifetimeDays: lifetime,
        reason: fc.oneof(words, fc.constantFrom('leaver', 'idle')),
        hint,
        title: name,
        keys: count,
        open: count,
        until: iso,
        answerBy: iso,
        deactivateAt: iso,
        changes: fc.constant({}),
      },
      { requiredKeys: ['changes', 'keys', 'open'] },
    ),
    repeated: fc.nat({ max: 99 }),
  },
  { requiredKeys: ['workspaceId', 'seq', 'at', 'event', 'actor', 'details'] },
)

// rotations

const snapshot: fc.Arbitrary<KeySnapshot> = fc.record({
  id: id('key'),
  name,
  hint: perhaps(hint),
  ownerId: user,
  scopes,
  lifetimeDays: lifetime,
  revealedAt: perhaps(moment),
  expiresAt: perhaps(moment),
  state: fc.constantFrom('unrevealed', 'active', 'inactive', 'revoked', 'expired'),
  endsAt: perhaps(moment),
  lastUsedAt: perhaps(moment),
})
const source = fc.record({
  network,
  client,
  requests: count,
  refused: count,
  refusedScope: count,
  firstAt: moment,
  lastAt: moment,
})
const phases: readonly Phase[] = ['reveal', 'switch', 'silent', 'safe', 'finished', 'aborted']

export const rotation: fc.Arbitrary<Rotation> = fc
  .record({
    id: id('rot'),
    workspaceId: fc.constant('ws_one'),
    predecessorId: id('key'),
    successorId: id('key'),
    campaignId: fc.constant(null),
    reason: fc.constantFrom(...reasons),
    startedBy: jobOrUser,
    startedAt: moment,
    dueAt: moment,
    phase: fc.constantFrom(...phases),
    phaseAt: moment,
    usedAt: perhaps(moment),
    cutAt: perhaps(moment),
    cutsOld: fc.boolean(),
    receipt: perhaps(receipt),
    because: fc.constantFrom('', 'early', 'deadline', 'old-ended', 'new-revoked', 'unheard of'),
    end: fc.tuple(moment, jobOrUser),
  })
  .map(({ end: [endedAt, endedBy], cutsOld, ...rest }) => ({
    ...rest,
    cutKeyId: rest.cutAt && (cutsOld ? rest.predecessorId : rest.successorId),
    ...(rest.phase === 'finished' || rest.phase === 'aborted'
      ? { endedAt, endedBy }
      : { endedAt: null, endedBy: null }),
  }))

export const tracker: fc.Arbitrary<Tracker> = fc
  .record({
    rotation,
    old: snapshot,
    next: snapshot,
    usedAt: perhaps(moment),
    flushedUntil: maybe(moment),
    silence: fc.record({
      since: moment,
      apparentMs: fc.nat(),
      provenMs: maybe(fc.nat()),
      neededMs: fc.nat(),
    }),
    isUsed: fc.boolean(),
    endsBeforeSwitch: maybe(moment),
    timeZone,
    hours: fc.array(fc.record({ at: moment, old: count, next: count }), { minLength: 12, maxLength: 12 }),
    day: fc.record({ old: count, next: count, refused: count }),
    sources: many(source, 200),
  })
  .map(({ old, next, usedAt, flushedUntil, hours, ...rest }) => ({
    ...rest,
    phase: rest.rotation.phase,
    // One after the other, as they are read.
    hours: hours.map((hour, i) => ({ ...hour, at: new Date(now.getTime() + (i - 11) * 3_600_000) })),
    facts: { old, next, usedAt, flushedUntil, now, dueAt: rest.rotation.dueAt },
  }))
export const trackers = (max: number) =>
  many(tracker, max).map((all) => unique(all, (one) => one.rotation.id))

export const campaign: fc.Arbitrary<CampaignView> = fc.record({
  id: id('cmp'),
  workspaceId: fc.constant('ws_one'),
  title: words,
  ofUserId: perhaps(user),
  reason: fc.constantFrom(...reasons),
  startedBy: jobOrUser,
  startedAt: moment,
  keys: count,
  waiting: count,
  skipped: many(fc.record({ name, why: words }), 300),
  counts: fc.record(Object.fromEntries(phases.map((phase) => [phase, count])) as Record<Phase, typeof count>),
  trackers: trackers(200),
})

export const rotationNote: fc.Arbitrary<RotationNote> = fc.record(
  {
    kind: fc.constantFrom<RotationNote['kind'][]>('reveal', 'ends', 'safe', 'overdue', 'report', 'ended'),
    trackers: trackers(300).filter((all) => all.length > 0),
    report: fc.record({
      hours: fc.constant(48),
      requests: count,
      refused: count,
      sources: many(
        fc.record({ network, client, requests: count, refused: count, lastAt: moment, isNew: fc.boolean() }),
        200,
      ),
    }),
  },
  { requiredKeys: ['kind', 'trackers'] },
)

export const offer: fc.Arbitrary<Offer> = fc.record({
  because: fc.constantFrom('rotation', 'leaver', 'made', 'given', 'void'),
  by: jobOrUser,
  keys: many(
    fc.record({
      id: id('key'),
      workspaceId: fc.constant('ws_one'),
      name,
      scopes,
      lifetimeDays: lifetime,
      lapsesAt: maybe(moment),
      state: fc.constantFrom('waiting', 'revealed', 'lapsed', 'revoked', 'moved'),
      old: maybe(fc.record({ works: fc.boolean(), until: perhaps(moment) })),
    }),
    300,
  )
    .map((all) => unique(all, (one) => one.id))
    .filter((all) => all.length > 0),
})

export const request: fc.Arbitrary<KeyRequest> = fc.record({
  id: id('req'),
  workspaceId: fc.constant('ws_one'),
  draft: fc.record({
    name,
    description: words,
    integration: name,
    scopes,
    lifetimeDays: lifetime,
    allowedNetworks: fc.constant([]),
    limitPerMinute: fc.constant(null),
    ownerId: user,
  }),
  reason: words,
  requestedBy: user,
  requestedAt: moment,
  state: fc.constantFrom('waiting', 'approved', 'denied', 'closed', 'withdrawn', 'lapsed'),
  decidedBy: user,
  decidedAt: moment,
  decisionReason: perhaps(words),
  closedFor: user,
  granted: perhaps(fc.record({ scopes, lifetimeDays: lifetime })),
  keyId: fc.constant(null),
})

// alerts

const kinds: readonly Kind[] = [
  'expiring',
  'rotation-due',
  'idle',
  'write-without-expiry',
  'orphaned',
  'offboarding-late',
  'unusual-use',
  'shared-key',
  'dead-key-in-use',
  'unconfirmed',
  'leaked',
  'canary',
]
const steps: Partial<Record<Kind, string[]>> = {
  expiring: ['30d', '7d', '1d', 'expired'],
  'rotation-due': ['warn', 'due', '1w', '12w'],
  canary: ['late', 'wrong'],
  'unusual-use': ['started', 'quarantined', 'worse'],
}
const resolutions: readonly Resolution['what'][] = [
  ...([
    'deactivated',
    'revoked',
    'rotated',
    'activated',
    'used',
    'needed',
    'handed-over',
    'returned',
  ] as const),
  ...([
    'policy',
    'reassigned',
    'over',
    'renewed',
    'calm',
    'expected',
    'fleet',
    'silent',
    'apart',
    'righted',
  ] as const),
]
const figures = fc.record({
  ...{
    count,
    lastHour: count,
    busiestBucket: count,
    busiestHour: count,
    days: count,
    busiestComparable: count,
  },
  ...{
    busyMinutes: count,
    usuallyBusyMinutes: count,
    usuallyFailed: fc.double({ min: 0, max: 1, noNaN: true }),
  },
  ...{ silentMinutes: count, missing: count, lastQuarter: count, leastComparable: count },
})
const useFacts: fc.Arbitrary<UseFacts & Record<string, unknown>> = fc.record(
  {
    reason: fc.constantFrom(...useReasons, 'person' as const),
    source: fc.record({
      ...{ reason: fc.constantFrom('new-network' as const, 'person' as const), network: client, client },
      ...{ requests: count, seconds: count, usual: count },
    }),
    score: fc.constant(1),
    at: iso,
    beganAt: iso,
    figures,
    severity: fc.constantFrom('notice', 'warning', 'critical'),
    newSource: fc.record({
      kind: fc.constantFrom('network' as const, 'client' as const),
      name: client,
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      firstAt: iso,
    }),
    refusedScope: count,
    failed: count,
    window: fc.record({ hours: count, requests: count, max: count }),
    quarantinedBy: jobOrUser,
    quarantinedAt: iso,
  },
  {
    requiredKeys: [
      'reason',
      'score',
      'at',
      'beganAt',
      'figures',
      'severity',
      'refusedScope',
      'failed',
      'quarantinedAt',
    ],
  },
)
const verifier = fc.constantFrom('verify-7d4f9c-x2x8q:1', 'verify-2.example.org:48121')
const stage = fc.constantFrom('alive' as const, 'ended' as const)
const fault: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({ what: fc.constant('answer' as const), verifier, stage, code: fc.constantFrom(...verdicts) }),
  fc.record({ what: fc.constant('silent' as const), verifier, stage }),
  fc.record({ what: fc.constantFrom('nobody' as const, 'unconfirmed' as const, 'unfinished' as const) }),
)
const canaryFacts: fc.Arbitrary<Record<string, unknown>> = fc.record({
  faults: fc.array(fault, { minLength: 1, maxLength: 5 }),
  runs: fc.integer({ min: 1, max: 5000 }),
  at: iso,
})
const names = (one: fc.Arbitrary<string>) => many(one, 5)
const otherFacts = fc.record(
  {
    revealedAt: iso,
    dueAt: iso,
    days: count,
    neverUsed: fc.boolean(),
    deactivateAt: iso,
    unneededBy: user,
    answerBy: iso,
    owner: user,
    hour: iso,
    shown: many(fc.record({ network, client }), 5),
    systems: count,
    networks: names(network),
    networkCount: count,
    clients: names(client),
    clientCount: count,
    endedAt: iso,
    how: fc.constantFrom('expired', 'revoked'),
    by: jobOrUser,
    requests: count,
    until: iso,
    leaver: user,
    since: iso,
  },
  {
    requiredKeys: [
      ...([
        'revealedAt',
        'dueAt',
        'days',
        'answerBy',
        'owner',
        'hour',
        'shown',
        'networks',
        'clients',
      ] as const),
      ...([
        'networkCount',
        'clientCount',
        'endedAt',
        'how',
        'by',
        'requests',
        'until',
        'leaver',
        'since',
      ] as const),
    ],
  },
)
const evidence = fc.constantFrom('person' as const, 'scanner' as const, 'pasted' as const)
const leakedFacts: fc.Arbitrary<LeakedFacts & Record<string, unknown>> = fc.record(
  {
    reports: fc.integer({ min: 1, max: 5000 }),
    isWhole: fc.boolean(),
    places: fc.array(
      fc.record({
        where: fc.oneof(fc.constant(''), name),
        by: fc.oneof(jobOrUser, fc.constant('app B0LEGACY01')),
        evidence,
        at: iso,
        scanner: fc.option(name),
      }),
      { minLength: 1, maxLength: 3 },
    ),
    scopes: fc.subarray([...allScopes], { minLength: 1 }),
    networks: count,
    worksUntil: fc.option(iso),
    use: fc.record({
      until: iso,
      requests: count,
      refused: count,
      sources: many(fc.record({ network, client, requests: count }), 5),
      more: count,
    }),
    ended: fc.record({
      how: fc.constantFrom('deactivated' as const, 'revoked' as const),
      by: jobOrUser,
      at: iso,
      receipt: fc.option(receipt),
    }),
  },
  { requiredKeys: ['reports', 'isWhole', 'places', 'scopes', 'networks', 'worksUntil', 'use'] },
)
const factsOf = (kind: Kind): fc.Arbitrary<Record<string, unknown>> =>
  kind === 'unusual-use'
    ? useFacts
    : kind === 'leaked'
      ? leakedFacts
      : kind === 'canary'
        ? canaryFacts
        : otherFacts
const alertOf = (kind: Kind): fc.Arbitrary<Alert> =>
  fc.record(
    {
      findingId: id('fin'),
      kind: fc.constant(kind),
      step: fc.oneof(
        fc.constantFrom(...(steps[kind] ?? ['started'])),
        fc.constantFrom('notice:2027-01-01T00:00:00.000Z', 'eased:1', 'woken:2'),
      ),
      severity: fc.constantFrom('notice', 'warning', 'critical'),
      workspaceId: fc.constant('ws_one'),
      facts: factsOf(kind),
      key: fc.record({
        id: id('key'),
        name,
        hint,
        ownerId: user,
        expiresAt: moment,
        isActive: fc.boolean(),
        isPaused: fc.boolean(),
      }),
      ownerRole: fc.constantFrom('owner', 'manager', 'member'),
      reader: fc.record({ id: user, role: fc.constantFrom('owner', 'manager', 'member') }),
      requests: count,
      lastUsedAt: perhaps(moment),
      inDay: fc.record({ requests: count, until: moment }),
      acknowledged: perhaps(fc.record({ by: user, at: moment })),
      assigned: perhaps(fc.record({ to: user, by: user })),
      snoozed: perhaps(fc.record({ until: moment, by: user, reason: words })),
      resolution: fc.option(
        fc.record({ what: fc.constantFrom(...resolutions), by: perhaps(jobOrUser), at: iso }),
        { nil: null, freq: 2 },
      ),
      timeZone,
    },
    {
      requiredKeys: [
        ...(['findingId', 'kind', 'step', 'severity', 'workspaceId', 'facts', 'key', 'ownerRole'] as const),
        ...([
          'requests',
          'lastUsedAt',
          'acknowledged',
          'assigned',
          'snoozed',
          'resolution',
          'timeZone',
        ] as const),
      ],
    },
  )
export const alert = fc.constantFrom(...kinds).chain(alertOf)
const action: fc.Arbitrary<FindingAction> = fc.record(
  {
    what: fc.constantFrom('acknowledged', 'let-go', 'snoozed', 'woken', 'assigned', 'asked'),
    by: user,
    to: user,
    of: user,
    until: iso,
    reason: words,
  },
  { requiredKeys: ['what', 'by'] },
)
export const mentions = fc.array(user, { maxLength: 4 })
export const step: fc.Arbitrary<Step> = alert.chain((one) =>
  fc.record({
    alert: fc.constant(one),
    step: fc.constantFrom(one.step, 'eased:1', 'woken:1'),
    mentions,
    broadcast: fc.boolean(),
    action: perhaps(action),
  }),
)
export const group: fc.Arbitrary<Group> = fc.constantFrom(...kinds).chain((kind) =>
  fc.record({
    id: id('grp'),
    kind: fc.constant(kind),
    workspaceId: fc.constant('ws_one'),
    day: fc.constant(null),
    alerts: many(alertOf(kind), 300).map((all) => unique(all, (one) => one.findingId)),
    moved: many(name, 40),
  }),
)
export const fleet: fc.Arbitrary<Fleet> = fc.record({
  id: id('flt'),
  direction: fc.constantFrom('more', 'less', 'failing'),
  keys: count,
  activeKeys: count,
  beganAt: moment,
  grownAt: moment,
  overAt: perhaps(moment),
  names: many(name, 10),
  left: many(name, 10),
})
const sums = { requests: count, refused: count, outcomes: count, failed: count }
const keyUse = fc.record({ ...sums, keyId: id('key'), name, hint })
const digest: fc.Arbitrary<Digest> = fc.record({
  openByKind: fc
    .subarray([...kinds])
    .chain((some) => fc.tuple(...some.map((kind) => count.map((n) => ({ kind, count: n }))))),
  opened: count,
  resolved: count,
  urgent: many(
    fc.constantFrom(...kinds).chain((kind) =>
      fc.record({
        kind: fc.constant(kind),
        step: fc.constantFrom(...(steps[kind] ?? ['started'])),
        severity: fc.constantFrom('critical', 'warning', 'notice'),
        keyId: id('key'),
        name,
        at: fc.constantFrom(null, { channelId: 'C0SECURITY', ts: '1767571200.000100' }),
      }),
    ),
    5,
  ),
  keys: count,
  use: fc.record({
    requests: count,
    before: count,
    keysUsed: count,
    days: fc
      .array(fc.record({ ok: count, refused: count, failed: count }), { minLength: 7, maxLength: 7 })
      .map((days) => days.map((day, i) => ({ ...day, name: weekdays[i]! }))),
    top: many(keyUse, 5),
  }),
  canary: maybe(fc.record({ runs: count, good: count, longestMs: fc.constantFrom(null, 412.3, 5_240) })),
})
const weekdays = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']
export const checkpoint = fc.record({
  workspace: name,
  day: fc.constant('2027-03-10'),
  at: iso,
  seq: fc.nat(),
  signed: fc.constantFrom('a'.repeat(400)),
})
const counts = fc.record({ needed: count, unneeded: count, open: count, closed: count })
const review = fc.record({
  id: id('rev'),
  workspaceId: fc.constant('ws_one'),
  begunAt: moment,
  begunBy: jobOrUser,
  answerBy: moment,
  endedAt: perhaps(moment),
})
export const asked: fc.Arbitrary<Asked> = fc.record({
  review,
  isLate: fc.boolean(),
  workspaceName: name,
  ownerId: maybe(user),
  counts,
  from: fc.nat({ max: 900 }),
  keys: many(
    fc.record({
      id: id('key'),
      name,
      hint,
      ownerId: user,
      scopes,
      requests: count,
      lastUsedAt: perhaps(moment),
      expiresAt: perhaps(moment),
    }),
    10,
  ).map((all) => unique(all, (one) => one.id)),
  unneeded: many(fc.record({ id: id('key'), name }), 10).map((all) => unique(all, (one) => one.id)),
  deactivates: fc.boolean(),
  noticeDays: fc.integer({ min: 3, max: 30 }),
})
export const progress: fc.Arbitrary<ReviewProgress> = fc.record({
  review,
  isLate: fc.boolean(),
  workspaceName: name,
  keys: counts,
  owners: fc.record({ asked: count, answered: count }),
  waiting: many(fc.record({ userId: user, open: count }), 10),
  nobodyToAsk: count,
  flagged: count,
  noticed: count,
})
export const notice: fc.Arbitrary<Notice> = fc.oneof(
  fc.record(
    {
      about: fc.constant('channel-lost' as const),
      channel,
      reason: fc.constantFrom(
        'is_archived',
        'not_in_channel',
        'restricted_action_thread_only_channel',
        'unheard_of',
      ),
      lost: fc.constant('checkpoints' as const),
    },
    { requiredKeys: ['about', 'channel', 'reason'] },
  ),
  digest.map((one) => ({ about: 'digest' as const, ...one })),
  fc.record({ about: fc.constant('welcome' as const), workspace: name, alertChannel: name }),
  fc.record({ about: fc.constant('quarantined' as const), name, hint }),
  fc.record({
    about: fc.constant('unreachable' as const),
    person: user,
    what: fc.constantFrom('offer', 'request-answer', 'other'),
    reason: fc.constantFrom('user_disabled', 'cannot_dm_bot'),
  }),
  fc.record({
    about: fc.constant('offboarded-elsewhere' as const),
    leaver: user,
    by: jobOrUser,
    sources: fc.subarray(['workflow', 'webhook', 'slack'], { minLength: 1 }),
    home: name,
    workspace: name,
    keys: many(fc.record({ name, plan: fc.constantFrom('deactivate', 'keep') }), 20),
    count,
    keepsRole: fc.boolean(),
  }),
  fc.record({
    about: fc.constant('step-refused' as const),
    runs: count,
    isMore: fc.boolean(),
    leavers: many(fc.oneof(user, name), 10),
    offIn: many(name, 20),
  }),
)
export const finding: fc.Arbitrary<AboutFinding> = fc.record({
  id: id('fin'),
  kind: fc.constantFrom(...kinds),
  level: fc.nat({ max: 9 }),
  groupId: fc.constant(null),
  keyId: id('key'),
  keyName: name,
  ownerId: user,
  endsAt: perhaps(moment),
  acknowledgedBy: perhaps(user),
}) as never
export const dryRun: fc.Arbitrary<DryRun> = fc.record({
  policy,
  counts: fc.record({ all: count, idle: count, unconfirmed: count }),
  keys: many(
    fc.record({
      keyId: id('key'),
      name,
      hint,
      ownerId: user,
      kinds: fc.subarray<'idle' | 'unconfirmed'>(['idle', 'unconfirmed'], { minLength: 1 }),
      at: moment,
      noticed: fc.boolean(),
    }),
    20,
  ),
  waiting: maybe(fc.record({ keys: count, answerBy: moment })),
})

// offboardings

const modes = fc.constantFrom('by-use' as const, 'revoke' as const, 'deactivate' as const, 'rotate' as const)
const plan = fc.constantFrom(...(['rotate', 'deactivate', 'revoke', 'hand-over', 'keep'] as const))
const why = fc.subarray(['owned', 'revealed', 'held', 'created'] as const, { minLength: 1 })
const offboarding: fc.Arbitrary<Offboarding> = fc.record({
  id: id('off'),
  accountId: id('acc'),
  workspaceId: id('ws'),
  userId: user,
  email: fc.constantFrom('ada@acme.example', null),
  mode: modes,
  successorId: perhaps(user),
  note: words,
  choices: fc.constant({}),
  decidesIn: fc.constant([]),
  keepsRoleIn: fc.constant([]),
  state: fc.constantFrom('requested', 'acting', 'confirming', 'done'),
  requestedBy: jobOrUser,
  requestedAt: moment,
  begunAt: moment,
  dueAt: moment,
  doneAt: perhaps(moment),
  endedAt: moment,
  endedBecause: fc.constantFrom('undone', 'returned', 'merged', null),
  lastOwnerOf: many(name, 20),
})
const elsewhere = many(fc.record({ workspace: name, keys: count }), 20)
export const reported: fc.Arbitrary<OffboardingReport['offboardings'][number]> = fc
  .record({
    one: offboarding,
    isKnown: fc.boolean(),
    sources: fc.subarray(
      ['slack', 'workflow', 'user-change', 'scim', 'webhook', 'shell', 'reconcile'] as const,
      { minLength: 1 },
    ),
    keepsRoleInNames: many(name, 20),
    ignored: fc.record({
      asked: many(
        fc.record({
          source: fc.constantFrom('workflow' as const, 'webhook' as const),
          mode: perhaps(modes),
          successor: perhaps(user),
        }),
        20,
      ),
      notTakenIn: many(name, 20),
    }),
  })
  .map(({ one, isKnown, ...rest }) => ({
    ...one,
    ...(isKnown ? {} : { userId: null, email: 'nobody.we.know@acme.example' }),
    ...(one.endedBecause ? {} : { endedAt: null }),
    ...rest,
  }))
export const leaverCounts = fc.record({
  ...{
    all: count,
    waiting: count,
    refused: count,
    rotating: count,
    handedOver: count,
    kept: count,
    failed: count,
  },
})
export const ownerNamed: fc.Arbitrary<OwnerNamed> = fc.record({
  about: fc.constant('owner-named' as const),
  offboardingId: id('off'),
  leaver: user,
  workspace: fc.record({ id: id('ws'), name }),
  isHome: fc.boolean(),
  sources: fc.subarray(['workflow', 'webhook', 'slack'] as const, { minLength: 1 }),
  keys: maybe(leaverCounts),
  hasOthers: fc.boolean(),
  outcome: fc.constantFrom('waits', 'role-ends', 'role-ended', 'undone', 'returned'),
  by: perhaps(jobOrUser),
  at: moment,
})
const leaverKey: fc.Arbitrary<LeaverKey> = fc.record({
  keyId: id('key'),
  workspaceId: id('ws'),
  name,
  hint: perhaps(hint),
  reasons: why,
  busy: fc.boolean(),
  plan,
  outcome: perhaps(
    fc.constantFrom(
      ...([
        'revoked',
        'deactivated',
        'rotating',
        'handed-over',
        'kept',
        'refused-already',
        'failed',
      ] as const),
    ),
  ),
  why: words,
  ownerBefore: user,
  ownerAfter: perhaps(user),
  successorKeyId: fc.constant(null),
  endsAt: perhaps(moment),
  worksUntil: perhaps(moment),
  works: fc.boolean(),
  rotation: fc.constantFrom('running', 'finished', 'aborted', null),
  actedAt: perhaps(moment),
  confirmedAt: perhaps(moment),
  receipt: perhaps(receipt),
  undoneAt: perhaps(moment),
}) as never
export const report: fc.Arbitrary<OffboardingReport> = fc.oneof(
  fc.record({
    offboardings: fc.tuple(reported),
    counts: leaverCounts,
    keys: many(leaverKey, 20).map((all) => unique(all, (one) => one.keyId)),
    elsewhere,
  }),
  fc.record({
    offboardings: fc
      .tuple(reported, reported, many(reported, 300))
      .map(([one, two, more]) => [one, two, ...more]),
    counts: leaverCounts,
    keys: fc.constant<LeaverKey[]>([]),
    elsewhere: fc.constant<OffboardingReport['elsewhere']>([]),
  }),
)
export const preview: fc.Arbitrary<Preview> = fc.record({
  keys: many(
    fc
      .tuple(key, name, why, plan, fc.boolean(), count)
      .map(([one, called, reasonsOf, planned, busy, requests]) => ({
        ...one,
        workspace: called,
        reasons: reasonsOf,
        plan: planned,
        choices: [...new Set([planned, 'revoke' as const, 'keep' as const])],
        busy,
        requestsLast24h: requests,
      })),
    300,
  ).map((all) => unique(all, (one) => one.id)),
  elsewhere,
  keepsRoleIn: many(name, 20),
  endsRoleIn: many(name, 20),
  mode: modes,
  newOwner: maybe(user),
  running: maybe(offboarding),
}) as never
export const undone: fc.Arbitrary<Undone> = fc.record({
  offboarding,
  activated: many(name, 300),
  returned: many(name, 300),
  rotating: many(name, 300),
  working: many(name, 300),
  kept: many(name, 300),
  elsewhere: count,
  roles: many(fc.record({ workspace: name, role: fc.constantFrom('owner', 'manager', 'member') }), 20),
  rolesStayEnded: fc.boolean(),
})
export const connection: fc.Arbitrary<Connection> = fc.record({
  id: id('con'),
  accountId: id('acc'),
  workspaceId: id('ws'),
  kind: fc.constantFrom('scim', 'webhook'),
  hint: fc.constant('kwd_Ab3d...'),
  createdBy: user,
  createdAt: moment,
  lastUsedAt: perhaps(moment),
})
export const connections = many(connection, 20).map((all) => unique(all, (one) => one.id))

// usage

const range = fc.constantFrom(...ranges)
const figuresOf = fc.record(sums)
const picture: fc.Arbitrary<UsagePicture> = fc
  .tuple(many(fc.record({ ok: count, refused: count, failed: count }), 288), timeZone)
  .map(([steps, zone]) => ({
    kind: 'usage',
    fromMs: now.getTime() - 86_400_000,
    toMs: now.getTime(),
    countedUntilMs: now.getTime(),
    timeZone: zone,
    steps: steps.map((one, i) => ({
      ...one,
      fromMs: now.getTime() - 86_400_000 + i * 300_000,
      toMs: now.getTime() - 86_400_000 + (i + 1) * 300_000,
    })),
    names: { ok: 'Let through', refused: 'Refused', failed: 'Failed' },
    marks: [],
  }))
const endpoint = fc.oneof(fc.constantFrom('GET /v1/contacts', 'other'), name)
export const recent = many(
  fc.record({
    at: moment,
    endpoint,
    code: fc.constantFrom('VALID', 'REVOKED', '200', '503', 'UNHEARD_OF'),
    network,
    client,
  }),
  200,
)
export const recentTurn = fc.record({ page: fc.nat({ max: 10 }), untilMs: fc.constant(now.getTime()) })
export const panel: fc.Arbitrary<Panel> = fc.record({
  key,
  range,
  now: fc.constant(now),
  summary: fc.record({
    totals: figuresOf,
    before: figuresOf,
    endpoints: many(fc.record({ ...sums, endpoint }), 10),
    networks: count,
    clients: count,
    firstUsedAt: maybe(moment),
    lastUsedAt: maybe(moment),
  }),
  sources: many(source, 200),
  recent,
  picture,
})
export const overview: fc.Arbitrary<Overview> = fc.record({
  workspace,
  actor: member,
  range,
  now: fc.constant(now),
  summary: fc.record({
    totals: figuresOf,
    before: figuresOf,
    keysUsed: count,
    top: many(keyUse, 10),
    silent: fc.record({
      count,
      keys: many(fc.record({ keyId: id('key'), name, lastUsedAt: maybe(moment) }), 10),
    }),
  }),
  exercise: fc.record({
    scopes: fc
      .subarray([...allScopes])
      .chain((some) =>
        fc.tuple(
          ...some.map((scope) => fc.record({ scope: fc.constant(scope), keys: count, exercised: count })),
        ),
      ),
    wide: fc.record({
      count,
      keys: many(fc.record({ keyId: id('key'), name, scopes, exercised: scopes }), 10),
    }),
    unknown: count,
  }),
  evidence: range,
  picture,
})
export const image = maybe(
  fc.constant({
    type: 'image' as const,
    slack_file: { id: 'F0PICTURE01' },
    alt_text: 'Requests of the last 24 hours',
  }),
)

const failedMessage: fc.Arbitrary<FailedMessage> = fc.record({
  id: id('out'),
  source: fc.constantFrom('finding', 'offboarded-elsewhere', 'review'),
  subjectId: id('fnd'),
  destination: fc.constantFrom(
    'channel:security-alerts',
    'channel:C0SECURITY',
    'dm:U0ADA00001',
    'workflow:Fx1',
  ),
  putAt: moment,
  error: fc.string({ maxLength: 500 }),
})
const keyRotation: fc.Arbitrary<KeyRotation> = fc.record({
  rotation,
  old: snapshot,
  next: snapshot,
  isLate: fc.boolean(),
})
const item: fc.Arbitrary<Item> = fc.oneof<fc.Arbitrary<Item>[]>(
  fc.record({ about: fc.constant('alert'), alert: alert.filter((one) => !one.resolution) }),
  fc.record({ about: fc.constantFrom('request', 'own-request'), request }),
  fc.record({ about: fc.constant('rotation'), rotation: keyRotation }),
  fc.record({ about: fc.constant('offer'), key }),
  fc.record({ about: fc.constant('review'), asked }),
  fc.record({ about: fc.constant('failed'), messages: many(failedMessage, 100) }),
  fc.record({
    ...{ about: fc.constant('suspended'), workspace: name, since: moment },
    resumable: fc.boolean(),
  }),
)
export const inboxCount: fc.Arbitrary<InboxCount> = fc.record({
  open: fc.nat({ max: 100 }),
  snoozed: fc.nat({ max: 100 }),
})
const inboxEdge: fc.Arbitrary<Edge> = fc.tuple(
  fc.integer({ min: 0, max: 3 }),
  fc.constant('2026-10-19 07:12:34.123456+00'),
  id('fnd'),
)
export const inboxProps = fc.record({
  caller,
  turn: fc.record(
    { filter: fc.constantFrom(...inboxFilters), after: inboxEdge },
    { requiredKeys: [] },
  ) as fc.Arbitrary<InboxTurn>,
  page: fc.record({
    entries: fc.array(
      fc.record({ kind: fc.constant('finding'), id: id('fnd'), rank: fc.constant(2), edge: inboxEdge }),
    ),
    isFirst: fc.boolean(),
    more: fc.boolean(),
  }),
  items: many(item, 10),
  count: inboxCount,
})
export const homeProps: fc.Arbitrary<HomeProps> = fc
  .record({
    caller,
    shows: fc.constantFrom('mine' as const, 'all' as const),
    items: many(item, shownOnHome.items),
    count: inboxCount,
    rotations: fc.record({ shown: many(keyRotation, shownOnHome.rotations), more: fc.boolean() }),
    keys: fc.record({ shown: keys(shownOnHome.keys), more: fc.boolean() }),
  })
  .map((props) => ({ ...props, now }))
