import fc from 'fast-check'
import { textOfMessage } from 'local-slack/inspect'
import { expect, test } from 'vitest'
import { campaignMessage } from '../../src/slack/messages/rotation/campaign.ts'
import { isUnconfirmed } from '../../src/slack/messages/rotation/words.ts'
import { campaign } from '../slack/renders/states.ts'

test('a campaign is not called rotated while a server may still accept a key that it ended', () => {
  let unconfirmed = 0
  fc.assert(
    fc.property(campaign, (one) => {
      const waits = one.trackers.some(({ rotation }) => rotation.endedAt && isUnconfirmed(rotation))
      if (!waits) return
      unconfirmed++
      const words = textOfMessage(campaignMessage(one) as never)
      expect(words).not.toMatch(/^Rotated:/)
      expect(words).toContain('of these not confirmed by every server yet')
    }),
    { seed: 1, numRuns: 300 },
  )
  expect(unconfirmed).toBeGreaterThan(0)
})
