import type { LeaseRow } from '../../../src/leases/judge.ts'

/** A database as far as the protocol of leases goes. `epoch` is emptied by a recovery. */
export type Db = {
  epoch: string | null
  epochs: number
  sequence: number
  prunedTo: number
  changes: readonly { seq: number; key: string; isConfirmed: boolean }[]
  revoked: readonly string[]
  leases: readonly LeaseRow[]
}

export const ttlMs = 100_000
/** Changes that everybody has learnt, before the search begins. */
const before = 3
export const dump: Db = {
  ...{ epoch: 'e0', epochs: 0, sequence: before, prunedTo: before, changes: [], revoked: [], leases: [] },
}
/** What a mutant of the database leaves out. */
export const allRules = {
  ...{ lock: true, fencingLooksAtRenewals: true, numberAboveAll: true },
  ...{ noticesLostChanges: true, restoreBeginsEpoch: true },
}
export type Rules = typeof allRules

export const newest = (db: Db): number => Math.max(db.prunedTo, ...db.changes.map(({ seq }) => seq))

/** Statements of the processes, as `schema/functions` has them, one transaction to a call. They change `db`. */
export function openDatabase(rules: Rules) {
  const change = (db: Db, incarnation: string, to: (lease: LeaseRow) => Partial<LeaseRow>): boolean => {
    const isKnown = db.leases.some((lease) => lease.incarnation === incarnation)
    const changed = (lease: LeaseRow) =>
      lease.incarnation === incarnation ? { ...lease, ...to(lease) } : lease
    db.leases = db.leases.map(changed)
    return isKnown
  }
  function currentEpoch(db: Db): string {
    if (db.epoch !== null) return db.epoch
    db.epoch = `e${++db.epochs}`
    const ghost = { incarnation: `ghost:${db.epoch}`, name: 'ghost', ttl_ms: ttlMs }
    db.leases = [{ ...ghost, renewals: 0, head_at_renewal: -1, acknowledged: -1 }]
    return db.epoch
  }
  function noticeLostChanges(db: Db, incarnation: string, applied: number) {
    currentEpoch(db)
    if (!rules.noticesLostChanges || applied <= newest(db) || !change(db, incarnation, () => ({}))) return
    db.epoch = null
    currentEpoch(db)
  }
  return {
    currentEpoch,
    renewLease(db: Db, { incarnation, applied, isBeginning }: Renewing) {
      noticeLostChanges(db, incarnation, applied)
      const epoch = currentEpoch(db)
      const head = newest(db)
      const isKnown = change(db, incarnation, ({ renewals, acknowledged }) => ({
        ...{ renewals: renewals + 1, head_at_renewal: head },
        acknowledged: isBeginning ? acknowledged : Math.max(acknowledged, applied),
      }))
      const lease = { incarnation, name: 'verifier', ttl_ms: ttlMs, renewals: 1 }
      if (!isKnown && isBeginning)
        db.leases = [...db.leases, { ...lease, head_at_renewal: head, acknowledged: head }]
      const isFenced = !isKnown && !isBeginning
      return { isFenced, epoch, head, prunedTo: db.prunedTo, databaseMs: 0, replicas: 1, place: 0 }
    },
    acknowledge(db: Db, { incarnation, seq }: { incarnation: string; seq: number }): boolean {
      noticeLostChanges(db, incarnation, seq)
      return change(db, incarnation, ({ acknowledged }) => ({ acknowledged: Math.max(acknowledged, seq) }))
    },
    changesFrom(db: Db, first: number) {
      const found = db.changes.filter(({ seq }) => seq >= first).sort((a, b) => a.seq - b.seq)
      const subjectOf = (key: string) => ({ kind: 'key' as const, tokenHash: key as unknown as Buffer })
      const changes = found.map(({ seq, key }) => ({ seq, subjects: [subjectOf(key)] }))
      const epoch = found.length > 0 ? (db.epoch ?? undefined) : undefined
      return { changes, epoch, through: found.at(-1)?.seq, next: undefined }
    },
    fence(db: Db, { incarnation, renewals }: LeaseRow): boolean {
      const isIt = (lease: LeaseRow) =>
        lease.incarnation === incarnation && (!rules.fencingLooksAtRenewals || lease.renewals === renewals)
      const isFenced = db.leases.some(isIt)
      db.leases = db.leases.filter((lease) => !isIt(lease))
      return isFenced
    },
    drawNumber(db: Db): number {
      const drawn = ++db.sequence
      const seen = db.leases.map((lease) => Math.max(lease.head_at_renewal, lease.acknowledged) + 1)
      return rules.numberAboveAll ? Math.max(drawn, newest(db) + 1, ...seen) : drawn
    },
    commit(db: Db, seq: number, key: string) {
      db.changes = [...db.changes, { seq, key, isConfirmed: false }]
      db.revoked = [...new Set([...db.revoked, key])].sort()
    },
    /** The keys whose changes this confirms; undefined when the database has recovered since. */
    resolve(db: Db, { seq, epoch }: { seq: number; epoch: string }): string[] | undefined {
      if (currentEpoch(db) !== epoch) return undefined
      const now = db.changes.filter((one) => one.seq <= seq && !one.isConfirmed)
      db.changes = db.changes.map((one) => ({ ...one, isConfirmed: one.isConfirmed || one.seq <= seq }))
      return now.map(({ key }) => key)
    },
  }
}

type Renewing = { incarnation: string; applied: number; isBeginning: boolean }
