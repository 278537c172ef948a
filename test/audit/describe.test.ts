import { expect, test } from 'vitest'
import { type Describable, describe } from '../../src/audit/describe.ts'
import { type EventName, events } from '../../src/audit/events.ts'
import { plain } from '../../src/foundation/words.ts'

const ada = { kind: 'member', id: 'U0ADA00001', role: 'owner' } as const
const about = (event: EventName, details: Record<string, unknown> = {}, more: Partial<Describable> = {}) =>
  plain(describe({ event, actor: ada, details, keyId: 'key_1', keyName: 'Salesforce CRM', ...more }))

test.each<[string, string]>([
  [
    about('role.set', { user: 'U0BO', role: 'owner', before: 'member' }),
    '@U0ADA00001 made @U0BO an owner (before: member).',
  ],
  [
    about('group-role.set', { group: 'S0OPS', role: 'manager', before: null }),
    '@U0ADA00001 made everyone in the group S0OPS a manager.',
  ],
  [
    about('group-role.set', { group: 'S0OPS', role: null, before: 'manager' }),
    '@U0ADA00001 removed the manager role from the group S0OPS.',
  ],
  [
    about('policy.set', { changes: { rotationPeriodDays: [90, 60], writeNeedsApproval: [false, true] } }),
    '@U0ADA00001 changed the policy: rotation period days from 90 to 60, write needs approval from false to true.',
  ],
  [
    about('key.issued', { owner: 'U0BO', scopes: ['read', 'write'], lifetimeDays: 1 }),
    '@U0ADA00001 created Salesforce CRM for @U0BO with read, write, for 1 day.',
  ],
  [
    about('key.issued', { owner: 'U0ADA00001', scopes: ['read'], lifetimeDays: null }),
    '@U0ADA00001 created Salesforce CRM with read, never expiring.',
  ],
  [
    about('key.issued', { predecessor: 'key_0', owner: 'U0BO', scopes: ['read'] }),
    '@U0ADA00001 created the replacement for Salesforce CRM for @U0BO.',
  ],
  [
    about('key.edited', {
      changes: { name: ['Old', 'New'], ownerId: ['U0ADA00001', 'U0BO'], description: ['', 'Syncs'] },
    }),
    '@U0ADA00001 edited Salesforce CRM: name from Old to New, owner from @U0ADA00001 to @U0BO, description from nothing to Syncs.',
  ],
  [
    about('key.lapsed', {}, { actor: { kind: 'job', id: 'lapse' } }),
    'Keywarden closed Salesforce CRM, which nobody had revealed in time.',
  ],
  [
    about('key.revoked', {}, { actor: { kind: 'operator', id: 'root' } }),
    'An operator (root) revoked Salesforce CRM.',
  ],
  [about('key.revoked', {}, { keyName: undefined }), '@U0ADA00001 revoked key_1.'],
  [
    about('request.made', { name: 'Zapier', scopes: ['read'], reason: 'for leads' }),
    '@U0ADA00001 requested a key called Zapier with read, saying for leads.',
  ],
  [about('message.sent-again', { messages: 3 }, {}), '@U0ADA00001 sent 3 failed messages again.'],
  [about('request.denied', { for: 'U0BO', reason: 'no.' }), '@U0ADA00001 denied @U0BO a key, saying no.'],
  [
    about('attempt.refused', { action: 'policy.set', code: 'forbidden' }, { repeated: 1 }),
    '@U0ADA00001 tried to change the policy and was refused, and once more.',
  ],
  [
    about(
      'attempt.refused',
      { action: 'key.show', code: 'not_found' },
      { keyId: undefined, keyName: undefined },
    ),
    '@U0ADA00001 tried to show a key that is not here and was refused.',
  ],
  [
    about(
      'attempt.refused',
      { action: 'key.revoke', code: 'forbidden' },
      { keyId: undefined, keyName: undefined },
    ),
    '@U0ADA00001 tried to revoke a key and was refused.',
  ],
  [
    about('attempt.repeated', { action: 'key.revoke', code: 'forbidden', attempts: 1200 }),
    '@U0ADA00001 tried 1,200 more times to revoke Salesforce CRM within an hour and was refused.',
  ],
])('%s', (described, expected) => {
  expect(described).toBe(expected)
})

test('every event has a sentence even when its details are gone', () => {
  for (const event of events)
    expect(about(event, {}, { keyName: undefined, keyId: undefined })).toMatch(/^@U0ADA00001 [a-z].*\.$/)
})

test('an event of a newer version is described by its name', () => {
  expect(about('key.teleported' as EventName)).toBe('@U0ADA00001 did key.teleported.')
})

test('what somebody typed stays data', () => {
  const name = '<!channel> *bold* | <https://x|y>'
  expect(describe({ event: 'key.revoked', actor: ada, details: {}, keyName: name })).toContainEqual({ name })
})
