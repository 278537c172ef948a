import type { Knex } from 'knex'
import type { Executor } from '../foundation/database.ts'
import { dayMs } from '../foundation/time.ts'
import type { Actor } from '../members/actor.ts'
import { may } from '../policy/may.ts'
import type { KeyWithUsage } from './key.ts'
import { normaliseName } from './name.ts'
import { offerDays } from './offers.ts'
import { keysWithUsage, toKeyWithUsage } from './store.ts'
import { hashToken, isHint } from './token.ts'

/** Whose eyes: a plain member sees only the keys they own. */
export type Viewer = { actor: Actor; workspaceId: string }

export type Found =
  | { match: 'one'; key: KeyWithUsage }
  | { match: 'several'; keys: KeyWithUsage[] }
  | { match: 'none'; near: KeyWithUsage[] }

/**
 * Which key someone means: an exact name (case-folded; live before revoked), else the name that lists show of a key
 * that is being replaced, else a hint with or without its
 * prefix and dots, else an id. A near miss or a prefix is only ever offered, never taken.
 */
export async function findKey(
  db: Executor,
  viewer: Viewer,
  words: string,
  tokenPrefix: string,
): Promise<Found> {
  const named = { name_folded: normaliseName(words) }
  const live = await findKeys(db, viewer, (query) => query.where(named).whereNot('status', 'revoked'))
  const byName = live.length > 0 ? live : await findKeys(db, viewer, named, 1)
  if (byName.length > 0) return oneOrSeveral(byName)

  const replaced = /^(.*?)\s*\(old\)$/i.exec(words.trim())?.[1]
  const old = replaced
    ? await findKeys(db, viewer, (query) =>
        query
          .where({ name_folded: normaliseName(replaced) })
          .whereNot('status', 'revoked')
          .whereNotNull('successor_id'),
      )
    : []
  if (old.length > 0) return oneOrSeveral(old)

  const hints = readHints(words, tokenPrefix)
  const byHint = hints.length > 0 ? await findKeys(db, viewer, (query) => query.whereIn('hint', hints)) : []
  if (byHint.length > 0) return oneOrSeveral(byHint)

  const byId = await findKeyById(db, viewer, words.trim())
  if (byId) return oneOrSeveral([byId])
  return { match: 'none', near: await nearest(db, viewer, words) }
}

/** The key with that id, if this viewer may see it. */
export async function findKeyById(
  db: Executor,
  viewer: Viewer,
  id: string,
): Promise<KeyWithUsage | undefined> {
  // An id from the wire may hold characters that no column takes.
  return isId(id) ? (await findKeys(db, viewer, { 'keys.id': id }))[0] : undefined
}

/** The key that a whole token belongs to, if it is one of this workspace's. */
export async function findKeyByToken(
  db: Executor,
  viewer: Viewer,
  token: string,
): Promise<KeyWithUsage | undefined> {
  return (await findKeys(db, viewer, { token_hash: hashToken(token) }))[0]
}

const isId = (text: string) => /^key_[0-9a-z]{1,40}$/.test(text)

const oneOrSeveral = (keys: KeyWithUsage[]): Found =>
  keys.length === 1 ? { match: 'one', key: keys[0]! } : { match: 'several', keys }

/** Whether a live key of the workspace has that name, in any spelling that reads the same. */
export async function nameInUse(db: Executor, workspaceId: string, name: string): Promise<boolean> {
  const row = await db('keys')
    .where({ workspace_id: workspaceId, name_folded: normaliseName(name) })
    .whereNot('status', 'revoked')
    .whereNull('successor_id')
    .first('id')
  return row !== undefined
}

/** The viewer's live keys by name, at most `limit`: something to choose from. */
export async function keysToChoose(db: Executor, viewer: Viewer, limit: number): Promise<KeyWithUsage[]> {
  const rows = await visible(db, viewer).whereNot('status', 'revoked').orderBy('name_folded').limit(limit)
  return rows.map(toKeyWithUsage)
}

/** The keys that wait for this person to reveal them, oldest first, at most `limit`, lapsed offers left out. */
export async function offersTo(
  db: Executor,
  workspaceId: string,
  userId: string,
  now: Date,
  limit = 5,
): Promise<KeyWithUsage[]> {
  const since = new Date(now.getTime() - offerDays * dayMs)
  const rows = await keysWithUsage(db)
    .where({ workspace_id: workspaceId, owner_id: userId, status: 'unrevealed' })
    .where((open) => open.where('status_changed_at', '>', since).orWhereNotNull('predecessor_id'))
    .orderBy('status_changed_at')
    .limit(limit)
  return rows.map(toKeyWithUsage)
}

/** A live key that the integration has already; the newest when there are several. */
export async function liveKeyOfIntegration(
  db: Executor,
  workspaceId: string,
  integration: string,
): Promise<KeyWithUsage | undefined> {
  const row = await keysWithUsage(db)
    .where('keys.workspace_id', workspaceId)
    .whereRaw('lower(integration) = lower(?)', [integration])
    .whereNot('status', 'revoked')
    .whereNot('integration', '')
    .orderBy('created_at', 'desc')
    .first()
  return row && toKeyWithUsage(row)
}

/** The keys a viewer may see, as a query to narrow down. */
export function visible(db: Executor, viewer: Viewer) {
  const query = keysWithUsage(db).where('keys.workspace_id', viewer.workspaceId)
  return seesAll(viewer) ? query : query.where('owner_id', viewer.actor.id)
}

const seesAll = ({ actor, workspaceId }: Viewer) => may(actor, 'key.show', { workspaceId, ownerId: '' })

async function findKeys(
  db: Executor,
  viewer: Viewer,
  where: Record<string, unknown> | Knex.QueryCallback,
  limit = 10,
): Promise<KeyWithUsage[]> {
  const rows = await visible(db, viewer)
    .where(where as Knex.QueryCallback)
    .orderBy('created_at', 'desc')
    .limit(limit)
  return rows.map(toKeyWithUsage)
}

/** At most three live keys whose names are nearest to what was typed. */
async function nearest(db: Executor, viewer: Viewer, words: string): Promise<KeyWithUsage[]> {
  const typed = normaliseName(words)
  const live = visible(db, viewer)
    .clearSelect()
    .select('keys.id', 'name_folded')
    .whereNot('status', 'revoked')
  // The index knows the order of everybody's names; somebody's own are compared one by one.
  if (!seesAll(viewer)) live.limit(ownNames)
  const names: Knex.QueryBuilder = seesAll(viewer)
    ? live.whereRaw('name_folded % ?', [typed])
    : db.withMaterialized('own', live).from('own').select('id').whereRaw('name_folded % ?', [typed])
  const near: { id: string }[] = await names.orderByRaw('name_folded <-> ?', [typed]).limit(3)
  const rows = await keysWithUsage(db)
    .whereIn(
      'keys.id',
      near.map(({ id }) => id),
    )
    .orderByRaw('name_folded <-> ?, name_folded', [typed])
  return rows.map(toKeyWithUsage)
}

/** How many of a member's own names are compared with a misspelt one. */
const ownNames = 1_000

/** `tml_Ab3d...`, `tml_Ab3d` or `Ab3d` as hints may be stored; adopted keys have hints of their own form. */
function readHints(words: string, tokenPrefix: string): string[] {
  const bare = words.trim().replace(/(\.\.\.|…)$/, '')
  const characters = bare.startsWith(tokenPrefix) ? bare.slice(tokenPrefix.length) : bare
  const ours = /^[0-9A-Za-z]{4}$/.test(characters) ? [`${tokenPrefix}${characters}...`] : []
  return isHint(bare) ? [...ours, `${bare}...`] : ours
}
