import { expect, test } from 'vitest'
import { makeStorable } from '../../src/foundation/storable.ts'
import { readPatch } from '../../src/http/scim-read.ts'

test('what has a name that the database cannot keep is left out, at any depth, and the rest stays', () => {
  const value = JSON.parse(
    '{"a\\u0000":"revoke","b":{"\\ud800":1,"c":"x\\u0000y"},"list":[{"\\udc00":[]}],"__proto__":{"d\\u0000":1}}',
  )
  expect(makeStorable(value)).toBe(true)
  expect(JSON.stringify(value)).toBe('{"b":{"c":"xy"},"list":[{}],"__proto__":{}}')
})

test.each([[['active']], [{ value: 'active' }], [5], [true]])(
  'a SCIM path that is %j is refused, and not passed over as if it named nothing',
  (path) => {
    const patch = { Operations: [{ op: 'replace', path, value: false }] }
    expect(readPatch(patch)).toMatchObject({ change: {}, wrong: 'path is text.', scimType: 'invalidPath' })
  },
)

test('a leaver beside a SCIM path that is no text is inactive all the same', () => {
  const Operations = [
    { op: 'replace', path: ['name'], value: 'x' },
    { op: 'replace', path: 'active', value: 'False' },
  ]
  expect(readPatch({ Operations })).toMatchObject({ change: { active: false }, wrong: 'path is text.' })
})
