import { expect, test } from 'vitest'
import { type Describable, describe } from '../../src/audit/describe.ts'
import { type EventName, events } from '../../src/audit/events.ts'
import { plain } from '../../src/foundation/words.ts'
import { actions } from '../../src/policy/may.ts'

const ada = { kind: 'member', id: 'U0ADA00001', role: 'owner' } as const
const about = (event: EventName, details: Record<string, unknown> = {}, more: Partial<Describable> = {}) =>
  plain(describe({ event, actor: ada, details, keyId: 'key_1', keyName: 'Salesforce CRM', ...more }))

type Case = [sentence: string, details?: Record<string, unknown>, more?: Partial<Describable>]
const noKey = { keyId: undefined, keyName: undefined }

/** Each kind of event with details as they are recorded; by default of the key Salesforce CRM. */
const said: Record<EventName, Case[]> = {
  'account.created': [['Keywarden set up the account.', {}, { actor: { kind: 'job', id: 'start' } }]],
  'workspace.created': [['@U0ADA00001 added the workspace Sales.', { name: 'Sales' }]],
  'workspace.suspended': [
    ['@U0ADA00001 suspended the workspace Sales, saying a bill.', { name: 'Sales', reason: 'a bill' }],
  ],
  'workspace.resumed': [['@U0ADA00001 resumed the workspace Sales.', { name: 'Sales' }]],
  'role.set': [
    ['@U0ADA00001 made @U0BO an owner (before: member).', { user: 'U0BO', role: 'owner', before: 'member' }],
    ['@U0ADA00001 made @U0BO a manager.', { user: 'U0BO', role: 'manager' }],
  ],
  'group-role.set': [
    [
      '@U0ADA00001 made everyone in the group S0OPS a manager.',
      { group: 'S0OPS', role: 'manager', before: null },
    ],
    [
      '@U0ADA00001 removed the manager role from the group S0OPS.',
      { group: 'S0OPS', role: null, before: 'manager' },
    ],
  ],
  'policy.set': [
    [
      '@U0ADA00001 changed the policy: rotation period days from 90 to 60, write needs approval from false to true.',
      { changes: { rotationPeriodDays: [90, 60], writeNeedsApproval: [false, true] } },
    ],
    [
      '@U0ADA00001 changed the policy: alert channel from nothing to C0SEC, max idle days from 30 to 60.',
      { changes: { alertChannel: [null, 'C0SEC'], maxIdleDays: [30, 60] } },
    ],
  ],
  'key.issued': [
    [
      '@U0ADA00001 created Salesforce CRM for @U0BO with read, write, for 1 day.',
      { owner: 'U0BO', scopes: ['read', 'write'], lifetimeDays: 1 },
    ],
    [
      '@U0ADA00001 created Salesforce CRM with read, for 30 days.',
      { owner: 'U0ADA00001', scopes: ['read'], lifetimeDays: 30 },
    ],
    [
      '@U0ADA00001 created Salesforce CRM with read, never expiring.',
      { owner: 'U0ADA00001', scopes: ['read'], lifetimeDays: null },
    ],
    [
      '@U0ADA00001 created the replacement for Salesforce CRM for @U0BO.',
      { predecessor: 'key_0', owner: 'U0BO', scopes: ['read'], lifetimeDays: 30 },
    ],
  ],
  'key.imported': [
    [
      '@U0ADA00001 adopted Salesforce CRM (tml_Ab3d...) for @U0BO with read.',
      { hint: 'tml_Ab3d...', owner: 'U0BO', scopes: ['read'] },
    ],
  ],
  'key.revealed': [
    ['@U0ADA00001 revealed Salesforce CRM (tml_Ab3d...).', { hint: 'tml_Ab3d...' }],
    ['@U0ADA00001 revealed Salesforce CRM.'],
  ],
  'key.activated': [['@U0ADA00001 activated Salesforce CRM, saying again.', { reason: 'again' }]],
  'key.deactivated': [
    ['@U0ADA00001 deactivated Salesforce CRM, saying odd use of v1.2.', { reason: 'odd use of v1.2.' }],
  ],
  'key.revoked': [
    ['@U0ADA00001 revoked Salesforce CRM, saying lost.', { reason: 'lost' }],
    ['An operator (root) revoked Salesforce CRM.', {}, { actor: { kind: 'operator', id: 'root' } }],
  ],
  'key.edited': [
    [
      '@U0ADA00001 edited Salesforce CRM: name from Old to New, owner from @U0ADA00001 to @U0BO, description from nothing to Syncs.',
      { changes: { name: ['Old', 'New'], ownerId: ['U0ADA00001', 'U0BO'], description: ['', 'Syncs'] } },
    ],
    [
      '@U0ADA00001 edited Salesforce CRM: expires at from 2026-03-01 08:00 UTC to nothing.',
      { changes: { expiresAt: ['2026-03-01T08:00:00.000Z', null] } },
    ],
    [
      '@U0ADA00001 edited Salesforce CRM: description from at 2026-03-01T08:00:00Z to 2026-03-01T08:00:00Z or so.',
      { changes: { description: ['at 2026-03-01T08:00:00Z', '2026-03-01T08:00:00Z or so'] } },
    ],
  ],
  'key.change-confirmed': [
    [
      'Keywarden confirmed that every verifier has learnt of the change to Salesforce CRM.',
      { keys: 1 },
      { actor: { kind: 'job', id: 'confirm' } },
    ],
    [
      'Keywarden confirmed that every verifier has learnt of the change to 1,200 keys.',
      { keys: 1_200 },
      { actor: { kind: 'job', id: 'confirm' }, ...noKey },
    ],
  ],
  'key.reveal-voided': [
    [
      'Keywarden took back the token of Salesforce CRM, which may not have been seen.',
      {},
      { actor: { kind: 'job', id: 'voids' } },
    ],
  ],
  'key.replaced': [
    ['@U0ADA00001 replaced the token of Salesforce CRM (tml_Ab3d...).', { hint: 'tml_Ab3d...' }],
  ],
  'key.saved': [['@U0ADA00001 said that Salesforce CRM (tml_Ab3d...) is saved.', { hint: 'tml_Ab3d...' }]],
  'key.rotated': [
    ['@U0ADA00001 began to rotate Salesforce CRM, since it was scheduled.', { reason: 'scheduled' }],
    ['@U0ADA00001 began to rotate Salesforce CRM, since it is compromised.', { reason: 'compromised' }],
    ['@U0ADA00001 began to rotate Salesforce CRM, since somebody is leaving.', { reason: 'leaver' }],
    ['@U0ADA00001 began to rotate Salesforce CRM, since its scopes change.', { reason: 'scope-change' }],
    ['@U0ADA00001 began to rotate Salesforce CRM.', { reason: 'of a newer version' }],
  ],
  'rotation.safe': [
    [
      'Keywarden saw that nothing uses the old key of Salesforce CRM any more.',
      {},
      { actor: { kind: 'job', id: 'rotations' } },
    ],
  ],
  'rotation.overdue': [
    [
      'Keywarden noted that the rotation of Salesforce CRM is past its deadline.',
      {},
      { actor: { kind: 'job', id: 'rotations' } },
    ],
  ],
  'rotation.extended': [
    [
      '@U0ADA00001 moved the deadline of the rotation of Salesforce CRM to 2026-03-01.',
      { until: '2026-03-01T08:00:00.000Z' },
    ],
  ],
  'rotation.hastened': [['@U0ADA00001 called the old key of Salesforce CRM compromised.']],
  'rotation.finished': [
    ['@U0ADA00001 finished the rotation of Salesforce CRM before it was safe.', { early: true }],
    ['@U0ADA00001 finished the rotation of Salesforce CRM.'],
  ],
  'rotation.aborted': [
    ['@U0ADA00001 aborted the rotation of Salesforce CRM, saying too soon.', { reason: 'too soon' }],
  ],
  'rotation.campaign-started': [
    ['@U0ADA00001 began to rotate 12 keys: Spring.', { keys: 12, title: 'Spring' }, noKey],
  ],
  'key.lapsed': [
    [
      'Keywarden closed Salesforce CRM, which nobody had revealed in time.',
      {},
      { actor: { kind: 'job', id: 'lapse' } },
    ],
  ],
  'key.confirmed-needed': [
    ['@U0ADA00001 said that Salesforce CRM is still needed, saying it syncs.', { reason: 'it syncs' }],
  ],
  'key.declared-unneeded': [['@U0ADA00001 said that Salesforce CRM is not needed any more.']],
  'key.notice-given': [
    [
      'Keywarden gave notice that Salesforce CRM will be deactivated on 2026-03-01, saying unused.',
      { reason: 'unused', deactivateAt: '2026-03-01T08:00:00.000Z' },
      { actor: { kind: 'job', id: 'notices' } },
    ],
  ],
  'review.begun': [
    [
      '@U0ADA00001 began a review of 12 keys, to be answered by 2026-03-15.',
      { keys: 12, answerBy: '2026-03-15T08:00:00.000Z' },
      noKey,
    ],
  ],
  'review.ended': [['@U0ADA00001 ended a review with 3 keys that nobody had confirmed.', { open: 3 }, noKey]],
  'use.expected': [
    ['@U0ADA00001 said of Salesforce CRM: this use was expected, once.', { kind: 'once' }],
    ['@U0ADA00001 said of Salesforce CRM: this use is the new normal.', { kind: 'new-normal' }],
    [
      '@U0ADA00001 said of Salesforce CRM: this use is expected every month on day 31.',
      { kind: 'monthly', dayOfMonth: 31 },
    ],
  ],
  'use.forgotten': [['@U0ADA00001 took back that unusual use of Salesforce CRM is expected.']],
  'finding.acknowledged': [['@U0ADA00001 acknowledged the alert about Salesforce CRM.']],
  'finding.snoozed': [
    [
      '@U0ADA00001 snoozed the alert about Salesforce CRM until 2026-03-01, saying a test.',
      { until: '2026-03-01T08:00:00.000Z', reason: 'a test' },
    ],
  ],
  'finding.woken': [['@U0ADA00001 ended the snooze of the alert about Salesforce CRM.']],
  'finding.assigned': [['@U0ADA00001 assigned the alert about Salesforce CRM to @U0BO.', { to: 'U0BO' }]],
  'finding.let-go': [
    ['@U0ADA00001 took @U0BO off the alert about Salesforce CRM.', { of: 'U0BO' }],
    ['@U0ADA00001 let go of the alert about Salesforce CRM.'],
  ],
  'finding.asked': [['@U0ADA00001 asked a manager to act on Salesforce CRM.']],
  'request.made': [
    [
      '@U0ADA00001 requested a key called Zapier with read, saying for leads.',
      { name: 'Zapier', scopes: ['read'], reason: 'for leads' },
      noKey,
    ],
  ],
  'request.approved': [
    [
      '@U0ADA00001 approved Salesforce CRM with read, for 30 days: less than @U0BO had requested.',
      { for: 'U0BO', scopes: ['read'], lifetimeDays: 30, asked: { scopes: ['write'], lifetimeDays: null } },
    ],
    ['@U0ADA00001 approved Salesforce CRM, which @U0BO had requested.', { for: 'U0BO' }],
  ],
  'request.denied': [['@U0ADA00001 denied @U0BO a key, saying no.', { for: 'U0BO', reason: 'no...' }, noKey]],
  'request.closed': [
    [
      "Keywarden closed @U0BO's request for a key called Zapier, since @U0CY is leaving.",
      { for: 'U0BO', name: 'Zapier', leaver: 'U0CY' },
      { actor: { kind: 'job', id: 'offboarding' }, ...noKey },
    ],
  ],
  'request.withdrawn': [
    ['@U0ADA00001 withdrew the request for a key called Zapier.', { name: 'Zapier' }, noKey],
  ],
  'request.lapsed': [
    [
      "Keywarden let @U0BO's request for a key called Zapier lapse, since nobody decided.",
      { for: 'U0BO', name: 'Zapier' },
      { actor: { kind: 'job', id: 'lapse' }, ...noKey },
    ],
  ],
  'holder.added': [
    ['@U0ADA00001 noted that @U0BO has Salesforce CRM, saying by mail.', { user: 'U0BO', reason: 'by mail' }],
  ],
  'holder.removed': [
    ['@U0ADA00001 noted that @U0BO does not have Salesforce CRM any more.', { user: 'U0BO' }],
  ],
  'leak.reported': [
    [
      '@U0ADA00001 noted that the whole token of Salesforce CRM has leaked, reported by @U0BO in https://git.example/x.',
      { isWhole: true, by: 'U0BO', where: 'https://git.example/x' },
    ],
    [
      '@U0ADA00001 noted a suspicion that the token of Salesforce CRM has leaked, reported by an operator (root).',
      { isWhole: false, by: 'operator:root' },
    ],
  ],
  'address.set': [
    [
      'An operator (root) said that bo@example.com is the address of @U0BO.',
      { email: 'bo@example.com', user: 'U0BO' },
      { actor: { kind: 'operator', id: 'root' }, ...noKey },
    ],
  ],
  'address.removed': [
    [
      'An operator (root) took back that bo@example.com is the address of @U0BO.',
      { email: 'bo@example.com', user: 'U0BO' },
      { actor: { kind: 'operator', id: 'root' }, ...noKey },
    ],
  ],
  'offboarding.requested': [
    [
      '@U0ADA00001 began to offboard @U0BO (shell), saying fired.',
      { user: 'U0BO', email: 'bo@example.com', source: 'shell', reason: 'fired' },
      noKey,
    ],
    [
      '@U0ADA00001 began to offboard bo@example.com (webhook).',
      { email: 'bo@example.com', source: 'webhook' },
      noKey,
    ],
  ],
  'offboarding.joined': [
    ['@U0ADA00001 asked again to offboard @U0BO (scim).', { user: 'U0BO', source: 'scim' }, noKey],
  ],
  'offboarding.completed': [
    [
      '@U0ADA00001 finished offboarding @U0BO: 3 refused, 2 rotating, 1 kept.',
      { user: 'U0BO', refused: 3, rotating: 2, kept: 1 },
      noKey,
    ],
    ['@U0ADA00001 finished offboarding @U0BO: 0 refused, 0 rotating, 0 kept.', { user: 'U0BO' }, noKey],
  ],
  'offboarding.ended': [
    ['@U0ADA00001 undid the offboarding of @U0BO.', { user: 'U0BO', because: 'undone' }, noKey],
    ['@U0ADA00001 noted that @U0BO is back.', { user: 'U0BO', because: 'returned' }, noKey],
  ],
  'message.sent-again': [['@U0ADA00001 sent 3 failed messages again.', { messages: 3 }, noKey]],
  'connection.made': [['@U0ADA00001 made the scim connection con_1.', { kind: 'scim', id: 'con_1' }, noKey]],
  'connection.revoked': [
    ['@U0ADA00001 revoked the scim connection con_1.', { kind: 'scim', id: 'con_1' }, noKey],
  ],
  'service-token.created': [
    ['@U0ADA00001 made the service token Edge (svc_1).', { id: 'svc_1', name: 'Edge' }, noKey],
  ],
  'service-token.revoked': [['@U0ADA00001 revoked the service token svc_1.', { id: 'svc_1' }, noKey]],
  'attempt.refused': [
    [
      '@U0ADA00001 tried to change the policy and was refused, and once more.',
      { action: 'policy.set', code: 'forbidden' },
      { repeated: 1 },
    ],
    [
      '@U0ADA00001 tried to edit Salesforce CRM and was refused, and 41 more times.',
      { action: 'key.edit', code: 'forbidden' },
      { repeated: 41 },
    ],
    [
      '@U0ADA00001 tried to show a key that is not here and was refused.',
      { action: 'key.show', code: 'not_found' },
      noKey,
    ],
    [
      '@U0ADA00001 tried to revoke a key and was refused.',
      { action: 'key.revoke', code: 'forbidden' },
      noKey,
    ],
    [
      'Keywarden refused a workflow that named @U0BO as leaver.',
      { action: 'offboarding.request', code: 'forbidden', user: 'U0BO', execution: 'Fx1' },
      { actor: { kind: 'job', id: 'workflow' }, ...noKey },
    ],
  ],
  'attempt.repeated': [
    [
      '@U0ADA00001 tried 1,200 more times to revoke Salesforce CRM within an hour and was refused.',
      { action: 'key.revoke', code: 'forbidden', attempts: 1_200 },
    ],
    [
      '@U0ADA00001 tried once more to connect another system within an hour and was refused.',
      { action: 'connection.make', code: 'forbidden', attempts: 1 },
      noKey,
    ],
  ],
}

const cases = Object.entries(said).flatMap(([event, all]) =>
  all.map(([sentence, details, more]) => ({ event: event as EventName, sentence, details, more })),
)

// Described within the test, or a mutant could not be attributed to it.
test.each(cases)('an auditor reads of $event: $sentence', ({ event, sentence, details, more }) => {
  expect(about(event, details, more)).toBe(sentence)
})

test('every event has a sentence even when its details are gone or of another type', () => {
  for (const event of events) {
    expect(about(event, {}, noKey)).toMatch(/^@U0ADA00001 [a-z].*\.$/)
    const wrong = { until: 5, reason: 5, name: 5, scopes: 5, changes: { name: 5 }, lifetimeDays: '5' }
    expect(about(event, wrong, noKey)).toMatch(/^@U0ADA00001 [a-z].*\.$/)
  }
  expect(about('finding.snoozed', { until: 5, reason: 5 })).toBe(
    '@U0ADA00001 snoozed the alert about Salesforce CRM until .',
  )
  expect(about('key.edited', { changes: { name: 5 } })).toBe(
    '@U0ADA00001 edited Salesforce CRM: name from nothing to nothing.',
  )
  expect(about('key.edited')).toBe('@U0ADA00001 edited Salesforce CRM: .')
  expect(about('key.issued')).toBe('@U0ADA00001 created Salesforce CRM.')
  expect(about('attempt.repeated', { action: 'key.edit' })).toBe(
    '@U0ADA00001 tried 0 more times to edit Salesforce CRM within an hour and was refused.',
  )
})

test('a key has its name of today, else the one it had then, else its id', () => {
  const then = { name: 'Old' }
  expect(about('key.revoked', then)).toBe('@U0ADA00001 revoked Salesforce CRM.')
  expect(about('key.revoked', then, { keyName: undefined })).toBe('@U0ADA00001 revoked Old.')
  expect(about('key.revoked', {}, { keyName: undefined })).toBe('@U0ADA00001 revoked key_1.')
  expect(about('key.revoked', { name: 5 }, { keyName: undefined })).toBe('@U0ADA00001 revoked key_1.')
  expect(about('key.revoked', {}, { keyName: '' })).toBe('@U0ADA00001 revoked key_1.')
  expect(about('key.revoked', {}, noKey)).toBe('@U0ADA00001 revoked a key.')
})

test('an event of a newer version is described by its name, and an attempt by its action', () => {
  expect(about('key.teleported' as EventName)).toBe('@U0ADA00001 did key.teleported.')
  for (const action of ['key.give-away', 'monkey.show', 'key.2'])
    expect(about('attempt.refused', { action, code: 'forbidden' })).toBe(
      `@U0ADA00001 tried to do ${action} and was refused.`,
    )
})

test.each(Object.keys(actions))('an attempt at %s that was refused is said in words', (action) => {
  const phrase = describe({ event: 'attempt.refused', actor: ada, details: { action, code: 'forbidden' } })
  expect(phrase).not.toContainEqual({ code: action })
})

test('what somebody typed stays data', () => {
  const name = '<!channel> *bold* | <https://x|y>'
  expect(describe({ event: 'key.revoked', actor: ada, details: {}, keyName: name })).toContainEqual({ name })
  const typed = { name, reason: `${name}.`, changes: { name: [name, ''] }, email: name, title: name }
  for (const event of events)
    for (const piece of describe({ event, actor: ada, details: typed }))
      expect(typeof piece === 'string' ? piece : '').not.toContain('<')
})
