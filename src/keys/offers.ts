import type { Executor, Transaction } from '../foundation/database.ts'
import type { Random } from '../foundation/random.ts'
import { dayMs } from '../foundation/time.ts'
import { isSlackUser } from '../foundation/words.ts'
import type { Act } from '../members/actor.ts'
import { type OutboxMessage, put } from '../notifications/outbox.ts'
import { refreshSoon } from '../notifications/posted-messages.ts'
import type { Source } from '../notifications/source.ts'
import { type Key, type Status, worksAt } from './key.ts'

export const offerDays = 7

/**
 * When the offer to reveal a key ends; undefined for a successor, which waits for as long as its rotation runs. A
 * reveal that was taken back offers it anew, with all its time.
 */
export const lapsesAt = (key: Pick<Key, 'statusChangedAt' | 'predecessorId'>): Date | undefined =>
  key.predecessorId === null ? new Date(key.statusChangedAt.getTime() + offerDays * dayMs) : undefined

/**
 * Why a key is offered to its owner: somebody started its rotation, made it for them or gave it to them; it was of
 * somebody who leaves; or a token of it may not have been shown to them, and is void.
 */
type OfferReason = { because: 'rotation' | 'leaver' | 'made' | 'given' | 'void'; by: string }

/** How the offer of a key stands. `moved`: the key has another owner now. */
export type OfferState = 'waiting' | 'revealed' | 'lapsed' | 'revoked' | 'moved'

/** A key in an offer. `old`: the key that it replaces, if any, whether that one works now, and its own end. */
export type OfferedKey = {
  id: string
  workspaceId: string
  name: string
  scopes: string[]
  lifetimeDays: number | null
  lapsesAt: Date | undefined
  state: OfferState
  old: { works: boolean; until: Date | null } | undefined
}

/** The keys that one person is offered in one matter. */
export type Offer = OfferReason & { keys: OfferedKey[] }

export type OfferContent =
  | { about: 'offer'; offer: Offer }
  | { about: 'offer-lapsed'; keys: { name: string }[] }

/** Keys that their owners are offered for the same reason. */
export type Offered = OfferReason & {
  workspaceId: string
  /** such as a rotation, a campaign or an offboarding: a person gets one message for all that they are offered in it */
  matterId: string
  /** who is notified when an owner takes no messages; `by` unless given */
  sender?: string
  keys: readonly { id: string; ownerId: string }[]
}

/**
 * Offers keys to their owners, in the transaction that decides so: one direct message per person and matter, which shows
 * what became of each key. A key that was offered to that person in the matter already is offered once.
 */
export async function offerKeys(
  trx: Transaction,
  offered: Offered,
  now: Date,
  random: Random,
): Promise<void> {
  const { workspaceId, matterId, because, by, sender = by } = offered
  const keys = offered.keys.filter(({ ownerId }) => isSlackUser(ownerId))
  if (keys.length === 0) return
  await trx('key_offers')
    .insert(
      keys.map(({ id, ownerId }) => ({ key_id: id, owner_id: ownerId, matter_id: matterId, because, by })),
    )
    .onConflict(['key_id', 'owner_id', 'matter_id'])
    .ignore()
  const owners = [...new Set(keys.map(({ ownerId }) => ownerId))]
  const messages = owners.map(
    (owner): OutboxMessage => ({
      ...{ workspaceId, source: 'offer', subjectId: subjectOf(matterId, owner), mode: 'live' },
      ...{ step: `offered:${now.toISOString()}`, destination: `dm:${owner}`, body: { sender } },
    }),
  )
  await put(trx, messages, now, random)
}

/**
 * Offers an unrevealed key to its owner, in a message of its own. Part of the act that leaves it waiting for them.
 * @param sender who is notified when the owner takes no messages; the actor unless given
 */
export async function offerKey(
  { trx, now, actor }: Act,
  { id, workspaceId, ownerId }: Key,
  because: 'made' | 'given' | 'void',
  random: Random,
  sender?: string,
): Promise<void> {
  const matterId = `${because}:${id}:${now.getTime()}`
  const keys = [{ id, ownerId }]
  await offerKeys(
    trx,
    { workspaceId, matterId, because, by: actor.id, keys, ...(sender ? { sender } : {}) },
    now,
    random,
  )
  // An earlier offer to the same person may say that the key has another owner.
  await refreshOffers(trx, [id])
}

const subjectOf = (matterId: string, ownerId: string) => `${matterId} ${ownerId}`

/** Brings the offers of these keys up to date at once; they follow by themselves within seconds. */
export async function refreshOffers(db: Executor, keyIds: readonly string[]): Promise<void> {
  const rows = await db('key_offers')
    .whereIn('key_id', [...keyIds])
    .select('matter_id', 'owner_id')
  const subjects = rows.map((row) => subjectOf(row.matter_id, row.owner_id))
  if (subjects.length > 0) await refreshSoon(db, 'offer', [...new Set(subjects)].sort())
}

/** An offer loses each button when its key is revealed or ends. One with nothing left is not begun, unless a key was taken back. */
export const offers: Source = {
  everySeconds: 10,
  async read(db, messages, now) {
    const subjects = messages.map(({ subjectId }) => subjectId)
    const read = await readOffers(db, subjects, now)
    return messages.map(({ subjectId, isPosted, body }) => {
      const offer = read.get(subjectId)
      const isOver = offer?.keys.every(({ state }) => state !== 'waiting')
      if (!offer || (isOver && !isPosted && offer.because !== 'void')) return undefined
      const content: OfferContent = { about: 'offer', offer }
      const sender = typeof body.sender === 'string' ? { sender: body.sender } : {}
      return { live: { content, isOver: isOver! }, ...sender }
    })
  },
}

async function readOffers(db: Executor, subjects: readonly string[], now: Date): Promise<Map<string, Offer>> {
  const { rows } = await db.raw(
    `select o.matter_id || ' ' || o.owner_id as subject, o.owner_id as "offeredTo", o.because, o.by, k.id,
       k.workspace_id as "workspaceId", k.name, k.scopes, k.lifetime_days as "lifetimeDays", k.status,
       k.owner_id as "ownerId", k.revealed_at as "revealedAt", k.status_changed_by as "changedBy",
       k.status_changed_at as "statusChangedAt", k.predecessor_id as "predecessorId",
       p.status as "oldStatus", p.works_until as "oldUntil"
     from key_offers o join keys k on k.id = o.key_id left join keys p on p.id = k.predecessor_id
     where (o.matter_id, o.owner_id) in (
       select split_part(subject, ' ', 1), split_part(subject, ' ', 2) from unnest(?::text[]) as s (subject))
     order by k.name_folded, k.id`,
    [[...new Set(subjects)]],
  )
  const read = new Map<string, Offer>()
  for (const row of rows as OfferRow[]) {
    const { subject, because, by, id, workspaceId, name, scopes, lifetimeDays } = row
    const offer = read.get(subject) ?? { because, by, keys: [] }
    const key = { id, workspaceId, name, scopes, lifetimeDays, lapsesAt: lapsesAt(row) }
    offer.keys.push({ ...key, state: stateOf(row), old: oldOf(row, now) })
    read.set(subject, offer)
  }
  return read
}

type OfferRow = OfferReason &
  Pick<OfferedKey, 'id' | 'workspaceId' | 'name' | 'scopes' | 'lifetimeDays'> &
  Pick<Key, 'statusChangedAt' | 'predecessorId'> & {
    subject: string
    offeredTo: string
    ownerId: string
    status: Status
    revealedAt: Date | null
    changedBy: string
    oldStatus: Status | null
    oldUntil: Date | null
  }

/** Its expiry follows from the clock and is in no status. */
function oldOf({ oldStatus, oldUntil }: OfferRow, now: Date): OfferedKey['old'] {
  if (oldStatus === null) return undefined
  return { works: worksAt({ status: oldStatus, worksUntil: oldUntil }, now), until: oldUntil }
}

function stateOf({ status, revealedAt, ownerId, offeredTo, changedBy }: OfferRow): OfferState {
  if (revealedAt !== null) return ownerId === offeredTo ? 'revealed' : 'moved'
  if (status === 'revoked') return changedBy === 'job:lapsed-keys' ? 'lapsed' : 'revoked'
  return ownerId === offeredTo ? 'waiting' : 'moved'
}

/** Says to the owners of keys, once, that they lapsed: in the transaction that ends them. */
export async function announceLapsed(
  trx: Transaction,
  keys: readonly { id: string; workspaceId: string; ownerId: string }[],
  now: Date,
  random: Random,
): Promise<void> {
  const messages = keys
    .filter(({ ownerId }) => isSlackUser(ownerId))
    .map(
      ({ id, workspaceId, ownerId }): OutboxMessage => ({
        ...{ workspaceId, source: 'offer-lapsed', subjectId: `lapsed ${ownerId}`, itemId: id },
        ...{ step: 'lapsed', mode: 'once', destination: `dm:${ownerId}` },
      }),
    )
  await put(trx, messages, now, random)
}

/** Keys of one person that lapsed together are said in one message. */
export const lapsedOffers: Source = {
  sumsUp: true,
  async read(db, messages) {
    const ids = messages.flatMap(({ itemId, fellows = [] }) => [itemId, ...fellows.map((one) => one.itemId)])
    const rows: { id: string; name: string }[] = await db('keys').whereIn('id', ids).select('id', 'name')
    const names = new Map(rows.map(({ id, name }) => [id, name]))
    return messages.map(({ itemId, fellows = [] }) => {
      const all = [itemId, ...fellows.map((one) => one.itemId)].map((id) => names.get(id)!)
      const keys = all.toSorted((a, b) => a.localeCompare(b)).map((name) => ({ name }))
      const content: OfferContent = { about: 'offer-lapsed', keys }
      return { said: { content }, covers: fellows.map(({ id }) => id) }
    })
  },
}
