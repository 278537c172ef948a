import { expect, test } from 'vitest'
import { readFilter } from '../../src/http/scim-filter.ts'
import { readPatch, readUser } from '../../src/http/scim-read.ts'
import fc from '../setup/seeded.ts'

const known = ['active', 'userName', 'externalId', 'displayName', 'givenName', 'familyName', 'email']

/** JSON in which names that reach prototypes are as likely as those that mean something. */
const names = fc.constantFrom(
  '__proto__',
  'constructor',
  'prototype',
  'active',
  'Operations',
  'op',
  'path',
  'value',
  'emails',
  'name',
  'userName',
  'toString',
)
const json = fc.letrec<{ any: unknown }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, false, 0, 'False', 'active', 'replace', '__proto__.active', 'x'),
    fc.array(tie('any'), { maxLength: 4 }),
    fc.array(fc.tuple(names, tie('any')), { maxLength: 5 }).map((pairs) => {
      // As JSON.parse makes it: __proto__ is a property of its own.
      const texts = pairs.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`)
      return JSON.parse(`{${texts.join(',')}}`)
    }),
  ),
})).any

test('no body throws, reaches a prototype, or brings a property that we do not know', () => {
  fc.assert(
    fc.property(json, (body) => {
      for (const { change } of [readPatch(body), readUser(body)]) {
        expect(known).toEqual(expect.arrayContaining(Object.keys(change)))
        expect(Object.getPrototypeOf(change)).toBe(Object.prototype)
      }
      expect(Object.keys(Object.prototype)).toEqual([])
      expect(({} as Record<string, unknown>).active).toBeUndefined()
    }),
    { numRuns: 2_000 },
  )
})

test('a last operation that deactivates is read whatever comes before it', () => {
  const forms = fc.constantFrom<Record<string, unknown>>(
    { op: 'replace', value: { active: false } },
    { op: 'Replace', path: 'active', value: 'False' },
    { op: 'remove', path: 'urn:ietf:params:scim:schemas:core:2.0:User:active' },
  )
  fc.assert(
    fc.property(fc.array(json, { maxLength: 5 }), forms, (before, last) => {
      expect(readPatch({ Operations: [...before, last] }).change.active).toBe(false)
    }),
    { numRuns: 1_000 },
  )
})

test('no filter throws, and one that is served is read to its end', () => {
  fc.assert(fc.property(fc.string(), (text) => void readFilter(text)))
  expect(readFilter('userName eq "a\\"b" and active eq "True"')).toEqual([
    { field: 'userName', equals: 'a"b' },
    { field: 'active', equals: true },
  ])
  expect(readFilter('userName eq "a" and')).toBeUndefined()
  expect(readFilter('userName eq "a" or active eq true')).toBeUndefined()
})
