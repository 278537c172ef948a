import type { LeaseRow } from '../../../src/leases/judge.ts'

/** A database as far as the protocol of leases goes: what `schema/functions` does, one transaction to a call. */
export type Db = {
  /** emptied by a recovery */
  epoch: string | null
  epochs: number
  longestTtlMs: number
  sequence: number
  prunedTo: number
  changes: { seq: number; key: string; isConfirmed: boolean }[]
  revoked: string[]
  leases: LeaseRow[]
}

/** What a mutant of the database leaves out. */
export type Rules = {
  lock: boolean
  fencingLooksAtRenewals: boolean
  numberAboveAll: boolean
  noticesLostChanges: boolean
  restoreBeginsEpoch: boolean
}

export const allRules: Rules = {
  lock: true,
  fencingLooksAtRenewals: true,
  numberAboveAll: true,
  noticesLostChanges: true,
  restoreBeginsEpoch: true,
}

export const newestChange = (db: Db): number => Math.max(db.prunedTo, ...db.changes.map(({ seq }) => seq))

export function currentEpoch(db: Db): string {
  if (db.epoch !== null) return db.epoch
  db.epoch = `e${++db.epochs}`
  const ghost = { incarnation: `ghost:${db.epoch}`, name: 'ghost', ttl_ms: db.longestTtlMs }
  db.leases = [{ ...ghost, renewals: 0, head_at_renewal: -1, acknowledged: -1 }]
  return db.epoch
}

function noticeLostChanges(db: Db, rules: Rules, incarnation: string, applied: number) {
  currentEpoch(db)
  const isKnown = db.leases.some((lease) => lease.incarnation === incarnation)
  if (!rules.noticesLostChanges || !isKnown || applied <= newestChange(db)) return
  db.epoch = null
  currentEpoch(db)
}

export function renewLease(
  db: Db,
  rules: Rules,
  { incarnation, applied, isBeginning }: { incarnation: string; applied: number; isBeginning: boolean },
  ttlMs: number,
) {
  noticeLostChanges(db, rules, incarnation, applied)
  const epoch = currentEpoch(db)
  const head = newestChange(db)
  const lease = db.leases.find((one) => one.incarnation === incarnation)
  if (lease) {
    lease.renewals++
    lease.head_at_renewal = head
    if (!isBeginning) lease.acknowledged = Math.max(lease.acknowledged, applied)
  } else if (isBeginning) {
    const name = incarnation.split('.')[0]!
    db.leases.push({
      incarnation,
      name,
      ttl_ms: ttlMs,
      renewals: 1,
      head_at_renewal: head,
      acknowledged: head,
    })
  }
  const isFenced = !lease && !isBeginning
  return { isFenced, epoch, head, prunedTo: db.prunedTo, databaseMs: 0, replicas: 1, place: 0 }
}

export function acknowledgeChanges(db: Db, rules: Rules, incarnation: string, seq: number): boolean {
  noticeLostChanges(db, rules, incarnation, seq)
  const lease = db.leases.find((one) => one.incarnation === incarnation)
  if (lease) lease.acknowledged = Math.max(lease.acknowledged, seq)
  return lease !== undefined
}

export function changesAfter(db: Db, seq: number) {
  const found = db.changes.filter((change) => change.seq > seq).sort((a, b) => a.seq - b.seq)
  const changes = found.map(({ seq, key }) => ({
    seq,
    subjects: [{ kind: 'key' as const, tokenHash: key as unknown as Buffer }],
  }))
  const isAny = found.length > 0
  return {
    changes,
    epoch: isAny ? (db.epoch ?? undefined) : undefined,
    through: found.at(-1)?.seq,
    next: undefined,
  }
}

export function fenceLease(db: Db, rules: Rules, { incarnation, renewals }: LeaseRow): boolean {
  const before = db.leases.length
  db.leases = db.leases.filter(
    (lease) =>
      lease.incarnation !== incarnation || (rules.fencingLooksAtRenewals && lease.renewals !== renewals),
  )
  return db.leases.length < before
}

/** Draws the number of a change. */
export function drawNumber(db: Db, rules: Rules): number {
  const drawn = ++db.sequence
  if (!rules.numberAboveAll) return drawn
  const seen = db.leases.map((lease) => Math.max(lease.head_at_renewal, lease.acknowledged) + 1)
  return Math.max(drawn, newestChange(db) + 1, ...seen)
}

export function commitChange(db: Db, seq: number, key: string) {
  db.changes.push({ seq, key, isConfirmed: false })
  if (!db.revoked.includes(key)) db.revoked.push(key)
}

/** The changes that this confirms; undefined when the database has recovered since. */
export function resolveChanges(db: Db, seq: number, epoch: string): Db['changes'] | undefined {
  if (currentEpoch(db) !== epoch) return undefined
  const now = db.changes.filter((change) => change.seq <= seq && !change.isConfirmed)
  for (const change of now) change.isConfirmed = true
  return now
}
