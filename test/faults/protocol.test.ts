import { describe, expect, test } from 'vitest'
import { mutants as ofProduct } from './lab/mutants.ts'
import { codeWith } from './protocol/code.ts'
import { allRules } from './protocol/database.ts'
import { mutants, withoutForm } from './protocol/mutants.ts'
import { search } from './protocol/search.ts'
import { small } from './protocol/sizes.ts'

describe('whatever happens in whatever order, no verify accepts a key whose revocation is confirmed', () => {
  test.each(small)('$what', async ({ size }) => {
    const { trace, isExhausted } = search(await codeWith([]), allRules, size)
    expect(trace).toBeUndefined()
    expect(isExhausted).toBe(true)
  })
})

test('every mutant of the schedules is searched for, or known to have no abstract form', () => {
  const names = [...mutants.map(({ name }) => name), ...withoutForm]
  expect(names).toEqual(expect.arrayContaining(ofProduct.map(({ name }) => name)))
})

/** It takes a minute; `npm run faults:protocol` has it too. */
const slow = ['fencing does not look at renewals']

describe('the search can tell: it finds a way to accept the key when', () => {
  test.each(mutants.filter(({ name }) => !slow.includes(name)))('$name', async ({ edits, rules, size }) => {
    const { trace } = search(await codeWith(edits), rules, size)
    expect(trace?.at(-1)).toMatch(/^verifier 0 accepts k0, whose revocation is confirmed$/)
  })
})
