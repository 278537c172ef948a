import { describe, expect, test } from 'vitest'
import { actorName } from '../../src/members/actor.ts'
import { evidences, leakAction, leakActions, leakedRules } from '../../src/policy/leaked.ts'
import { type Action, actions, isAtLeast, may } from '../../src/policy/may.ts'
import { checkPolicy, longestDays, mustExpire, readPolicy, versionOf } from '../../src/policy/policy.ts'
import { quietUntil } from '../../src/policy/quiet.ts'

const member = (role: 'owner' | 'manager' | 'member', workspaceId = 'ws_1') =>
  ({ kind: 'member', id: 'U1', role, workspaceId }) as const
const here = { workspaceId: 'ws_1' }

test('an actor is named as one word', () => {
  expect(actorName(member('owner'))).toBe('U1')
  expect(actorName({ kind: 'job', id: 'reviews' })).toBe('job:reviews')
  expect(actorName({ kind: 'operator', id: 'ada' })).toBe('operator:ada')
})

describe('what a person may', () => {
  test('a role is at least itself and those below', () => {
    const order = ['member', 'manager', 'owner'] as const
    for (const [i, one] of order.entries())
      for (const [j, other] of order.entries()) expect(isAtLeast(one, other)).toBe(i >= j)
  })

  test.each(Object.keys(actions) as Action[])('%s needs its role, in their workspace alone', (action) => {
    const least = actions[action] === 'own' ? 'member' : actions[action]
    for (const role of ['member', 'manager', 'owner'] as const) {
      expect(may(member(role), action, here), role).toBe(isAtLeast(role, least))
      expect(may(member(role, 'ws_2'), action, here), role).toBe(false)
    }
    expect(may({ kind: 'job', id: 'x' }, action, here)).toBe(true)
    expect(may({ kind: 'operator', id: 'x' }, action, here)).toBe(true)
  })

  test.each((Object.keys(actions) as Action[]).filter((one) => actions[one] === 'own'))(
    '%s is of their own keys, or of all for a manager',
    (action) => {
      const [own, other] = [
        { ...here, ownerId: 'U1' },
        { ...here, ownerId: 'U2' },
      ]
      expect([may(member('member'), action, own), may(member('member'), action, other)]).toEqual([
        true,
        false,
      ])
      expect(may(member('manager'), action, other)).toBe(true)
    },
  )

  test('the roles are these', () => {
    expect(actions).toMatchObject({
      ...{ 'key.list': 'own', 'key.show': 'own', 'key.reveal': 'own', 'key.replace': 'own' },
      ...{
        'key.confirm-needed': 'own',
        'finding.take': 'own',
        'finding.let-go': 'own',
        'finding.ask': 'own',
      },
      ...{ 'request.make': 'member', 'leak.report': 'member' },
      ...{
        'message.send-again': 'owner',
        'connection.make': 'owner',
        'role.set': 'owner',
        'policy.set': 'owner',
      },
      ...{ 'workspace.suspend': 'owner', 'key.revoke': 'manager', 'audit.read': 'manager' },
    })
  })
})

describe('a leaked key', () => {
  const rules = leakedRules.parse({
    person: { read: 'quarantine', write: 'revoke' },
    scanner: { read: 'rotate' },
  })

  test.each([
    ['person', [], 'notify'],
    ['person', ['agents'], 'notify'],
    ['person', ['read'], 'quarantine'],
    ['person', ['write', 'read', 'agents'], 'revoke'],
    ['scanner', ['read'], 'rotate'],
    ['scanner', ['write'], 'notify'],
    ['pasted', ['read', 'write'], 'notify'],
  ] as const)('by a %s with %j is met with %s', (evidence, scopes, action) => {
    expect(leakAction(rules, evidence, scopes)).toBe(action)
  })

  test('is met by nothing but the alert where nobody has decided', () => {
    expect(leakedRules.parse(undefined)).toEqual({ person: {}, scanner: {}, pasted: {} })
    expect(evidences).toEqual(['person', 'scanner', 'pasted'])
    expect(leakActions).toEqual(['notify', 'quarantine', 'rotate', 'revoke'])
    expect(leakedRules.safeParse({ person: { ['x'.repeat(41)]: 'revoke' } }).success).toBe(false)
    expect(leakedRules.safeParse({ person: { ['x'.repeat(40)]: 'revoke' } }).success).toBe(true)
  })
})

describe('quiet hours', () => {
  const at = (time: string) => new Date(`2026-06-15T${time}Z`)
  const night = { quietFrom: '20:00', quietUntil: '08:00', timeZone: 'UTC' }
  const noon = { quietFrom: '12:00', quietUntil: '14:00', timeZone: 'UTC' }

  test.each([
    [night, '19:59:59', undefined],
    [night, '20:00:00', '2026-06-16T08:00:00.000Z'],
    [night, '23:59:59', '2026-06-16T08:00:00.000Z'],
    [night, '00:00:00', '2026-06-15T08:00:00.000Z'],
    [night, '07:59:59', '2026-06-15T08:00:00.000Z'],
    [night, '08:00:00', undefined],
    [noon, '11:59:59', undefined],
    [noon, '12:00:00', '2026-06-15T14:00:00.000Z'],
    [noon, '13:59:59', '2026-06-15T14:00:00.000Z'],
    [noon, '14:00:00', undefined],
    [{ ...noon, quietUntil: '12:00' }, '11:30:00', undefined],
    [{ ...noon, quietUntil: '12:00' }, '12:00:00', undefined],
    [{ ...noon, quietUntil: '12:00' }, '12:30:00', undefined],
    [{ ...night, timeZone: 'Asia/Tokyo' }, '10:59:59', undefined],
    [{ ...night, timeZone: 'Asia/Tokyo' }, '11:00:00', '2026-06-15T23:00:00.000Z'],
  ])('of %j at %s end at %s', (policy, time, end) => {
    expect(quietUntil(policy, at(time))?.toISOString()).toBe(end)
  })

  test('end after the first of two hours when the clocks go back, and when they jump', () => {
    const berlin = { quietFrom: '01:00', quietUntil: '02:30', timeZone: 'Europe/Berlin' }
    // 02:30 comes at 00:30 and at 01:30 of UTC.
    expect(quietUntil(berlin, new Date('2026-10-25T00:10:00Z'))?.toISOString()).toBe(
      '2026-10-25T00:30:00.000Z',
    )
    expect(quietUntil(berlin, new Date('2026-10-25T01:10:00Z'))).toBeUndefined()
    const night = { ...berlin, quietFrom: '22:00' }
    expect(quietUntil(night, new Date('2026-03-29T00:59:59Z'))).toBeDefined()
    expect(quietUntil(night, new Date('2026-03-29T01:00:00Z'))).toBeUndefined()
    // 02:30 does not come: 03:30 does, an hour later than the clock of before.
    expect(quietUntil(berlin, new Date('2026-03-29T00:30:00Z'))?.toISOString()).toBe(
      '2026-03-29T01:30:00.000Z',
    )
  })
})

describe('a policy', () => {
  test('has these rules where nobody has set any', () => {
    expect(readPolicy(undefined)).toEqual({
      ...{
        rotationPeriodDays: 90,
        rotationWarningDays: 15,
        silentBeforeFinishHours: 24,
        rotationDeadlineDays: 14,
      },
      ...{ cutAtDeadline: false, maximumLifetimeDays: 0, mustExpire: 'write', writeNeedsApproval: false },
      ...{ quietFrom: '20:00', quietUntil: '08:00', timeZone: 'UTC', alertChannel: 'security-alerts' },
      ...{
        idleDays: 60,
        sharedKeySystems: 4,
        idleKeys: 'flag',
        reviewIntervalDays: 90,
        reviewAnswerDays: 14,
      },
      ...{ unconfirmedKeys: 'flag', noticeDays: 7, auditChannel: '', quarantineLeaked: false },
      leaked: { person: {}, scanner: {}, pasted: {} },
      ...{ watchedChannels: [], offboardingMode: 'by-use', offboardingUnattendedMode: 'deactivate' },
      ...{ offboardingByWorkflow: false, offboardingLimitMinutes: 15, offboardingBusyDays: 7 },
      offboardingGraceDays: 7,
    })
    expect(readPolicy({ idleDays: 30, formerRule: 1 })).toMatchObject({ idleDays: 30 })
    expect(readPolicy({ formerRule: 1 })).not.toHaveProperty('formerRule')
  })

  const days = (least: number, max: number) => `Enter a whole number of days from ${least} to ${max}.`
  test.each([
    ['rotationPeriodDays', 7, 730, days(7, 730), { rotationWarningDays: 1 }],
    ['rotationWarningDays', 1, 90, days(1, 90), { rotationPeriodDays: 730 }],
    ['rotationDeadlineDays', 1, 90, days(1, 90), {}],
    ['idleDays', 7, 365, days(7, 365), {}],
    ['reviewAnswerDays', 3, 30, days(3, 30), {}],
    ['noticeDays', 3, 30, days(3, 30), {}],
    ['offboardingBusyDays', 1, 90, days(1, 90), {}],
    ['offboardingGraceDays', 1, 30, days(1, 30), {}],
    ['silentBeforeFinishHours', 1, 720, 'Enter a whole number of hours from 1 to 720.', {}],
    ['offboardingLimitMinutes', 1, 1440, 'Enter a whole number of minutes from 1 to 1440.', {}],
    ['sharedKeySystems', 3, 50, 'Enter a whole number from 3 to 50.', {}],
    ['maximumLifetimeDays', 0, 3650, 'Enter a whole number of days from 1 to 3650, or 0 for no limit.', {}],
  ] as const)('takes %s from %i to %i, and says so of anything else', (rule, least, max, why, also) => {
    for (const good of [least, max])
      expect(checkPolicy({ ...also, [rule]: good })).toMatchObject({ [rule]: good })
    for (const bad of [least - 1, max + 1, least + 0.5, 'x'])
      expect(checkPolicy({ ...also, [rule]: bad })).toEqual({ wrong: [{ rule, why }] })
  })

  test.each([
    [0, true],
    [29, false],
    [30, true],
    [365, true],
    [366, false],
    [30.5, false],
    ['x', false],
  ])('takes a review every %j days: %s', (reviewIntervalDays, isTaken) => {
    const why = 'Enter a whole number of days from 30 to 365, or 0 for never.'
    expect(checkPolicy({ reviewIntervalDays })).toEqual(
      isTaken
        ? expect.objectContaining({ reviewIntervalDays })
        : { wrong: [{ rule: 'reviewIntervalDays', why }] },
    )
  })

  test.each([
    [{ quietFrom: '24:00' }, 'quietFrom', 'Enter a time such as 20:00.'],
    [{ quietUntil: '8:00' }, 'quietUntil', 'Enter a time such as 20:00.'],
    [{ quietUntil: '08:60' }, 'quietUntil', 'Enter a time such as 20:00.'],
    [{ quietUntil: '08:000' }, 'quietUntil', 'Enter a time such as 20:00.'],
    [{ quietUntil: 'x08:00' }, 'quietUntil', 'Enter a time such as 20:00.'],
    [{ timeZone: 'Mars/Olympus' }, 'timeZone', 'Enter an IANA time zone such as Europe/Berlin.'],
    [{ watchedChannels: ['general'] }, 'watchedChannels', 'Choose channels.'],
    [{ watchedChannels: Array(101).fill('C012345') }, 'watchedChannels', 'Choose at most 100 channels.'],
  ])('does not take %j', (wanted, rule, why) => {
    expect(checkPolicy(wanted)).toEqual({ wrong: [{ rule, why }] })
  })

  test.each([
    [{ quietFrom: '23:59', quietUntil: '00:00' }],
    [{ quietFrom: '19:30' }],
    [{ timeZone: 'Asia/Tokyo' }],
    [{ watchedChannels: ['C01', 'G0ABCDEF'] }],
    [{ mustExpire: 'all', idleKeys: 'deactivate', unconfirmedKeys: 'deactivate' }],
    [{ offboardingMode: 'rotate', offboardingUnattendedMode: 'revoke' }],
    [{ watchedChannels: Array(100).fill('C012345') }],
  ])('takes %j', (wanted) => {
    expect(checkPolicy(wanted)).toMatchObject(wanted)
  })

  test.each([
    [{ alertChannel: '' }],
    [{ mustExpire: 'some' }],
    [{ idleKeys: 'revoke' }],
    [{ unconfirmedKeys: 'revoke' }],
    [{ offboardingMode: 'keep' }],
    [{ offboardingUnattendedMode: '' }],
    [{ watchedChannels: ['C0'.padEnd(33, '0')] }],
    [{ watchedChannels: ['xC01'] }],
    [{ cutAtDeadline: 'yes' }],
  ])('does not take %j either', (wanted) => {
    expect(checkPolicy(wanted)).toMatchObject({ wrong: [{ rule: Object.keys(wanted)[0] }] })
  })

  test('warns before a period ends, not before it begins', () => {
    const why = 'Enter fewer days than the 15 between rotations.'
    expect(checkPolicy({ rotationPeriodDays: 15, rotationWarningDays: 15 })).toEqual({
      wrong: [{ rule: 'rotationWarningDays', why }],
    })
    expect(checkPolicy({ rotationPeriodDays: 16, rotationWarningDays: 15 })).toHaveProperty('idleDays')
  })

  test.each([
    [{ mustExpire: 'none', maximumLifetimeDays: 0 }, ['write'], false],
    [{ mustExpire: 'none', maximumLifetimeDays: 1 }, ['read'], true],
    [{ mustExpire: 'write', maximumLifetimeDays: 0 }, ['read'], false],
    [{ mustExpire: 'write', maximumLifetimeDays: 0 }, ['read', 'write'], true],
    [{ mustExpire: 'all', maximumLifetimeDays: 0 }, [], true],
  ] as const)('%j of a key with %j: it must expire: %s', (rules, scopes, must) => {
    expect(mustExpire(scopes, rules)).toBe(must)
  })

  test('has a longest lifetime, its own or ten years', () => {
    expect([0, 60].map((maximumLifetimeDays) => longestDays({ maximumLifetimeDays }))).toEqual([3650, 60])
  })

  test('has a version that changes with each rule', () => {
    const one = versionOf(readPolicy({}))
    expect(one).toMatch(/^[0-9a-f]{16}$/)
    expect(versionOf(readPolicy({}))).toBe(one)
    expect(versionOf(readPolicy({ idleDays: 61 }))).not.toBe(one)
  })
})
