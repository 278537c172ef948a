import { describe, expect, test } from 'vitest'
import { isRefusal } from '../../src/foundation/refusal.ts'
import { normaliseName, readName, tidy } from '../../src/keys/name.ts'
import fc from '../setup/seeded.ts'

/** Any string of UTF-16 units, halves of characters included, and the characters that make trouble. */
const anything = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 120 }),
  fc.string({ unit: 'grapheme', maxLength: 120 }),
  fc.string({
    unit: fc.constantFrom(
      ...['\0', '\n', '\t', ' ', '\u00a0', '\u2028', '\u200b', '\u200d', '\u202e', '\u2066', '\u2069'],
      ...[
        '\ufeff',
        '\u3164',
        '\u115f',
        '\ufe0f',
        '\u2800',
        '\u{e0041}',
        '\ud83d',
        '\udd11',
        'İ',
        'ß',
        'ﬁ',
        'Å',
      ],
      ...['a', 'A', 'e\u0301', 'é', '“', '"', '’', "'", '<!channel>', '*', '&lt;', '🔑', 'ש', '١'],
    ),
    maxLength: 60,
  }),
)

describe('a folded name', () => {
  test('does not change when it is folded again', () => {
    fc.assert(
      fc.property(anything, (text) => {
        expect(normaliseName(normaliseName(text))).toBe(normaliseName(text))
      }),
      { numRuns: 2000 },
    )
  })

  test('is the same before and after the name was tidied', () => {
    fc.assert(
      fc.property(anything, (text) => {
        expect(normaliseName(tidy(text))).toBe(normaliseName(text))
      }),
      { numRuns: 2000 },
    )
  })

  test('does not see case, spaces around, invisible characters, curls, or how a letter is composed', () => {
    fc.assert(
      fc.property(anything, (text) => {
        const same = [` ${text}\t`, `\u200b${text}\u2060`, text.normalize('NFD'), text.normalize('NFKC')]
        for (const other of same) expect(normaliseName(other)).toBe(normaliseName(text))
      }),
    )
    expect(normaliseName('SALESFORCE\u00a0 ﬁne\u200d “CRM”')).toBe(normaliseName('salesforce fine "crm"'))
    expect(normaliseName('Ｓａｌｅｓ')).toBe('sales')
  })

  test('keeps apart what reads differently', () => {
    const names = ['Salesforce', 'Salesforc', 'Sales force', 'Salesforce 2', 'Sälesforce', '🔑', '🗝️', 'שלום']
    expect(new Set(names.map(normaliseName)).size).toBe(names.length)
  })
})

describe('a name that is accepted', () => {
  const accepted = (text: string) => {
    const name = readName(text)
    fc.pre(!isRefusal(name))
    return name as string
  }

  test('has 1 to 80 characters, of which somebody can see at least one, on one line', () => {
    fc.assert(
      fc.property(anything, (text) => {
        const name = accepted(text)
        expect([...name].length).toBeGreaterThanOrEqual(1)
        expect([...name].length).toBeLessThanOrEqual(80)
        expect(normaliseName(name)).not.toBe('')
        expect(name).not.toMatch(/[\p{Cc}\u2028\u2029]|^\s|\s$|\s\s/u)
      }),
    )
  })

  test('is whole characters, so that it survives JSON, UTF-8 and the database', () => {
    fc.assert(
      fc.property(anything, (text) => {
        const name = accepted(text)
        expect(Buffer.from(name).toString('utf8')).toBe(name)
        expect(JSON.stringify(name)).not.toMatch(/\\ud[89a-f]/i)
      }),
    )
  })

  test('is accepted again as it is', () => {
    fc.assert(
      fc.property(anything, (text) => {
        expect(readName(accepted(text))).toBe(accepted(text))
      }),
    )
  })
})

test.each([
  ['nothing', ''],
  ['spaces', ' \u00a0\u2003'],
  ['what nobody sees', '\u200b\u2060\ufeff\u3164\u2800\u{e0041}\u202e'],
  ['control characters', '\0\u0007\n'],
  ['half a character', '\ud83d'],
])('a name of %s is refused on its field', (_what, text) => {
  expect(readName(text)).toMatchObject({ code: 'invalid', field: 'name', message: ['Give the key a name.'] })
})

test('80 characters are accepted and 81 are refused, be they letters or emoji', () => {
  for (const character of ['a', 'é', '🔑', 'ש']) {
    expect(readName(character.repeat(80))).toBe(character.repeat(80))
    expect(readName(character.repeat(81))).toMatchObject({ message: ['Use at most 80 characters.'] })
  }
})
