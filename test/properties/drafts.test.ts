import { describe, expect, test } from 'vitest'
import { isRefusal, sentence } from '../../src/foundation/refusal.ts'
import { plain } from '../../src/foundation/words.ts'
import { type KeyDraft, readDraft } from '../../src/keys/issue.ts'
import { inheritedLifetime } from '../../src/keys/lifetime.ts'
import { isScope, scopes } from '../../src/keys/scope.ts'
import { readPolicy } from '../../src/policy/policy.ts'
import fc from '../setup/seeded.ts'

const policy = readPolicy({})
const good: KeyDraft = {
  name: 'Salesforce CRM',
  description: '',
  integration: '',
  scopes: ['read'],
  expiresInDays: '90',
  ownerId: 'U0BRUNO002',
}

/** Field -> sentence, as a person reads it. */
function complaints(change: Partial<KeyDraft>, rules = policy): Record<string, string> {
  const read = readDraft({ ...good, ...change }, rules)
  if (!Array.isArray(read)) return {}
  return Object.fromEntries(read.map((refusal) => [refusal.field, plain(sentence(refusal))]))
}

describe('an expiry', () => {
  test.each([[{ maximumLifetimeDays: 60 }], [{ mustExpire: 'all' }]])(
    'may not be blank where policy has %o, whatever the scopes are',
    (rules) => {
      const draft = { scopes: ['read'], expiresInDays: '' }
      expect(complaints(draft, readPolicy(rules))).toEqual({
        expires: 'Keys must expire. Enter a number of days.',
      })
    },
  )

  test.each([
    ['a lifetime that policy allows stays', 30, {}, 30],
    ['a longer one is cut', 90, { maximumLifetimeDays: 60 }, 60],
    ['none becomes the longest', null, { maximumLifetimeDays: 60 }, 60],
    ['none becomes a year where keys must expire without a limit', null, { mustExpire: 'all' }, 365],
    ['none stays where policy allows it', null, {}, null],
  ])('of a successor: %s', (_, lifetimeDays, rules, inherited) => {
    expect(inheritedLifetime(lifetimeDays, ['read'], readPolicy(rules))).toBe(inherited)
  })

  const sentenceFor = 'Enter a whole number of days from 1 to 3650.'

  test.each([
    '0',
    '-1',
    '1.5',
    '1e3',
    'abc',
    '99999',
    '3651',
    '٣',
    '１',
    '0x10',
    '+5',
    '1 0',
    'NaN',
    '9'.repeat(400),
  ])('of %s is refused on its field', (expiresInDays) =>
    expect(complaints({ expiresInDays })).toEqual({ expires: sentenceFor }),
  )

  test.each([
    ['1', 1],
    ['3650', 3650],
    [' 30 ', 30],
    ['', null],
    [' ', null],
  ])('of "%s" is taken as %s', (expiresInDays, lifetimeDays) => {
    expect(readDraft({ ...good, expiresInDays }, policy)).toMatchObject({ lifetimeDays })
  })

  test('may be blank with write only where policy lets it', () => {
    const draft = { scopes: ['read', 'write'], expiresInDays: '' }
    expect(complaints(draft)).toEqual({ expires: 'Write keys must expire. Enter a number of days.' })
    expect(complaints(draft, readPolicy({ mustExpire: 'none' }))).toEqual({})
  })
})

test.each([
  [[], 'Choose at least one scope.'],
  [['admin'], 'There is no scope called admin.'],
  [['read', 'READ'], 'There is no scope called READ.'],
  [['__proto__'], 'There is no scope called __proto__.'],
  [['x'.repeat(4000)], `There is no scope called ${'x'.repeat(40)}.`],
])('scopes %j are refused on their field', (chosen, complaint) => {
  expect(complaints({ scopes: chosen })).toEqual({ scopes: complaint })
})

test('a name, description or integration that is too long is refused on its own field, all at once', () => {
  const long = { name: 'n'.repeat(81), description: 'd'.repeat(301), integration: 'i'.repeat(81) }
  expect(complaints(long)).toEqual({
    name: 'Use at most 80 characters.',
    description: 'Use at most 300 characters.',
    integration: 'Use at most 80 characters.',
  })
})

test('whatever is submitted becomes a request that follows every rule, or sentences on fields of the form', () => {
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary', maxLength: 400 }),
    fc.constantFrom('', ' ', '7'),
  )
  const drafts = fc.record({
    name: text,
    description: text,
    integration: text,
    scopes: fc.array(fc.oneof(fc.constantFrom<string>(...scopes), text), { maxLength: 7 }),
    expiresInDays: fc.oneof(text, fc.integer().map(String), fc.double().map(String)),
    ownerId: fc.constant('U0BRUNO002'),
  })
  const fields = ['name', 'description', 'integration', 'scopes', 'expires']
  fc.assert(
    fc.property(drafts, (draft) => {
      const read = readDraft(draft, policy)
      if (Array.isArray(read)) {
        expect(read.length).toBeGreaterThan(0)
        for (const refusal of read) {
          expect(isRefusal(refusal)).toBe(true)
          expect(fields).toContain(refusal.field)
          expect(plain(sentence(refusal)).length).toBeLessThan(150)
        }
        return
      }
      expect(read.scopes.length).toBeGreaterThan(0)
      expect(read.scopes.every(isScope)).toBe(true)
      expect(new Set(read.scopes).size).toBe(read.scopes.length)
      expect(read.lifetimeDays === null || (read.lifetimeDays >= 1 && read.lifetimeDays <= 365)).toBe(true)
      if (read.scopes.includes('write')) expect(read.lifetimeDays).not.toBeNull()
      for (const words of [read.name, read.description, read.integration])
        expect(words).not.toMatch(/[\p{Cc}\p{Cs}]/u)
    }),
    { numRuns: 1000 },
  )
})
