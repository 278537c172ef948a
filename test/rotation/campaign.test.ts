import { afterAll, beforeAll, expect, test } from 'vitest'
import { readPolicy } from '../../src/policy/policy.ts'
import { keysToRotate, startCampaign, type Which } from '../../src/rotation/campaign.ts'
import { startRotation } from '../../src/rotation/start.ts'
import { plant } from '../setup/plant.ts'
import { openRecords, type Records } from '../setup/records.ts'

let r: Records
beforeAll(async () => {
  r = await openRecords()
  const now = r.world.clock.now().getTime()
  const at = (days: number) => new Date(now + days * 86_400_000)
  const ids = await plant(r.world, r.workspace.id, [
    { name: 'Due', revealedAt: at(-90) },
    { name: 'Due and revoked', revealedAt: at(-90), status: 'revoked' },
    { name: 'Due and rotating', revealedAt: at(-90) },
    { name: 'Not yet due', revealedAt: at(-89) },
    { name: 'Ends soon', expiresAt: at(30) },
    { name: 'Ends later', expiresAt: at(31) },
    { name: 'Paused', ownerId: 'U0BRUNO002', status: 'inactive' },
    { name: 'HubSpot sync' },
    { name: 'hubspot backfill', ownerId: 'U0BRUNO002' },
  ])
  await r.world.db('keys').whereLike('name', 'Ends%').update({ integration: 'Salesforce' })
  await r.act((act) => startRotation(act, r.workspace, ids[2]!, { reason: 'scheduled' }, r.world.random))
})
afterAll(() => r.drop())

const rotated = async (which: Which): Promise<string[]> => {
  const keys = await keysToRotate(r.world.db, r.workspace, which, r.world.clock.now())
  return keys.map(({ name }) => name)
}

test.each<[string, Which, string[]]>([
  ['due for rotation', { of: 'overdue' }, ['Due']],
  ['ending within thirty days', { of: 'expiring' }, ['Ends soon']],
  [
    'of an integration in any case',
    { of: 'integration', integration: 'SALESFORCE' },
    ['Ends later', 'Ends soon'],
  ],
  [
    'of an owner, paused ones included',
    { of: 'owner', ownerId: 'U0BRUNO002' },
    ['hubspot backfill', 'Paused'],
  ],
  [
    'with words in the name, in any case',
    { of: 'words', words: 'HUBspot' },
    ['hubspot backfill', 'HubSpot sync'],
  ],
  ['with words that no name has', { of: 'words', words: '%' }, []],
])(
  'a campaign takes the keys %s, but for those that are revoked or being rotated',
  async (_which, which, names) => {
    expect(await rotated(which)).toEqual(names)
  },
)

test('the policy says after how many days a key is due', async () => {
  const stricter = { ...r.workspace, policy: readPolicy({ ...r.workspace.policy, rotationPeriodDays: 89 }) }
  const keys = await keysToRotate(r.world.db, stricter, { of: 'overdue' }, r.world.clock.now())
  expect(keys.map(({ name }) => name)).toEqual(['Due', 'Not yet due'])
})

test('a campaign of no key is none', async () => {
  const wanted = { which: { of: 'words', words: 'nothing' }, reason: 'scheduled' } as const
  await expect(r.act((act) => startCampaign(act, r.workspace, wanted, r.world.random))).rejects.toThrow(
    'No key is left to rotate there.',
  )
  expect(await r.world.db('rotation_campaigns')).toEqual([])
})
