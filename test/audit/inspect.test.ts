import { expect, test } from 'vitest'
import { beginning, type Entry, type Link } from '../../src/audit/chain.ts'
import type { Break, Vouched } from '../../src/audit/inspect.ts'
import fc from '../setup/seeded.ts'
import { chainOf, five, inspect, pick, rehashed, replaceAt, vouchedAt } from './chains.ts'

const found = (links: readonly Link[], options: { vouched?: Vouched; partial?: boolean } = {}) =>
  inspect(links, options).breaks.map(({ kind, from, to }) => `${kind} ${from}-${to}`)

const changed = (seq: number, change: Partial<Link>) =>
  five.map((link) => (link.seq === seq ? { ...link, ...change } : link))

test.each<[string, readonly Link[], string[]]>([
  ['a whole chain', five, []],
  ['a text altered', changed(3, { body: 'x' }), ['altered 3-3']],
  ['a hash altered', changed(3, { hash: 'f'.repeat(64) }), ['altered 3-3']],
  ['a link altered', changed(3, { previousHash: 'f'.repeat(64) }), ['altered 3-3']],
  ['a text and its hash altered', changed(3, rehashed({ ...five[2]!, body: 'x' })), ['altered 3-4']],
  [
    'the first altered with its link',
    changed(1, rehashed({ ...five[0]!, previousHash: five[4]!.hash })),
    ['altered 1-1', 'altered 1-2'],
  ],
  ['one removed', pick(1, 2, 4, 5), ['removed 3-3']],
  ['several removed', pick(1, 5), ['removed 2-4']],
  ['the beginning removed', pick(4, 5), ['removed 1-3']],
  ['two swapped', pick(1, 3, 2, 4, 5), ['reordered 2-2']],
  [
    'all turned round',
    pick(5, 4, 3, 2, 1),
    ['reordered 1-1', 'reordered 2-2', 'reordered 3-3', 'reordered 4-4'],
  ],
  ['one repeated at once', pick(1, 2, 2, 3, 4, 5), ['inserted 2-2']],
  ['one repeated later', pick(1, 2, 3, 1, 4, 5), ['inserted 1-1']],
  ['one moved and one removed', pick(1, 4, 2, 5), ['reordered 2-2', 'removed 3-3']],
  [
    'one forged after the genuine one',
    [...pick(1, 2), rehashed({ ...five[1]!, body: 'x' }), ...pick(3, 4, 5)],
    ['inserted 2-2'],
  ],
  [
    'one forged before the genuine one',
    [...pick(1), rehashed({ ...five[1]!, body: 'x' }), ...pick(2, 3, 4, 5)],
    ['inserted 2-2'],
  ],
  [
    'one forged that hangs together with nothing',
    [...pick(1), { ...five[1]!, body: 'x' }, ...pick(2, 3, 4, 5)],
    ['inserted 2-2'],
  ],
  [
    'one moved and altered',
    [...pick(1, 3), { ...five[1]!, body: 'x' }, ...pick(4, 5)],
    ['reordered 2-2', 'altered 2-2'],
  ],
  [
    'one moved and replaced',
    [...pick(1, 3), rehashed({ ...five[1]!, body: 'x' }), ...pick(4, 5)],
    ['reordered 2-2', 'altered 2-2'],
  ],
])('%s', (_name, links, expected) => {
  expect(found(links)).toEqual(expected)
})

test('a chain that was cut or rewritten whole hangs together, and only a checkpoint knows better', () => {
  const cut = pick(1, 2, 3)
  expect(found(cut)).toEqual([])
  expect(found(cut, { vouched: vouchedAt(five[4]!) })).toEqual(['truncated 4-5'])
  expect(found([], { vouched: vouchedAt(five[4]!) })).toEqual(['truncated 1-5'])
  const rewritten = chainOf(['a', 'b', 'x', 'd', 'e'])
  expect(found(rewritten)).toEqual([])
  expect(found(rewritten, { vouched: vouchedAt(five[1]!, five[3]!, five[4]!) })).toEqual(['altered 3-4'])
  const cutAndGrown = chainOf(['a', 'b', 'c', 'new', 'new', 'new'])
  expect(found(cutAndGrown, { vouched: vouchedAt(five[4]!) })).toEqual(['altered 1-5'])
})

test.each<[string, readonly Entry[], Break[], Vouched?]>([
  ['that it is missing', pick(1, 2, 4, 5), [{ kind: 'removed', from: 3, to: 3, why: 'it is missing' }]],
  ['that they are missing', pick(1, 5), [{ kind: 'removed', from: 2, to: 4, why: 'they are missing' }]],
  [
    'which text was altered, and in which line',
    changed(3, { body: 'x' }).map((link) => ({ ...link, line: link.seq + 1 })),
    [{ kind: 'altered', from: 3, to: 3, line: 4, why: 'its text does not match its hash' }],
  ],
  [
    'which column contradicts its text',
    five.map((link) => (link.seq === 3 ? { ...link, contradiction: 'actor does not say it' } : link)),
    [{ kind: 'altered', from: 3, to: 3, why: 'actor does not say it' }],
  ],
  [
    'that the first follows another',
    [rehashed({ ...five[0]!, previousHash: five[4]!.hash })],
    [{ kind: 'altered', from: 1, to: 1, why: 'it is not the first of a chain' }],
  ],
  [
    'between which two the hashes do not lead on',
    [...pick(1), rehashed({ ...five[1]!, body: 'x' }), ...pick(3)],
    [{ kind: 'altered', from: 2, to: 3, why: 'event 3 follows another event 2 than this one' }],
  ],
  [
    'how many have one number',
    pick(1, 2, 2, 3),
    [{ kind: 'inserted', from: 2, to: 2, why: 'there are 2 events with this number' }],
  ],
  [
    'that one stands there already',
    pick(1, 2, 3, 1),
    [{ kind: 'inserted', from: 1, to: 1, why: 'an event with this number stands further up' }],
  ],
  [
    'that one stands too late',
    pick(1, 3, 2),
    [{ kind: 'reordered', from: 2, to: 2, why: 'it stands after a later event' }],
  ],
  [
    'that one stands too late and is forged',
    [...pick(1, 3), rehashed({ ...five[1]!, body: 'x' })],
    [
      { kind: 'reordered', from: 2, to: 2, why: 'it stands after a later event' },
      { kind: 'altered', from: 2, to: 2, why: 'it does not fit to its neighbours' },
    ],
  ],
  [
    'whom it contradicts',
    five,
    [{ kind: 'altered', from: 1, to: 4, why: 'the checkpoint has another hash for event 4' }],
    vouchedAt({ ...five[3]!, hash: 'f'.repeat(64) }),
  ],
  [
    'where the chain ends, and where it should',
    pick(1, 2, 3),
    [
      {
        ...{ kind: 'truncated', from: 4, to: 5 },
        why: 'the chain ends at event 3, and the checkpoint counts 5',
      },
    ],
    vouchedAt(five[4]!),
  ],
])('a break says %s', (_, entries, breaks, vouched = new Map()) => {
  expect(inspect(entries, { vouched }).breaks).toEqual(breaks)
})

test.each<[string, readonly Link[], string[]]>([
  ['after the first of two gaps', pick(1, 3, 5, 2), ['reordered 2-2', 'removed 4-4']],
  ['after the second of two gaps', pick(1, 3, 5, 4), ['removed 2-2', 'reordered 4-4']],
  ['into the midst of a gap', pick(1, 5, 3), ['removed 2-2', 'reordered 3-3', 'removed 4-4']],
  ['although it stands before the gap', pick(1, 2, 4, 1, 5), ['inserted 1-1', 'removed 3-3']],
  [
    'with a link of its own',
    [...pick(1, 5), rehashed({ ...five[1]!, previousHash: 'f'.repeat(64) })],
    ['reordered 2-2', 'altered 2-2', 'removed 3-4'],
  ],
])('an event that comes late %s closes no more than its own place', (_, links, expected) => {
  expect(found(links)).toEqual(expected)
})

test('breaks are in the order of the chain, the shorter of two that begin alike first', () => {
  const forged = (seq: number): Vouched => new Map([[seq, { hash: 'f'.repeat(64), by: 'the checkpoint' }]])
  const relinked = changed(3, rehashed({ ...five[2]!, previousHash: 'f'.repeat(64) }))
  expect(found(relinked, { vouched: forged(5) })).toEqual(['altered 1-5', 'altered 2-3', 'altered 3-4'])
  expect(found(pick(2, 3, 4, 1), { vouched: forged(3) })).toEqual(['reordered 1-1', 'altered 1-3'])
})

test('an event that follows after a gap does not say which of two was genuine', () => {
  const twin = rehashed({ ...five[1]!, body: 'x' })
  const links = [...pick(1, 2), twin, rehashed({ ...five[4]!, previousHash: twin.hash })]
  expect(found(links, { vouched: vouchedAt(five[1]!) })).toEqual(['inserted 2-2', 'removed 3-4'])
})

test('the last event is counted, and none of no events', () => {
  expect(inspect(pick(1, 2, 4))).toMatchObject({ events: 3, last: 4 })
  expect(inspect([])).toMatchObject({ events: 0, last: 0 })
})

test('up to where a checkpoint vouches is said', () => {
  expect(inspect(five, { vouched: vouchedAt(five[1]!, five[3]!) }).vouched).toEqual({
    seq: 4,
    by: 'the checkpoint',
  })
  expect(inspect(five).vouched).toBeUndefined()
  // One that comes late is vouched for too, and no later than the others.
  expect(inspect(pick(1, 3, 4, 5, 2), { vouched: vouchedAt(five[1]!, five[3]!) }).vouched).toMatchObject({
    seq: 4,
  })
})

test('a partial export may have gaps, but no event of it may differ', () => {
  const partial = { partial: true, vouched: vouchedAt(five[4]!) }
  expect(found(pick(2, 4), partial)).toEqual([])
  expect(found([five[1]!, { ...five[3]!, body: 'x' }], partial)).toEqual(['altered 4-4'])
  expect(found([five[1]!, rehashed({ ...five[2]!, previousHash: beginning })], partial)).toEqual([
    'altered 2-3',
  ])
  expect(found(pick(4, 2), partial)).toEqual(['reordered 2-2'])
  expect(found(pick(2, 2, 4), partial)).toEqual(['inserted 2-2'])
  expect(found(chainOf(['a', 'b', 'c', 'd', 'x']).slice(4), partial)).toEqual(['altered 1-5'])
})

test('a file full of breaks ends the inspection instead of filling the memory', () => {
  const holes = chainOf(Array.from({ length: 5_000 }, (_, i) => `${i}`)).filter(({ seq }) => seq % 2 === 0)
  const inspection = inspect(holes)
  expect(inspection.breaks).toHaveLength(999)
  expect(inspection.events).toBe(999)
  expect(inspect(Array.from({ length: 5_000 }, () => five[0]!)).events).toBe(1_000)
})

const bodies = fc.array(fc.string(), { minLength: 2, maxLength: 12 })
const position = fc.nat()
const nibble = fc.constantFrom(...'0123456789abcdef')

test('no chain that was left alone is suspected, and every tampering is found where it was done', () => {
  fc.assert(
    fc.property(bodies, (texts) => {
      expect(found(chainOf(texts))).toEqual([])
    }),
  )
  fc.assert(
    fc.property(
      bodies,
      position,
      position,
      fc.constantFrom(...tamperings),
      nibble,
      (texts, a, b, tamper, digit) => {
        const links = chainOf(texts)
        const [i, j] = [a % links.length, b % links.length]
        const done = tamper(links, i, j, digit)
        if (done === undefined) return
        const { breaks } = inspect(done.links, { vouched: vouchedAt(links.at(-1)!) })
        expect(breaks.length).toBeGreaterThan(0)
        expect(breaks.some(({ from, to }) => from <= done.at && done.at <= to)).toBe(true)
        expect(breaks.map(({ kind }) => kind)).toContain(done.kind)
      },
    ),
    { numRuns: 2_000 },
  )
})

type Tampering = (
  links: Link[],
  i: number,
  j: number,
  digit: string,
) => { links: Link[]; at: number; kind: string } | undefined

const withDigit = (hash: string, j: number, digit: string) =>
  hash.slice(0, j % 64) + digit + hash.slice((j % 64) + 1)

const tamperings: Tampering[] = [
  function alterText(links, i, j, digit) {
    const body = `${links[i]!.body.slice(0, j)}${digit}${links[i]!.body.slice(j)}`
    return { links: replaceAt(links, i, { ...links[i]!, body }), at: i + 1, kind: 'altered' }
  },
  function alterTextAndHash(links, i, _j, digit) {
    const link = rehashed({ ...links[i]!, body: `${links[i]!.body}${digit}` })
    return { links: replaceAt(links, i, link), at: i + 1, kind: 'altered' }
  },
  function alterHash(links, i, j, digit) {
    const hash = withDigit(links[i]!.hash, j, digit)
    return hash === links[i]!.hash
      ? undefined
      : { links: replaceAt(links, i, { ...links[i]!, hash }), at: i + 1, kind: 'altered' }
  },
  function alterLink(links, i, j, digit) {
    const previousHash = withDigit(links[i]!.previousHash, j, digit)
    if (previousHash === links[i]!.previousHash) return undefined
    return { links: replaceAt(links, i, { ...links[i]!, previousHash }), at: i + 1, kind: 'altered' }
  },
  function remove(links, i) {
    const kind = i === links.length - 1 ? 'truncated' : 'removed'
    return { links: links.filter((_, k) => k !== i), at: i + 1, kind }
  },
  function truncate(links, i) {
    return i === 0 ? undefined : { links: links.slice(0, i), at: i + 1, kind: 'truncated' }
  },
  function swap(links, i, j) {
    if (i === j) return undefined
    const swapped = replaceAt(replaceAt(links, i, links[j]!), j, links[i]!)
    return { links: swapped, at: Math.min(i, j) + 1, kind: 'reordered' }
  },
  function insertCopy(links, i, j) {
    return { links: links.toSpliced(j + 1, 0, links[i]!), at: i + 1, kind: 'inserted' }
  },
  function rewriteFrom(links, i, _j, digit) {
    const texts = links.map(({ body }, k) => (k === i ? `${body}${digit}` : body))
    return { links: chainOf(texts), at: i + 1, kind: 'altered' }
  },
]
