import { askingFindings } from '../findings/asking.ts'
import { answerStateOfKey } from '../reviews/review.ts'

/**
 * The kinds of entries in an inbox, in the order of its filters. `alerts`: findings that nobody has snoozed;
 * `assigned`: those of them that this person took on or was given.
 */
export const filters = [
  'alerts',
  'assigned',
  'snoozed',
  'requests',
  'rotations',
  'offers',
  'reviews',
] as const
export type InboxFilter = (typeof filters)[number]

/** Whose inbox: what they may act on follows from their role. Without a person it is that of all who manage. */
export type Reader = { workspaceId: string; userId: string | null; manages: boolean; owns: boolean }

/**
 * One kind of entry: rows of `id`, `rank` (how urgent: 3 critical, 2 warning, 1 notice, 0 waits for others) and `at`
 * (since when it is so), read from an index in that order as far as the page goes.
 */
type Branch = { kind: string; sql: string; filters: readonly InboxFilter[] }

const manager: readonly Branch[] = [
  {
    kind: 'finding',
    filters: ['alerts'],
    sql: askingFindings,
  },
  {
    kind: 'finding',
    filters: ['snoozed'],
    sql: `select f.id, f.rank, f.changed_at as at from findings f
      where f.workspace_id = :workspace and f.resolved_at is null and f.snoozed_until is not null`,
  },
  {
    kind: 'request',
    filters: ['requests'],
    sql: `select id, 2 as rank, requested_at as at from key_requests
      where workspace_id = :workspace and state = 'waiting' and requested_by is distinct from :person`,
  },
  {
    kind: 'rotation',
    filters: ['rotations'],
    sql: `select id, 2 as rank, due_at as at from rotations
      where workspace_id = :workspace and ended_at is null and due_at <= :now`,
  },
  {
    kind: 'rotation',
    filters: ['rotations'],
    sql: `select id, 1 as rank, phase_at as at from rotations
      where workspace_id = :workspace and ended_at is null and phase = 'safe' and due_at > :now`,
  },
  {
    kind: 'rotation',
    filters: ['rotations'],
    sql: `select r.id, 1 as rank, r.phase_at as at from rotations r join keys k on k.id = r.successor_id
      where r.workspace_id = :workspace and r.ended_at is null and r.phase = 'switch' and r.due_at > :now
        and k.owner_id = :person`,
  },
]

const member: readonly Branch[] = [
  {
    kind: 'finding',
    filters: ['alerts'],
    sql: `select f.id, f.rank, f.changed_at as at from findings f join keys k on k.id = f.key_id
      where f.workspace_id = :workspace and f.resolved_at is null and f.snoozed_until is null
        and k.owner_id = :person and coalesce(f.acknowledged_by, f.assigned_to) is distinct from :person`,
  },
  {
    kind: 'finding',
    filters: ['alerts'],
    sql: `${askingFindings}
        and coalesce(f.acknowledged_by, f.assigned_to) = :person`,
  },
  {
    kind: 'finding',
    filters: ['snoozed'],
    sql: `select f.id, f.rank, f.changed_at as at from findings f join keys k on k.id = f.key_id
      where f.workspace_id = :workspace and f.resolved_at is null and f.snoozed_until is not null
        and k.owner_id = :person`,
  },
  {
    kind: 'rotation',
    filters: ['rotations'],
    sql: `select r.id, 2 as rank, r.due_at as at from rotations r join keys k on k.id = r.successor_id
      where r.workspace_id = :workspace and r.ended_at is null and r.phase <> 'reveal' and r.due_at <= :now
        and k.owner_id = :person`,
  },
  {
    kind: 'rotation',
    filters: ['rotations'],
    sql: `select r.id, 1 as rank, r.phase_at as at from rotations r join keys k on k.id = r.successor_id
      where r.workspace_id = :workspace and r.ended_at is null and r.phase = 'switch' and r.due_at > :now
        and k.owner_id = :person`,
  },
]

const everybody: readonly Branch[] = [
  {
    kind: 'suspended',
    filters: [],
    sql: `select w.id, 3 as rank, coalesce(w.suspended_at, a.suspended_at) as at
      from workspaces w join accounts a on a.id = w.account_id
      where w.id = :workspace and (w.suspended_at is not null or a.suspended_at is not null)`,
  },
]

/** Of a person, whatever their role. */
const own: readonly Branch[] = [
  {
    kind: 'finding',
    filters: ['assigned'],
    sql: `select f.id, f.rank, f.changed_at as at from findings f
      where f.workspace_id = :workspace and f.resolved_at is null
        and coalesce(f.acknowledged_by, f.assigned_to) = :person`,
  },
  {
    kind: 'offer',
    filters: ['offers'],
    sql: `select id, 2 as rank, status_changed_at as at from keys
      where workspace_id = :workspace and owner_id = :person and status = 'unrevealed'
        and (status_changed_at > :offeredSince or predecessor_id is not null)`,
  },
  {
    kind: 'own-request',
    filters: ['requests'],
    sql: `select id, 0 as rank, requested_at as at from key_requests
      where workspace_id = :workspace and requested_by = :person and state = 'waiting'`,
  },
  {
    kind: 'review',
    filters: ['reviews'],
    sql: `select r.id, case when r.answer_by <= :lateFrom then 2 else 1 end as rank, r.begun_at as at from reviews r
      where r.workspace_id = :workspace and r.ended_at is null and exists (
        select from review_keys a join keys k on k.id = a.key_id
        where a.review_id = r.id and a.closed_at is null and a.answer_by > :now
          and k.owner_id = :person and ${answerStateOfKey} = 'open')`,
  },
]

const owner: readonly Branch[] = [
  {
    kind: 'failed',
    filters: [],
    sql: `(select workspace_id as id, 2 as rank, put_at as at from outbox
      where workspace_id = :workspace and outcome = 'failed' order by put_at desc limit 1)`,
  },
]

/** The kinds of entries that this reader's inbox holds, with that filter; without one, all but what is snoozed. */
export const branchesOf = (
  { userId, manages, owns }: Reader,
  filter: InboxFilter | undefined,
): readonly Branch[] =>
  [
    ...everybody,
    ...(manages ? manager : member),
    ...(userId === null ? [] : own),
    ...(owns ? owner : []),
  ].filter((branch) =>
    filter
      ? branch.filters.includes(filter)
      : !branch.filters.includes('snoozed') && !branch.filters.includes('assigned'),
  )
