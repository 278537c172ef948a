import { validView } from 'local-slack/validate/view'
import { describe, expect, test } from 'vitest'
import { type HomeProps, homeView } from '../../src/slack/messages/home/home.ts'
import fc from '../setup/seeded.ts'
import { homeProps, key, request, tracker } from '../slack/renders/states.ts'
import { now } from '../slack/renders/words.ts'

const dayMs = 86_400_000

const blocksOf = (one: HomeProps) => validView(homeView(one), 'home').blocks as object[]

describe('whatever there is to show, Home', () => {
  test('has at most a hundred blocks, and Slack takes each of them', () => {
    fc.assert(
      fc.property(homeProps, (one) => {
        expect(blocksOf(one).length).toBeLessThanOrEqual(100)
      }),
      { numRuns: 300 },
    )
  })

  test('names every part of which something is left out, and begins and ends as ever', () => {
    fc.assert(
      fc.property(homeProps, (one) => {
        const blocks = blocksOf(one)
        const text = JSON.stringify(blocks)
        expect(JSON.stringify(blocks[0])).toContain('go.help.home')
        expect(JSON.stringify(blocks.at(-1))).toContain('Updated')
        if (one.attention.length > 5) expect(text).toContain('/keys list attention')
        if (one.offers.length > 5) expect(text).toContain('/keys list mine')
        if (one.rotations.trackers.length > 4) expect(text).toContain('More are running')
        if (one.requests.length > 5) expect(text).toContain('More are waiting')
        if (one.keys.length > 15) expect(text).toContain('See all of them')
      }),
      { numRuns: 100 },
    )
  })
})

test('a Home of everything at its fullest keeps room for keys', () => {
  const [one] = fc.sample(homeProps, 1)
  const many = <T>(arbitrary: fc.Arbitrary<T>, n: number) => fc.sample(arbitrary, { numRuns: n, seed: 7 })
  const full: HomeProps = {
    ...one!,
    caller: { ...one!.caller, actor: { ...one!.caller.actor, role: 'owner' } },
    attention: many(key, 30),
    offers: many(key, 30),
    requests: many(request, 30),
    rotations: {
      trackers: many(tracker, 30).map((row) => ({
        ...row,
        endsBeforeSwitch: new Date(now.getTime() + dayMs),
        facts: { ...row.facts, dueAt: now },
        phase: 'switch' as const,
        rotation: { ...row.rotation, phase: 'switch' as const, endedAt: null, cutAt: now },
      })),
      more: true,
    },
    keys: many(key, 40).map((row, i) => ({ ...row, name: `Shown ${i}` })),
    more: true,
  }
  const blocks = blocksOf(full)
  expect(blocks.length).toBeGreaterThan(90)
  expect(blocks.length).toBeLessThanOrEqual(100)
  expect(JSON.stringify(blocks)).toContain('Shown 0')
  expect(JSON.stringify(blocks)).toContain('Shown 4')
})
