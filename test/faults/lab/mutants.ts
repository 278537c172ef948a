import type { Edit } from './copy.ts'
import * as scenario from './scenarios.ts'

/** A way to get the protocol wrong, and the schedule that shows it. */
export type Mutant = { name: string; edits: Edit[]; shownBy: scenario.Scenario }

const remembered = 'src/verification/remembered.ts'
const learner = 'src/verification/learner.ts'
const learning = 'src/verification/learning.ts'
const functions = 'schema/functions'

export const mutants: Mutant[] = [
  {
    name: 'the lease is not looked at',
    edits: [{ file: 'src/leases/lease.ts', find: 'lease !== undefined && time', replace: 'true || time' }],
    shownBy: scenario.cutOff,
  },
  {
    name: 'a read is kept although a change named its key meanwhile',
    edits: [{ file: remembered, find: 'if (reads.get(hash) !== read) return\n', replace: '\n' }],
    shownBy: scenario.lateFill,
  },
  {
    name: 'a read under way can be joined after a change named its key',
    edits: [
      {
        file: remembered,
        find: 'unknown.delete(hash)\n  reads.delete(hash)',
        replace: 'unknown.delete(hash)',
      },
    ],
    shownBy: scenario.joinedFill,
  },
  {
    name: 'acknowledging comes before evicting',
    edits: [
      {
        file: learning,
        find: '// Numbers of another epoch say nothing about this memory; the renewal empties it.',
        replace: `if (!page.isAcknowledged) return {
          state: { ...state, learning: { ...state.learning, page } },
          effects: [{ do: 'acknowledge', lane: 'learn', incarnation: term.incarnation, seq: page.through }],
        }`,
      },
      {
        file: learning,
        find: 'if (!isKnown) return renewSoon(state)',
        replace: `const { page } = state.learning
          if (page) return news({ ...state, learning: { term: state.learning.term } }, { ...page, isAcknowledged: true })`,
      },
    ],
    shownBy: scenario.slowAcknowledgement,
  },
  {
    name: 'the lease counts from the reply',
    edits: [{ file: learning, find: 'leaseFrom(sent, state', replace: 'leaseFrom(received, state' }],
    shownBy: scenario.lateReply,
  },
  {
    name: 'changes take no lock',
    edits: [
      {
        file: `${functions}/log_change.sql`,
        find: 'everything before it.\n  perform pg_advisory_xact_lock(4711002);',
        replace: 'everything before it.',
      },
    ],
    shownBy: scenario.overtaking,
  },
  {
    name: 'fencing does not look at renewals',
    edits: [{ file: `${functions}/fence_lease.sql`, find: ' and renewals = p_renewals;', replace: ';' }],
    shownBy: scenario.lateReturn,
  },
  {
    name: 'outside the lease an older read is joined',
    edits: [
      {
        file: remembered,
        find: 'return read(hash)\n',
        replace: 'return reads.get(hash) ?? read(hash)\n',
      },
    ],
    shownBy: scenario.outsideTheLease,
  },
  {
    name: 'a fenced verifier keeps its memory',
    edits: [
      {
        file: learning,
        find: "effects: [{ do: 'flush' }],\n})",
        replace: 'effects: [],\n})',
      },
      {
        file: learning,
        find: "effects: [{ do: 'flush' }] }, caughtUp",
        replace: 'effects: [] }, caughtUp',
      },
    ],
    shownBy: scenario.fencedAndBack,
  },
  {
    name: 'emptying the memory leaves reads under way',
    edits: [
      {
        file: remembered,
        find: 'unknown.clear()\n  reads.clear()',
        replace: 'unknown.clear()',
      },
    ],
    shownBy: scenario.fencedWhileReading,
  },
  {
    name: 'the lease begins before what changed was applied',
    edits: [
      {
        file: learning,
        find: "return { state, effects: [{ do: 'read', lane: 'renew'",
        replace:
          "return { state: { ...state, lease: leaseFrom(state.granted.sent, state.ttlMs) }, effects: [{ do: 'read', lane: 'renew'",
      },
    ],
    shownBy: scenario.renewsWithoutLearning,
  },
  {
    name: 'a renewal that carried the change is believed before older leases ran out',
    edits: [
      {
        file: 'src/leases/judge.ts',
        find: 'else if (sinceMs < lease.ttl_ms) judgement.waitingFor.push(lease)',
        replace:
          'else if (sinceMs < lease.ttl_ms && lease.head_at_renewal < seq) judgement.waitingFor.push(lease)',
      },
    ],
    shownBy: scenario.renewedButNotLearnt,
  },
  {
    name: 'a suspended workspace does not reach its keys',
    edits: [
      {
        file: 'src/verification/knowledge.ts',
        find: 'isVoid: (key) => key.workspace.isVoid',
        replace: 'isVoid: () => false',
      },
    ],
    shownBy: scenario.suspended,
  },
  {
    name: 'the number of a change is whatever the sequence says',
    edits: [
      {
        file: `${functions}/log_change.sql`,
        find: `greatest(nextval('change_seq'), newest_change() + 1,
      (select max(greatest(head_at_renewal, acknowledged)) + 1 from leases))`,
        replace: `nextval('change_seq')`,
      },
    ],
    shownBy: scenario.sequenceRestarted,
  },
  {
    name: 'a verifier may have applied what the log does not have',
    edits: [
      {
        file: `${functions}/notice_lost_changes.sql`,
        find: 'if p_applied > newest_change() and',
        replace: 'if false and',
      },
    ],
    shownBy: scenario.wentBack,
  },
  {
    name: 'a restored database goes on with the epoch of the dump',
    edits: [
      {
        file: `${functions}/database_instance.sql`,
        find: '(select oid from pg_database where datname = current_database()), ',
        replace: '',
      },
    ],
    shownBy: scenario.restored,
  },
  {
    name: 'an error of COMMIT is swallowed, and a change that is not there needs no confirmation',
    edits: [
      {
        file: 'src/foundation/database.ts',
        find: "if (committing && mayHaveCommitted(error)) return { state: 'unknown', ...committing, error }",
        replace: "if (committing) return { state: 'committed', ...committing }",
      },
      { file: 'src/leases/confirm.ts', find: 'if (found.isLost) return lost\n', replace: '\n' },
    ],
    shownBy: scenario.cutAtCommit,
  },
  {
    name: 'a change that is missing is taken for one that was confirmed long ago',
    edits: [
      {
        file: 'src/leases/confirm.ts',
        find: 'if (found.isLost) return lost\n    if (found.seq === undefined) return receipt ? lost : nothingToLearn',
        replace: 'if (found.seq === undefined) return nothingToLearn',
      },
    ],
    shownBy: scenario.lostInAWait,
  },
  {
    name: 'what was acknowledged of lost changes counts for those that get their numbers',
    edits: [
      {
        file: `${functions}/current_epoch.sql`,
        find: '    delete from leases;\n',
        replace: '',
      },
      {
        file: `${functions}/log_change.sql`,
        find: `greatest(nextval('change_seq'), newest_change() + 1,
      (select max(greatest(head_at_renewal, acknowledged)) + 1 from leases))`,
        replace: `nextval('change_seq')`,
      },
      {
        file: `${functions}/notice_lost_changes.sql`,
        find: 'if p_applied > newest_change() and',
        replace: 'if false and',
      },
    ],
    shownBy: scenario.numbersAgain,
  },
  {
    name: 'a wait goes on in another epoch, from when it began in its own',
    edits: [
      {
        file: 'src/leases/confirming.ts',
        find: 'state.epoch === epoch ? before :',
        replace: 'true ? before :',
      },
      {
        file: 'src/leases/confirming.ts',
        find: 'else if (wait.epoch === undefined || wait.epoch === epoch)',
        replace: 'else if (true)',
      },
    ],
    shownBy: scenario.restoredInAWait,
  },
  {
    name: 'a hot standby is not noticed',
    edits: [
      {
        file: 'src/foundation/primary.ts',
        find: 'if (rows[0].is_standby && !mayBeStandby)',
        replace: 'if (false)',
      },
      { file: 'src/verification/reader.ts', find: 'if (rows[0]!.is_standby)', replace: 'if (false)' },
    ],
    shownBy: scenario.ledToStandby,
  },
]

/**
 * Calls that a schedule holds up must not time out before it is through, nor on a slow machine. The control has these
 * edits too.
 */
export const longTimeouts: Edit[] = [
  {
    file: 'src/verification/knowledge.ts',
    find: 'const readTimeoutMs = 1_500',
    replace: 'const readTimeoutMs = 60_000',
  },
  { file: learner, find: 'Math.min(Math.max(ttlMs / 2, 250), 2_000)', replace: '60_000' },
  {
    file: 'src/leases/watcher.ts',
    find: "name: 'keywarden confirm',\n    timeoutMs: 2_000",
    replace: "name: 'keywarden confirm',\n    timeoutMs: 60_000",
  },
]
