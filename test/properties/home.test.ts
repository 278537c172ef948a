import { validView } from 'local-slack/validate/view'
import { describe, expect, test } from 'vitest'
import { type HomeProps, homeView, shownOnHome } from '../../src/slack/messages/home/home.ts'
import fc from '../setup/seeded.ts'
import { homeProps } from '../slack/renders/states.ts'

const blocksOf = (one: HomeProps) => validView(homeView(one), 'home').blocks as object[]

describe('whatever there is to show, Home', () => {
  test('is within the hundred blocks that Slack takes, about half of them, and Slack takes each', () => {
    fc.assert(
      fc.property(homeProps, (one) => {
        // Two rows of buttons, the last line; a title, rows of two blocks and one more line for each part.
        const rows = shownOnHome.items + shownOnHome.rotations + shownOnHome.keys
        expect(blocksOf(one).length).toBeLessThanOrEqual(3 + 3 * 2 + 2 * rows)
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
        expect(text.includes('All is well.')).toBe(one.items.length === 0 && one.count.snoozed === 0)
        if (one.items.length > 0 && one.count.open > one.items.length) expect(text).toContain('Show all')
        if (one.rotations.more && one.rotations.shown.length > 0) expect(text).toContain('running')
        if (one.keys.more && one.keys.shown.length > 0) expect(text).toContain('See all of them')
      }),
      { numRuns: 100 },
    )
  })
})
