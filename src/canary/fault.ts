import { type Phrase, say } from '../foundation/words.ts'
import type { LiveVerifier } from '../leases/live.ts'

/** The question that is put to every verifier: before the end of the key, and after its end was confirmed. */
export type Stage = 'alive' | 'ended'

/** The verdict of one verifier, from its own process; null from one that stops. */
export type Answer = { incarnation: string; verifier: string; code: string | null }

/** A fault of a run: of a verifier, or of the run itself. */
export type Fault =
  | { what: 'answer'; verifier: string; stage: Stage; code: string }
  | { what: 'silent'; verifier: string; stage: Stage }
  | { what: 'nobody' | 'unconfirmed' | 'unfinished' }

/** `wrong`: a verifier gave another verdict than it must. `late`: an answer or the confirmation is missing. */
export type Outcome = 'good' | 'late' | 'wrong'

const verdicts: Record<Stage, string> = { alive: 'VALID', ended: 'REVOKED' }

/** The verifiers that have not answered. One that began a new incarnation meanwhile answers by its name. Pure. */
export const silentOf = (asked: readonly LiveVerifier[], answers: readonly Answer[]): LiveVerifier[] =>
  asked.filter(
    ({ incarnation, name }) =>
      !answers.some((answer) => answer.incarnation === incarnation) &&
      !answers.some(
        (answer) =>
          answer.verifier === name && !asked.some((other) => other.incarnation === answer.incarnation),
      ),
  )

/** The faults of one stage, given the verifiers that were asked and the answers that came. Pure. */
export function faultsOf(stage: Stage, asked: readonly LiveVerifier[], answers: readonly Answer[]): Fault[] {
  const wrong = answers.filter(({ code }) => code !== null && code !== verdicts[stage])
  return [
    ...wrong.map(({ verifier, code }): Fault => ({ what: 'answer', verifier, stage, code: code! })),
    ...silentOf(asked, answers).map(({ name }): Fault => ({ what: 'silent', verifier: name, stage })),
    ...(answers.some(({ code }) => code !== null) || asked.length > 0 ? [] : [{ what: 'nobody' } as const]),
  ]
}

/** Pure. */
export function outcomeOf(faults: readonly Fault[]): Outcome {
  if (faults.length === 0) return 'good'
  return faults.some(({ what }) => what === 'answer') ? 'wrong' : 'late'
}

/** The gravest fault in a sentence, and how many there are besides. */
export function faultWords(faults: readonly Fault[]): Phrase {
  const gravest = faults.toSorted((a, b) => rank(a) - rank(b))[0]
  if (!gravest) return []
  const more = faults.length - 1
  return say`${sentenceOf(gravest)}${more > 0 ? ` And ${more} more ${more === 1 ? 'fault' : 'faults'}.` : ''}`
}

const rank = (fault: Fault): number => {
  if (fault.what === 'answer') return fault.stage === 'ended' ? 0 : 1
  return 2
}

function sentenceOf(fault: Fault): Phrase {
  switch (fault.what) {
    case 'answer':
      if (fault.stage === 'alive')
        return say`The verifier ${{ code: fault.verifier }} refused it before its end: ${fault.code}.`
      if (fault.code === verdicts.alive)
        return say`The verifier ${{ code: fault.verifier }} still accepted it after its end was confirmed.`
      return say`The verifier ${{ code: fault.verifier }} answered ${fault.code} after its end was confirmed.`
    case 'silent':
      return fault.stage === 'alive'
        ? say`The verifier ${{ code: fault.verifier }} did not judge it before its end.`
        : say`The verifier ${{ code: fault.verifier }} did not judge it after its end.`
    case 'nobody':
      return say`No verifier has a lease.`
    case 'unconfirmed':
      return say`Its end was not confirmed in time.`
    case 'unfinished':
      return say`The run was not carried to its end.`
  }
}
