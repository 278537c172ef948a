import fc from 'fast-check'
import { textOfMessage } from 'local-slack/inspect'
import { expect, test } from 'vitest'
import { said } from '../../sandbox/acting.ts'
import { plain } from '../../src/foundation/words.ts'
import type { KeySnapshot } from '../../src/rotation/key-snapshot.ts'
import type { Rotation } from '../../src/rotation/rotation.ts'
import type { Tracker } from '../../src/rotation/tracker.ts'
import { offersMessage } from '../../src/slack/messages/keys/offers.ts'
import { campaignMessage } from '../../src/slack/messages/rotation/campaign.ts'
import { endView } from '../../src/slack/messages/rotation/dialogs.ts'
import { rotatedView } from '../../src/slack/messages/rotation/rotate.ts'
import { headline, isUnconfirmed } from '../../src/slack/messages/rotation/words.ts'
import { campaign, key, offer, rotation, tracker } from '../slack/renders/states.ts'
import { now } from '../slack/renders/words.ts'

/** A rotation that has ended in that way, with its old key in that state. */
function ended(
  phase: 'finished' | 'aborted',
  { state = 'revoked', ...more }: Partial<Rotation> & { state?: KeySnapshot['state'] } = {},
): Tracker {
  const [one] = fc.sample(tracker, { seed: 1, numRuns: 1 })
  const about = {
    predecessorId: 'key_old',
    successorId: 'key_new',
    cutAt: null,
    cutKeyId: null,
    receipt: null,
  }
  return {
    ...one!,
    phase,
    rotation: {
      ...one!.rotation,
      ...about,
      phase,
      endedAt: now,
      endedBy: 'U0ADA00001',
      because: '',
      ...more,
    },
    facts: {
      ...one!.facts,
      old: { ...one!.facts.old, name: 'Payments', hint: 'tml_old...', state },
      next: { ...one!.facts.next, name: 'Payments', hint: 'tml_new...', state: 'active' },
    },
  }
}

test.each([
  ['active', 'goes on'],
  ['inactive', 'is paused'],
  ['expired', 'has expired'],
  ['revoked', 'is revoked too'],
] as const)('an aborted rotation whose old key is %s says that it %s', (state, words) => {
  const one = ended('aborted', { state })
  expect(plain(headline(one))).toMatch(new RegExp(`the new key is revoked, and tml_old... ${words}.$`))
  expect(said(endView('abort', one, undefined).blocks as never)).toMatch(
    new RegExp(`tml_old... ${words} ?\\.$`),
  )
})

test('an abort says that a key is being revoked only of the key that the rotation ended', () => {
  const [cutOld, cutNew] = ['key_old', 'key_new'].map((cutKeyId) =>
    plain(headline(ended('aborted', { cutAt: now, cutKeyId }))),
  )
  expect(cutOld).toContain('was aborted: the new key is revoked, and tml_old... is being revoked.')
  expect(cutNew).toContain('Aborting the rotation of Payments: the new key is being revoked.')
})

test('a campaign is not called rotated while a server may still accept a key that it ended', () => {
  let unconfirmed = 0
  fc.assert(
    fc.property(campaign, (one) => {
      const waits = one.trackers.some(({ rotation }) => rotation.endedAt && isUnconfirmed(rotation))
      if (!waits) return
      unconfirmed++
      const words = textOfMessage(campaignMessage(one) as never)
      expect(words).not.toMatch(/^(?:Rotated|Ended):/)
      expect(words).toContain('of these not confirmed by every server yet')
    }),
    { seed: 1, numRuns: 300 },
  )
  expect(unconfirmed).toBeGreaterThan(0)
})

test.each([
  [true, 'has taken over'],
  [false, 'replaces it'],
])('a finished rotation whose new key was used: %s, says that it %s', (isUsed, words) => {
  const one = { ...ended('finished'), isUsed }
  expect(plain(headline(one))).toBe(`Rotated Payments: tml_old... is revoked, and tml_new... ${words}.`)
})

test.each([
  [3, 'Rotated: Hub keys. 3 keys.'],
  [1, 'Rotated: Hub keys. 1 of 3 keys.'],
  [0, 'Ended: Hub keys. No key was rotated.'],
])('a campaign of three keys of which %i were rotated says so: %s', (finished, words) => {
  const [one] = fc.sample(campaign, { seed: 1, numRuns: 1 })
  const over = { title: 'Hub keys', ofUserId: null, trackers: [], waiting: 0, keys: 3 }
  const counts = { reveal: 0, switch: 0, silent: 0, safe: 0, finished, aborted: 3 - finished }
  expect(said(campaignMessage({ ...one!, ...over, counts }).blocks.slice(0, 1) as never)).toBe(words)
})

const soon = new Date(now.getTime() + 3_600_000)

test.each([
  ['active', null, /The old key tml_old... works until the rotation is finished ?\. #/],
  ['active', soon, /works until the rotation is finished, or until .* if that comes first ?\. #/],
  ['active', now, /The old key tml_old... has expired, so its requests are refused already ?\. #/],
  ['inactive', null, /The old key tml_old... is paused, so its requests are refused already ?\. #/],
] as const)('a rotation of an %s key that ends at %s says what the old key does', (status, endsAt, words) => {
  const [old] = fc.sample(key, { seed: 1, numRuns: 1 })
  const [one] = fc.sample(rotation, { seed: 1, numRuns: 1 })
  const predecessor = { ...old!, hint: 'tml_old...', status, expiresAt: null, endsAt }
  const view = rotatedView({ rotation: one!, predecessor, successor: old! }, true, 'security', now)
  expect(said(view.blocks as never)).toMatch(words)
})

test.each([
  [[true, true], 'the old ones work meanwhile.'],
  [[true, false], 'of some the old one is refused already.'],
  [[false, false], 'the old ones are refused already.'],
])('an offer of new keys whose old ones work: %j, says that %s', (all, words) => {
  const [one] = fc.sample(offer, { seed: 1, numRuns: 1 })
  const [first] = one!.keys
  const keys = all.map((works) => ({ ...first!, state: 'waiting' as const, old: { works, until: null } }))
  expect(offersMessage({ because: 'rotation', by: 'U0ADA00001', keys }).text).toContain(words)
})
