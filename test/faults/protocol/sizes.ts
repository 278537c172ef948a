import type { Size } from './world.ts'

export const one: Size = {
  ...{ verifiers: 1, changers: 1, keys: 1 },
  ...{ ticks: 2, renewals: 0, reads: 0, faults: 0, polls: 1, sweeps: 0 },
}
const two: Size = { ...one, verifiers: 2, changers: 2, keys: 2 }

type Searched = { what: string; size: Size }

/** Few enough states for every run of the tests. */
export const small: Searched[] = [
  { what: 'one verifier and one changer, with reads', size: { ...one, reads: 1 } },
  { what: 'one verifier and one changer, with a renewal', size: { ...one, renewals: 1, polls: 0 } },
  { what: 'one verifier and one changer, with a fault', size: { ...one, ticks: 1, faults: 1, sweeps: 1 } },
  { what: 'two of each, within one moment', size: { ...two, ticks: 0, polls: 0, isDeaf: true } },
]

export const large: Searched[] = [
  {
    what: 'one verifier and one changer, with a read and a renewal',
    size: { ...one, reads: 1, renewals: 1 },
  },
  { what: 'the same, with every answer late', size: { ...one, renewals: 1, polls: 0, isLate: true } },
  {
    what: 'one verifier and one changer, with a renewal and a fault',
    size: { ...one, renewals: 1, faults: 1, polls: 0 },
  },
  {
    what: 'one verifier and one changer, with two faults',
    size: { ...one, ticks: 1, faults: 2, polls: 0, sweeps: 1 },
  },
  {
    what: 'one verifier and two changers, with a renewal',
    size: { ...two, verifiers: 1, renewals: 1, polls: 0, isDeaf: true },
  },
  { what: 'two of each, without faults', size: { ...two, ticks: 2 } },
  { what: 'two of each, with a fault', size: { ...two, faults: 1, sweeps: 1 } },
  {
    what: 'two of each, with a read, a renewal and a fault',
    size: { ...two, renewals: 1, reads: 1, faults: 1, sweeps: 1 },
  },
]
