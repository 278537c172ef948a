import { describe, expect, test } from 'vitest'
import { isRefusal } from '../../src/foundation/refusal.ts'
import { normaliseName, readName } from '../../src/keys/name.ts'
import { readCommand } from '../../src/slack/words.ts'
import fc from '../setup/seeded.ts'

/** Typed text reaches an app with these three characters escaped. */
const bySlack = (text: string) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')

const names = fc
  .oneof(
    fc.string({ unit: 'grapheme', maxLength: 60 }),
    fc.string({
      unit: fc.constantFrom('a', 'B', ' ', '"', "'", '“', '’', 'in:', '&', '<', '>'),
      maxLength: 30,
    }),
    fc.constantFrom('Plug in:Berlin', 'O’Brien', '"quoted"', '<!channel>', '&amp;', 'in:here', "it's"),
  )
  .map(readName)
  .filter((name): name is string => !isRefusal(name))

test('a name between quotes is found again, whatever it is made of and however the quotes are curled', () => {
  const quotes = fc.constantFrom(['"', '"'], ['“', '”'], ["'", "'"], ['‘', '’'])
  fc.assert(
    fc.property(names, quotes, (name, [open, close]) => {
      const typed = readCommand(bySlack(`revoke ${open}${name}${close}`))
      expect(typed).toEqual({ verb: 'revoke', words: expect.any(String) })
      expect(normaliseName(typed.words)).toBe(normaliseName(name))
    }),
    { numRuns: 1000 },
  )
})

test('a name without quotes is found again when it neither begins nor ends with one, nor names a workspace', () => {
  fc.assert(
    fc.property(names, (name) => {
      fc.pre(!/^["'“”‘’„‟‚‛]|(^|\s)in:/i.test(name))
      expect(normaliseName(readCommand(bySlack(`show   ${name} `)).words)).toBe(normaliseName(name))
    }),
    { numRuns: 1000 },
  )
})

describe.each(['in:Platform', 'in:"Platform"', 'IN:“Platform”'])('the workspace in %s', (where) => {
  test.each([
    [`list ${where}`, 'list', ''],
    [`show Salesforce CRM ${where}`, 'show', 'Salesforce CRM'],
    [`show ${where} Salesforce CRM`, 'show', 'Salesforce CRM'],
  ])('is read from %s', (text, verb, words) => {
    expect(readCommand(text)).toEqual({ verb, words, workspace: 'Platform' })
  })
})

test.each([
  ['', '', ''],
  ['   ', '', ''],
  ['HELP', 'help', ''],
  ['Delete\tX', 'delete', 'X'],
  ['show a\0b\nc', 'show', 'a b c'],
  ['show ""', 'show', ''],
  ['show "', 'show', '"'],
])('%j is read as the verb "%s" and the words "%s"', (text, verb, words) => {
  expect(readCommand(text)).toEqual({ verb, words })
})

test('no text makes reading it throw or slow, and no control character gets through', () => {
  const texts = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 4000 }),
    fc.string({ unit: fc.constantFrom(' ', '"', 'in:', "'", '\n'), maxLength: 4000 }),
  )
  fc.assert(
    fc.property(texts, (text) => {
      const { verb, words, workspace = '' } = readCommand(text)
      expect(verb + words + workspace).not.toMatch(/\p{Cc}/u)
    }),
  )
})
