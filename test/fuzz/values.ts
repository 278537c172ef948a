import fc from 'fast-check'

/** Text that somebody sends by mistake or on purpose: each has broken a program somewhere. */
const known = [
  ...['', ' ', '\0', 'a\0b', '\ud800', 'x\udc00y', '\ufeff', '\u202eevil', '\u001b[2K\r', '\u2028', '\r\n'],
  ...['__proto__', 'constructor', 'toString', 'null', 'undefined', 'NaN', 'true', '0', '-1', '1e400'],
  ...['99999999999999999999', '9223372036854775808', '2147483648', '0.1', '١٢', '½'],
  ...[
    '0000-01-01T00:00:00Z',
    '9999-12-31T23:59:59Z',
    '+275760-09-13T00:00:00Z',
    '294277-01-01',
    '2026-02-30',
  ],
  ...[
    "';drop table keys;--",
    '%s',
    '$1',
    '?',
    '{{x}}',
    '<@U0ADA00001>',
    '<!channel>',
    '*_~`',
    '../../etc/passwd',
  ],
  ...['=1+1', '\t=1', 'ﬀ', 'İ', 'ß', '👨‍👩‍👧‍👦', 'é', 'ﷺ'.repeat(40), 'x'.repeat(300), 'é'.repeat(4_000)],
]

export const oddText: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...known) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 200 }) },
)

const nested = (open: string, close: string) =>
  fc.constantFrom(3, 40, 3_000).map((depth) => `${open.repeat(depth)}1${close.repeat(depth)}`)

/** JSON as text, so that a name can be `__proto__`, stand twice, and numbers be beyond any. */
export const oddJson: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: oddText.map((text) => JSON.stringify(text)) },
  {
    weight: 2,
    arbitrary: fc.constantFrom('1e400', '-0', '99999999999999999999', '0.5', '-1', '9007199254740993'),
  },
  { weight: 2, arbitrary: fc.constantFrom('null', 'true', 'false', '[]', '{}', '[null]', '[[]]') },
  { weight: 1, arbitrary: nested('[', ']') },
  { weight: 1, arbitrary: nested('{"value":', '}') },
)

/** One of these texts, as JSON. */
export const text = (...texts: string[]): fc.Arbitrary<string> =>
  fc.constantFrom(...texts).map((one) => JSON.stringify(one))

export const list = (of: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.array(of, { maxLength: 4 }).map((all) => `[${all.join(',')}]`)

const pollution = [
  '"__proto__":{"polluted":1,"active":false,"key":"x"}',
  '"constructor":{"prototype":{"polluted":1}}',
]

/**
 * An object with these fields: as it should be, or each at times with anything in its place, or left out, and at times
 * with more.
 */
export function object(fields: Record<string, fc.Arbitrary<string>>): fc.Arbitrary<string> {
  const written = (name: string, value: fc.Arbitrary<string>) =>
    value.map((json) => `${JSON.stringify(name)}:${json}`)
  const whole = Object.entries(fields).map(([name, value]) => written(name, value))
  const mutated = Object.entries(fields).map(([name, value]) =>
    fc.oneof(
      { weight: 6, arbitrary: written(name, value) },
      { weight: 1, arbitrary: written(name, oddJson) },
      { weight: 1, arbitrary: fc.constant('') },
    ),
  )
  const more = fc.oneof(
    { weight: 4, arbitrary: fc.constant('') },
    { weight: 1, arbitrary: fc.constantFrom(...pollution) },
    {
      weight: 1,
      arbitrary: fc.tuple(oddText, oddJson).map(([name, value]) => `${JSON.stringify(name)}:${value}`),
    },
  )
  return fc
    .oneof({ weight: 2, arbitrary: fc.tuple(...whole) }, { weight: 1, arbitrary: fc.tuple(...mutated, more) })
    .map((parts) => `{${parts.filter((part) => part !== '').join(',')}}`)
}

/** The text as bytes: at times cut, or with a byte that no UTF-8 has. */
export const bytes = (of: fc.Arbitrary<string>): fc.Arbitrary<Buffer> =>
  fc
    .tuple(of, fc.nat(), fc.constantFrom('', '', '', '', '', '', '', 'cut', 'byte'))
    .map(([whole, at, how]) => {
      const all = Buffer.from(whole)
      const where = all.length === 0 ? 0 : at % all.length
      if (how === 'cut') return all.subarray(0, where)
      return how === 'byte'
        ? Buffer.concat([all.subarray(0, where), Buffer.from([0xff]), all.subarray(where)])
        : all
    })

/** What a header can carry of a text. */
export const header = (value: string): string => value.replace(/[^\x20-\x7e\x80-\xff]/g, '').trim()

/** Half a character as what it becomes on its way. */
export const wellFormed = (value: string): string => Buffer.from(value).toString()
