import { expect, test } from 'vitest'
import { emptyAnswer, writtenOnce } from '../../src/http/answers.ts'

/** An interface's answers, and the keys for which it had to write one. */
function openAnswers() {
  const written: string[] = []
  const answer = writtenOnce((key: { id: string; scopes: string }) => {
    written.push(key.id)
    return emptyAnswer(['x-scopes', key.scopes])
  })
  return { written, answer }
}

test('the answer of an interface for a key is written once', () => {
  const { written, answer } = openAnswers()
  const key = { id: 'key_1', scopes: 'read' }
  expect(answer(key)).toBe(answer(key))
  expect(written).toEqual(['key_1'])
})

test('a key that changed is answered as it is now', () => {
  const { answer } = openAnswers()
  expect(answer({ id: 'key_1', scopes: 'read write' }).headers).toContain('read write')
  expect(answer({ id: 'key_1', scopes: 'read' }).headers).not.toContain('read write')
})

test('answers are kept for the keys in use, and not for all that ever were', () => {
  const { written, answer } = openAnswers()
  const keys = Array.from({ length: 40_000 }, (_, i) => ({ id: `key_${i}`, scopes: 'read' }))
  for (const key of keys) {
    answer(key)
    answer(keys[0]!)
  }
  expect(written).toHaveLength(40_000)
  answer(keys[1]!)
  expect(written).toHaveLength(40_001)
})
