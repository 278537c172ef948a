import { mutants as ofProduct } from '../lab/mutants.ts'
import { allRules, type Rules } from './database.ts'
import { one } from './sizes.ts'
import type { Size } from './world.ts'

/** What the search needs to find a mutant, and what it leaves out of the database, whose code is not searched itself. */
type Form = [size: Partial<Size>, without?: keyof Rules]

const crowd = { changers: 2, keys: 2 }
const deaf = { renewals: 1, isDeaf: true }
const forms: Record<string, Form> = {
  'the lease is not looked at': [{}],
  'a read is kept although a change named its key meanwhile': [{ reads: 1 }],
  'a read under way can be joined after a change named its key': [{ reads: 1 }],
  'acknowledging comes before evicting': [{ isLate: true }],
  'the lease counts from the reply': [deaf],
  'changes take no lock': [crowd, 'lock'],
  'fencing does not look at renewals': [{ ...crowd, ...deaf }, 'fencingLooksAtRenewals'],
  'outside the lease an older read is joined': [{ reads: 1 }],
  'a fenced verifier keeps its memory': [deaf],
  'emptying the memory leaves reads under way': [{ ...deaf, reads: 1 }],
  'the lease begins before what changed was applied': [deaf],
  'a renewal that carried the change is believed before older leases ran out': [deaf],
  'the number of a change is whatever the sequence says': [{ renewals: 1, faults: 1 }, 'numberAboveAll'],
  'a verifier may have applied what the log does not have': [{ ...deaf, faults: 1 }, 'noticesLostChanges'],
  'a restored database goes on with the epoch of the dump': [{ faults: 1 }, 'restoreBeginsEpoch'],
  // Ways to get wrong what needs no schedule of processes to be seen.
  'a lease has no margin for clocks that run wrong': [{}],
  'a lease is taken although the database does not know it when it is acknowledged': [{ ...deaf, faults: 1 }],
}
/**
 * Which keys a workspace has is no matter of the protocol; the others are shown by what the database and the shell do, or
 * by several weakenings at once.
 */
export const withoutForm = [
  'a suspended workspace does not reach its keys',
  'an error of COMMIT is swallowed, and a change that is not there needs no confirmation',
  'a change that is missing is taken for one that was confirmed long ago',
  'what was acknowledged of lost changes counts for those that get their numbers',
  'a wait goes on in another epoch, from when it began in its own',
  'a hot standby is not noticed',
]
const edits = Object.fromEntries(ofProduct.map((mutant) => [mutant.name, mutant.edits]))
edits['a lease has no margin for clocks that run wrong'] = [
  { file: 'src/leases/lease.ts', find: 'const margin = 0.04', replace: 'const margin = 0' },
]
edits['a lease is taken although the database does not know it when it is acknowledged'] = [
  {
    file: 'src/verification/learning.ts',
    find: 'event.isKnown ? caughtUp(state) : fenced(state, newIncarnation)',
    replace: 'caughtUp(state)',
  },
]

/** Every mutant of the schedules that has an abstract form, and two more. */
export const mutants = Object.entries(forms).map(([name, [size, without]]) => ({
  name,
  edits: edits[name]!.filter(({ file }) => file.endsWith('.ts')),
  rules: without ? { ...allRules, [without]: false } : allRules,
  size: { ...one, ...size },
}))
