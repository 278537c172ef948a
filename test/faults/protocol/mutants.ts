import { type Mutant, mutants as ofProduct } from '../lab/mutants.ts'
import { allRules, type Rules } from './database.ts'
import { one } from './sizes.ts'
import type { Size } from './world.ts'

/** Where the search finds a mutant, and what the mutant leaves out of the database, whose code is not searched itself. */
type Form = { size: Size; without?: keyof Rules }

const forms: Record<string, Form | 'has none'> = {
  'the lease is not looked at': { size: one },
  'a read is kept although a change named its key meanwhile': { size: { ...one, reads: 1 } },
  'a read under way can be joined after a change named its key': { size: { ...one, reads: 1 } },
  'acknowledging comes before evicting': { size: { ...one, isLate: true } },
  'the lease counts from the reply': { size: { ...one, renewals: 1, isDeaf: true } },
  'changes take no lock': { size: { ...one, changers: 2, keys: 2 }, without: 'lock' },
  'fencing does not look at renewals': {
    size: { ...one, changers: 2, keys: 2, renewals: 1, isDeaf: true },
    without: 'fencingLooksAtRenewals',
  },
  'outside the lease an older read is joined': { size: { ...one, reads: 1 } },
  'a fenced verifier keeps its memory': { size: { ...one, renewals: 1, isDeaf: true } },
  'emptying the memory leaves reads under way': { size: { ...one, reads: 1, renewals: 1, isDeaf: true } },
  'the lease begins before what changed was applied': { size: { ...one, renewals: 1, isDeaf: true } },
  'a renewal that carried the change is believed before older leases ran out': {
    size: { ...one, renewals: 1, isDeaf: true },
  },
  // Which keys a workspace has is no matter of the protocol.
  'a suspended workspace does not reach its keys': 'has none',
  'the number of a change is whatever the sequence says': {
    size: { ...one, renewals: 1, faults: 1 },
    without: 'numberAboveAll',
  },
  'a verifier may have applied what the log does not have': {
    size: { ...one, renewals: 1, faults: 1, isDeaf: true },
    without: 'noticesLostChanges',
  },
  'a restored database goes on with the epoch of the dump': {
    size: { ...one, faults: 1 },
    without: 'restoreBeginsEpoch',
  },
  // Shown by what the database and the shell do, or by several weakenings at once.
  'an error of COMMIT is swallowed, and a change that is not there needs no confirmation': 'has none',
  'a change that is missing is taken for one that was confirmed long ago': 'has none',
  'what was acknowledged of lost changes counts for those that get their numbers': 'has none',
  'a wait goes on in another epoch, from when it began in its own': 'has none',
  'a hot standby is not noticed': 'has none',
}

/** Ways to get wrong what needs no schedule of processes to be seen. */
const more: (Omit<Mutant, 'shownBy'> & Form)[] = [
  {
    name: 'a lease has no margin for clocks that run wrong',
    edits: [{ file: 'src/leases/lease.ts', find: 'const margin = 0.04', replace: 'const margin = 0' }],
    size: one,
  },
  {
    name: 'a lease is taken although the database does not know it when it is acknowledged',
    edits: [
      {
        file: 'src/verification/learning.ts',
        find: 'event.isKnown ? caughtUp(state) : fenced(state, newIncarnation)',
        replace: 'caughtUp(state)',
      },
    ],
    size: { ...one, renewals: 1, faults: 1, isDeaf: true },
  },
]

export type AbstractMutant = { name: string; edits: Mutant['edits']; rules: Rules; size: Size }

const ofForm = (
  { name, edits }: Pick<Mutant, 'name' | 'edits'>,
  { size, without }: Form,
): AbstractMutant => ({
  name,
  edits: edits.filter(({ file }) => file.endsWith('.ts')),
  rules: without ? { ...allRules, [without]: false } : allRules,
  size,
})

/** Every mutant of the schedules that has an abstract form, and some more. */
export const mutants: AbstractMutant[] = [
  ...ofProduct.flatMap((mutant) => {
    const form = forms[mutant.name]
    if (!form)
      throw new Error(`say in test/faults/protocol/mutants.ts where the search finds: ${mutant.name}`)
    return form === 'has none' ? [] : [ofForm(mutant, form)]
  }),
  ...more.map((mutant) => ofForm(mutant, mutant)),
]
