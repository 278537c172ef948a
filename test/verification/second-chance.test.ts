import { expect, test } from 'vitest'
import { SecondChance } from '../../src/foundation/second-chance.ts'

const filled = (capacity: number, count = capacity) => {
  const memory = new SecondChance<number>(capacity)
  for (let i = 0; i < count; i++) memory.set(`k${i}`, i)
  return memory
}

test('everything is there until the capacity is reached, and never more than that', () => {
  const memory = filled(1_000)
  for (let i = 0; i < 1_000; i++) expect(memory.get(`k${i}`)).toBe(i)
  expect(filled(1_000, 5_000).size).toBe(1_000)
})

test('what was asked for since the hand came by stays, and what was not goes first', () => {
  const memory = filled(100)
  for (let i = 0; i < 100; i += 2) memory.get(`k${i}`)
  for (let i = 100; i < 150; i++) memory.set(`k${i}`, i)
  const left = Array.from({ length: 100 }, (_, i) => i).filter((i) => memory.get(`k${i}`) !== undefined)
  expect(left).toEqual(Array.from({ length: 50 }, (_, i) => 2 * i))
})

test('a value in use stays through any number of others', () => {
  const memory = filled(100)
  for (let i = 100; i < 10_000; i++) {
    memory.set(`k${i}`, i)
    expect(memory.get('k7')).toBe(7)
  }
})

test('where everything is in use one goes all the same, after a hundred looks', () => {
  const memory = filled(1_000)
  for (let i = 0; i < 1_000; i++) memory.get(`k${i}`)
  memory.set('new', 1)
  expect(memory.size).toBe(1_000)
  expect(memory.get('new')).toBe(1)
  expect(memory.get('k100')).toBeUndefined()
})

test('another value in the place of one costs nobody their place, and what was deleted or cleared leaves room', () => {
  const memory = filled(3)
  memory.set('k1', 11)
  expect([0, 1, 2].map((i) => memory.get(`k${i}`))).toEqual([0, 11, 2])
  memory.delete('k1')
  memory.set('k3', 3)
  expect([0, 1, 2, 3].map((i) => memory.get(`k${i}`))).toEqual([0, undefined, 2, 3])
  memory.clear()
  expect(memory.size).toBe(0)
  for (let i = 0; i < 9; i++) memory.set(`n${i}`, i)
  expect(memory.size).toBe(3)
})
