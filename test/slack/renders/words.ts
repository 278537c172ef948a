import fc from '../../setup/seeded.ts'

export const now = new Date('2027-03-10T12:00:00Z')
const hourMs = 3_600_000

export const moment = fc
  .integer({ min: -400 * 24, max: 400 * 24 })
  .map((hours) => new Date(now.getTime() + hours * hourMs))
export const perhaps = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null })
export const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })

const users = ['U0ADA00001', 'U0BRUNO002', 'U0CHIDI003', 'U0DANA0004', 'W0EMRE0005']
export const user = fc.constantFrom(...users)
export const jobOrUser = fc.oneof(
  { weight: 3, arbitrary: user },
  fc.constantFrom('job:rotation', 'operator:root'),
)

/** Ids as the product makes them, so that one in a sentence is recognised. */
export const id = (prefix: string) =>
  fc.uuid().map((uuid) => `${prefix}_${uuid.replaceAll('-', '').slice(0, 20)}`)
export const rawId = /\b(?:[UWCG]0[A-Z0-9]{6,}|[a-z]{2,8}_[0-9a-f]{20})\b/

/** What breaks sentences: markup, directions, control and invisible characters, many units a character, nothing. */
const odd = [
  '',
  ' ',
  '<!channel>',
  '<@UTYPED>',
  '<https://x.example|y>',
  '&amp; & < >',
  '*bold* _it_ ~no~ `code`',
  '> quote\n- list',
  '```',
  'שלום עולם',
  'مفتاح جديد',
  'abc\u202edef',
  '\u2067right\u2066',
  '\u2069\u2069out',
  '\u200b\u200d\ufeff',
  '\u0000\u0007\u001b[31m',
  'one\ntwo\r\nthree',
  '🔑🏽',
  '👩‍👩‍👧‍👦',
  'e\u0301\u0301\u0301',
  ':key: :warning:',
] as const

const any = fc.oneof(
  { weight: 3, arbitrary: fc.string({ minLength: 1, maxLength: 24 }) },
  { weight: 2, arbitrary: fc.string({ unit: 'grapheme', maxLength: 24 }) },
  { weight: 3, arbitrary: fc.constantFrom<string[]>(...odd) },
)

/** Texts of at most so many characters, some of which use them all, each of two units. */
const upTo = (max: number) =>
  fc.oneof(
    { weight: 6, arbitrary: any.map((text) => [...text].slice(0, max).join('')) },
    {
      weight: 1,
      arbitrary: fc.constantFrom('a'.repeat(max), '🔑'.repeat(max), 'ש'.repeat(max), '<'.repeat(max)),
    },
  )

/** The name of a key, an integration, a workspace: as much as their fields take. */
export const name = upTo(80)
/** A description, a reason, a note. */
export const words = upTo(300)
/** What its field does not limit, and what is cut before it is kept. */
export const longWords = fc.oneof(
  { weight: 8, arbitrary: words },
  { weight: 1, arbitrary: fc.constantFrom('a'.repeat(3_000), '🔑'.repeat(1_500)) },
)
export const hint = fc.constantFrom('tml_Ab3d...', 'tml_zz9A...')
/** A channel as policy has it: the name that is set at first, or the id that somebody chose. */
export const channel = fc.constantFrom('security-alerts', 'C0SECURITY', 'אבטחה')
export const count = fc.oneof(fc.constantFrom(0, 1, 2), fc.nat({ max: 3_000_000_000 }))
export const network = fc.constantFrom('10.0.0.0/24', '2001:db8:ffff:ffff::/48', 'other', 'unknown')
export const client = fc.oneof(fc.constantFrom('python-requests', 'other', 'unknown'), upTo(80))
export const timeZone = fc.constantFrom('Europe/Berlin', 'UTC', 'America/St_Johns', 'Australia/Lord_Howe')

/** Mostly few of them, sometimes hundreds. */
export const many = <T>(one: fc.Arbitrary<T>, max: number) =>
  fc.oneof(
    { weight: 8, arbitrary: fc.array(one, { maxLength: Math.min(4, max) }) },
    {
      weight: 1,
      arbitrary: one.chain((first) =>
        fc.array(one, { maxLength: 12 }).map((more) => filled([first, ...more], max)),
      ),
    },
  )

/** The same few over and over: what counts is how many there are. */
const filled = <T>(some: readonly T[], max: number): T[] =>
  Array.from({ length: max }, (_, i) => some[i % some.length]!)
