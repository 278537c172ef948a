import { expect, test } from 'vitest'
import { type Answer, faultsOf, faultWords, outcomeOf } from '../../src/canary/fault.ts'
import { plain } from '../../src/foundation/words.ts'

const lease = (name: string, incarnation = `inc_${name}`) => ({ name, incarnation })
const answer = (verifier: string, code: string | null, incarnation = `inc_${verifier}`): Answer => ({
  ...{ verifier, code, incarnation },
})

test('every verifier that was asked must say VALID before the end and REVOKED after it', () => {
  const asked = [lease('a'), lease('b')]
  expect(faultsOf('alive', asked, [answer('a', 'VALID'), answer('b', 'VALID')])).toEqual([])
  expect(faultsOf('ended', asked, [answer('a', 'REVOKED'), answer('b', 'REVOKED')])).toEqual([])
  const wrong = faultsOf('ended', asked, [answer('a', 'VALID'), answer('b', 'NOT_FOUND')])
  expect(wrong).toEqual([
    { what: 'answer', verifier: 'a', stage: 'ended', code: 'VALID' },
    { what: 'answer', verifier: 'b', stage: 'ended', code: 'NOT_FOUND' },
  ])
  expect(outcomeOf(wrong)).toBe('wrong')
})

test('one that says nothing is late, and one that stops or began anew is not', () => {
  const asked = [lease('a'), lease('b'), lease('c')]
  const answers = [answer('a', null), answer('b', 'VALID', 'inc_new')]
  const faults = faultsOf('alive', asked, answers)
  expect(faults).toEqual([{ what: 'silent', verifier: 'c', stage: 'alive' }])
  expect(outcomeOf(faults)).toBe('late')
})

test('two verifiers of one name do not answer for each other', () => {
  const asked = [lease('app:1', 'inc_1'), lease('app:1', 'inc_2')]
  expect(faultsOf('alive', asked, [answer('app:1', 'VALID', 'inc_1')])).toEqual([
    { what: 'silent', verifier: 'app:1', stage: 'alive' },
  ])
})

test('a wrong answer of a verifier that was not asked counts as well', () => {
  expect(faultsOf('ended', [], [answer('new', 'VALID')])).toEqual([
    { what: 'answer', verifier: 'new', stage: 'ended', code: 'VALID' },
  ])
})

test('where nobody has a lease the canary proves nothing, and is late', () => {
  expect(faultsOf('alive', [], [])).toEqual([{ what: 'nobody' }])
  expect(faultsOf('alive', [], [answer('a', null)])).toEqual([{ what: 'nobody' }])
  expect(outcomeOf([{ what: 'nobody' }])).toBe('late')
})

test('the gravest fault is said, and the others are counted', () => {
  const words = plain(
    faultWords([
      { what: 'silent', verifier: 'a', stage: 'ended' },
      { what: 'answer', verifier: 'b', stage: 'ended', code: 'VALID' },
      { what: 'unconfirmed' },
    ]),
  )
  expect(words).toBe('The verifier b still accepted it after its end was confirmed. And 2 more faults.')
  expect(plain(faultWords([{ what: 'unconfirmed' }]))).toBe('Its end was not confirmed in time.')
})
