import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import {
  checkEvidence,
  drawSample,
  type EvidenceHead,
  evidenceLine,
  type LifeEvent,
  readEvidenceLine,
  stepsOf,
} from '../../src/audit/evidence-file.ts'
import fc from '../setup/seeded.ts'

const population = Array.from({ length: 1_000 }, (_, n) => `key_${String(n).padStart(4, '0')}`)

describe('a sample', () => {
  test('is the same for the same seed, another for another, and of different keys of the population', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 20 }), fc.nat(1_100), (seed, count) => {
        const drawn = drawSample(population, seed, count)
        expect(drawn).toEqual(drawSample([...population].reverse(), seed, count))
        expect(drawn).toHaveLength(Math.min(count, population.length))
        expect(new Set(drawn).size).toBe(drawn.length)
        expect(drawn.every((key) => population.includes(key))).toBe(true)
      }),
      { numRuns: 50 },
    )
    expect(drawSample(population, 'a', 40)).not.toEqual(drawSample(population, 'b', 40))
  })

  test('is of the keys whose SHA-256 after the seed comes first, as anybody can compute it', () => {
    const rankOf = (key: string) => createHash('sha256').update(`2026\n${key}`).digest('hex')
    const byRank = population.map((key) => [rankOf(key), key] as const).sort()
    expect(drawSample(population, '2026', 40)).toEqual(byRank.slice(0, 40).map(([, key]) => key))
  })

  test('draws every key about as often as any other', () => {
    const few = population.slice(0, 20)
    const drawn = new Map(few.map((key) => [key, 0]))
    for (let seed = 0; seed < 4_000; seed++)
      for (const key of drawSample(few, String(seed), 5)) drawn.set(key, drawn.get(key)! + 1)
    // A thousand each are expected; five standard deviations are 137.
    for (const times of drawn.values()) expect(Math.abs(times - 1_000)).toBeLessThan(137)
  })
})

const event = (seq: number, name: string, more: Partial<LifeEvent> = {}): LifeEvent => ({
  seq,
  at: `2026-01-${String(seq).padStart(2, '0')}T00:00:00.000Z`,
  event: name,
  ...more,
})
const keyId = 'key_0001'
const life: LifeEvent[] = [
  event(1, 'request.made', { details: { request: 'req_other' } }),
  event(2, 'request.made', { details: { request: 'req_1' } }),
  event(3, 'key.issued', { keyId }),
  event(4, 'request.approved', { keyId, details: { request: 'req_1' } }),
  event(5, 'key.revealed', { keyId }),
  event(6, 'key.change-confirmed', { keyId }),
  event(7, 'key.revealed', { keyId }),
  event(8, 'key.revoked', { keyId }),
  event(9, 'key.change-confirmed', { details: { keys: 2, of: ['key_0007', 'key_0008'] } }),
  event(10, 'key.change-confirmed', { details: { keys: 2, of: ['key_0000', keyId] } }),
  event(11, 'key.change-confirmed', { keyId }),
]
const whole = { request: 2, decision: 4, issued: 3, reveal: 7, end: 8, receipt: 10 }

describe('the steps of a life', () => {
  test('are its request, decision, issue, last reveal, end and the first receipt after that', () => {
    expect(stepsOf(keyId, life)).toEqual(whole)
  })

  test('are null where there was none', () => {
    expect(stepsOf('key_0009', life)).toEqual({
      ...{ request: null, decision: null, issued: null, reveal: null, end: null, receipt: null },
    })
    expect(stepsOf(keyId, life.slice(0, 7))).toMatchObject({ end: null, receipt: null })
    expect(stepsOf(keyId, [event(1, 'key.imported', { keyId }), event(2, 'key.lapsed', { keyId })])).toEqual({
      ...{ request: null, decision: null, issued: 1, reveal: null, end: 2, receipt: null },
    })
  })
})

describe('a step of a life', () => {
  const issued = event(2, 'key.issued', { keyId })
  const approved = event(3, 'request.approved', { keyId, details: { request: 'req_1' } })
  const revoked = event(4, 'key.revoked', { keyId })

  test('is a request only where that request was made', () => {
    const other = event(1, 'attempt.refused', { details: { request: 'req_1' } })
    expect(stepsOf(keyId, [other, event(1, 'request.made'), issued, approved])).toMatchObject({
      ...{ request: null, decision: 3 },
    })
    const bare = event(3, 'request.approved', { keyId })
    expect(stepsOf(keyId, [event(1, 'request.made'), issued, bare])).toMatchObject({ request: null })
  })

  test('is a receipt only where one is about the key, by itself or among several', () => {
    const leaked = event(5, 'leak.reported', { keyId })
    const elsewhere = event(6, 'key.change-confirmed', { keyId: 'key_0007' })
    const confirmed = event(7, 'key.change-confirmed', { keyId })
    expect(stepsOf(keyId, [issued, revoked, leaked, elsewhere])).toMatchObject({ receipt: null })
    expect(stepsOf(keyId, [issued, revoked, leaked, elsewhere, confirmed])).toMatchObject({ receipt: 7 })
  })
})

const head: EvidenceHead = {
  ...{ version: 1, workspace: 'ws_1', at: '2026-01-07T12:00:00.000Z', seed: 's' },
  ...{ population: 1, samples: 40 },
}

function damages(change: {
  head?: Partial<EvidenceHead>
  population?: string[]
  steps?: Partial<typeof whole> | Record<string, null>
  events?: LifeEvent[]
  key?: string
}): string[] {
  const check = checkEvidence({ ...head, ...change.head })
  check.add({ population: change.population ?? [keyId] }, 2)
  const key = change.key ?? keyId
  check.add({ sample: { key, steps: { ...whole, ...change.steps }, use: null } }, 3)
  for (const { seq, ...rest } of change.events ?? life) check.see({ seq, body: JSON.stringify(rest) })
  return check.end().map(({ line, damaged }) => `${line}: ${damaged}`)
}

describe('evidence', () => {
  test('whose lines agree with its events is good, in whatever order they stand', () => {
    expect(damages({})).toEqual([])
    expect(damages({ events: [...life].reverse() })).toEqual([])
  })

  test.each([
    ['another count', { head: { population: 2 } }, ['1: it counts 2 keys and names 1']],
    [
      'a population out of order',
      { population: ['key_0002', keyId], head: { population: 2, samples: 1, seed: 'c' } },
      [expect.stringContaining('2: the population is not in order')],
    ],
    [
      'a key that was not drawn',
      { population: ['key_0000', keyId], head: { population: 2, samples: 2, seed: 's' } },
      ['1: its sample is not the one that its seed draws'],
    ],
    [
      'a life without its end',
      { steps: { end: null } },
      ['3: the events of the file do not have the end that it names'],
    ],
    [
      'another receipt',
      { steps: { receipt: 11 } },
      ['3: the events of the file do not have the receipt that it names'],
    ],
    [
      'an event that is not there',
      { events: life.filter(({ seq }) => seq !== 7) },
      ['3: the events of the file do not have the reveal that it names'],
    ],
    [
      'a key that was made later',
      { head: { at: '2026-01-03T00:00:00.000Z' } },
      ['3: no event of the file says that the key was made by then'],
    ],
    [
      'a key of which there is no event',
      {
        steps: { request: null, decision: null, issued: null, reveal: null, end: null, receipt: null },
        events: [],
      },
      ['3: no event of the file says that the key was made by then'],
    ],
    [
      'a key that its population has twice',
      { population: [keyId, keyId], head: { population: 2 } },
      ['2: the population is not in order'],
    ],
    ['a key that had ended', { head: { at: '2026-01-08T00:00:00.001Z' } }, ['3: the key had ended by then']],
  ])('is damaged by %s', (_, change, expected) => {
    expect(damages(change)).toEqual(expect.arrayContaining(expected))
  })

  test('a key that ended at the very moment still stood just before', () => {
    expect(damages({ head: { at: '2026-01-08T00:00:00.000Z' } })).toEqual([])
  })

  test('that names keys of any form in their order is not damaged by that', () => {
    const names = ['0', 'A_1', 'key_1']
    expect(damages({ population: names, head: { population: 3 } }).join()).not.toContain('order')
  })

  test('is read again line by line, as it was written', () => {
    for (const line of [
      { evidence: head },
      { population },
      { sample: { key: keyId, steps: whole, use: null } },
    ]) {
      expect(evidenceLine(line)).toMatch(/^[^\n]+\n$/)
      expect(readEvidenceLine(JSON.parse(evidenceLine(line)))).toEqual(line)
    }
  })

  test('begins once', () => {
    const check = checkEvidence({ ...head, population: 0 })
    check.add({ evidence: head }, 7)
    expect(check.end()).toEqual([{ line: 7, damaged: 'evidence begins here once more' }])
  })

  test('a text that is no JSON is left to the chain', () => {
    const check = checkEvidence({ ...head, population: 0 })
    check.see({ seq: 1, body: '{' })
    expect(check.end()).toEqual([])
  })

  test.each([
    [{ evidence: { ...head, version: 2 } }],
    [{ evidence: { ...head, seed: 'two words' } }],
    [{ evidence: { ...head, workspace: 'a\nb' } }],
    [{ evidence: head, sample: {} }],
    [{ population: [] }],
    [{ population: ['\u001b[2J'] }],
    [{ sample: { key: keyId, steps: { ...whole, reveal: 0 }, use: null } }],
    [{ sample: { key: keyId, steps: whole, use: { requests: -1 } } }],
  ])('a line such as %j is none', (line) => {
    expect(readEvidenceLine(line)).toBe('it is not a line of evidence as this version writes it')
  })

  test('other lines are not its own', () => {
    for (const line of [null, 1, 'population', {}, { workspace: 'ws_1' }])
      expect(readEvidenceLine(line)).toBeUndefined()
  })
})
