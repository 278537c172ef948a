import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type FreshDatabase, freshDatabase } from '../setup/database.ts'
import { playAll } from './play-all.ts'
import { openProduct, type Product } from './product.ts'
import { races, run } from './races.ts'
import { ordersOf, play } from './sequence.ts'

let database: FreshDatabase
let product: Product
beforeAll(async () => {
  database = await freshDatabase()
  product = await openProduct(database.url)
})
afterAll(async () => {
  await product.close()
  await database.drop()
})

const seed = Number(process.env.FAULTS_SEED ?? 1)

test('whatever people do at once, some order of it explains what the product answers and what stands then', async () => {
  const played = await playAll(product, { sequences: 1_000, seed })
  expect(played.divergences).toEqual([])
  expect(played.sequences).toBe(1_000)
  // Enough of them met that interleavings were tried.
  expect(played.together).toBeGreaterThan(1_000)
}, 300_000)

describe('of what cannot both happen', () => {
  test.each(races)('$what', async (race) => {
    const { wrong, trials } = await run(product, race, 20)
    expect(wrong).toEqual([])
    expect(trials).toBe(20)
  })
})

test.each(['abort', 'revoke'] as const)(
  'a new key ends by %s although somebody else has the name of the key that it replaces',
  async (how) => {
    const by = 'U0BRUNO002'
    const issue = { do: 'issue', by, name: 'Alpha', owner: by, writes: false } as const
    const played = await play(product, [
      [() => issue],
      [({ keys }) => ({ do: 'reveal', by, id: keys[0]!.id })],
      [({ keys }) => ({ do: 'rotate', by, id: keys[0]!.id })],
      [({ keys }) => ({ do: 'edit', by, id: keys[1]!.id, name: 'Beta', owner: by, version: 1 })],
      [() => issue],
      [
        ({ keys, rotations }) =>
          how === 'abort' ? { do: how, by, id: rotations[0]!.id } : { do: how, by, id: keys[1]!.id },
      ],
      [({ keys }) => ({ do: 'deactivate', by, id: keys[0]!.id })],
    ])
    expect(played).toEqual({ commands: 7, together: 0 })
  },
)

test('every order of what happens at once is tried', () => {
  fc.assert(
    fc.property(fc.nat(4), (count) => {
      const orders = ordersOf(count)
      expect(new Set(orders.map(String)).size).toBe([1, 1, 2, 6, 24][count])
      for (const order of orders) expect(order.toSorted()).toEqual(Array.from({ length: count }, (_, i) => i))
    }),
  )
})
