import type { Size } from './world.ts'

export const one: Size = {
  ...{ verifiers: 1, changers: 1, keys: 1 },
  ...{ renewals: 0, reads: 0, faults: 0, sweeps: 0 },
}
const two: Size = { ...one, verifiers: 2, changers: 2, keys: 2 }

type Searched = { what: string; size: Size }

/** Few enough states for every run of the tests. */
export const small: Searched[] = [
  { what: 'one of each, a read', size: { ...one, reads: 1 } },
  { what: 'one of each, a renewal', size: { ...one, renewals: 1 } },
  { what: 'one of each, a fault', size: { ...one, faults: 1, sweeps: 1 } },
  { what: 'one verifier, two changers of two keys', size: { ...one, changers: 2, keys: 2 } },
]

export const large: Searched[] = [
  { what: 'one of each, every answer late, a renewal', size: { ...one, renewals: 1, isLate: true } },
  { what: 'one of each, a renewal and a fault', size: { ...one, renewals: 1, faults: 1 } },
  { what: 'one of each, two faults', size: { ...one, faults: 2, sweeps: 1 } },
  { what: 'one of each, a read and a renewal', size: { ...one, reads: 1, renewals: 1 } },
  { what: 'one verifier, two changers of two keys, a fault', size: { ...two, verifiers: 1, faults: 1 } },
  { what: 'two verifiers, one changer, a fault', size: { ...two, changers: 1, keys: 1, faults: 1 } },
  { what: 'two of each', size: two },
  { what: 'two of each, every notification lost, a fault', size: { ...two, faults: 1, isDeaf: true } },
  { what: 'two of each, a fault', size: { ...two, faults: 1 } },
]
