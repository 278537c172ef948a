import { perform } from '../acts/perform.ts'
import { record } from '../audit/record.ts'
import type { Executor } from '../foundation/database.ts'
import { newId } from '../foundation/ids.ts'
import type { Random } from '../foundation/random.ts'
import { isRefusal, type Refusal, refuse, sentence } from '../foundation/refusal.ts'
import { plain } from '../foundation/words.ts'
import type { World } from '../foundation/world.ts'
import { expiring, expiringDays, overdue } from '../keys/due.ts'
import { type KeyWithUsage, legalFrom } from '../keys/key.ts'
import { normaliseName } from '../keys/name.ts'
import { keysWithUsage, toKeyWithUsage } from '../keys/store.ts'
import type { Act, Actor } from '../members/actor.ts'
import { lockRole } from '../members/lock.ts'
import { authorise } from '../policy/authorise.ts'
import { type Policy, readPolicy } from '../policy/policy.ts'
import { announce } from './announce.ts'
import { type Reason, runningRotationOf } from './rotation.ts'
import { startRotation } from './start.ts'

/** Which keys: those of an integration, of an owner, with words in their name, due for rotation, or expiring soon. */
export type Which =
  | { of: 'integration'; integration: string }
  | { of: 'owner'; ownerId: string }
  | { of: 'words'; words: string }
  | { of: 'overdue' }
  | { of: 'expiring' }

export type Campaign = { id: string; title: string; reason: Reason }

/** A campaign serves at most this many keys; a bigger one is begun again with the rest. */
export const maxKeys = 1_000
const keysPerTransaction = 100

/** The keys that such a campaign would rotate now: live, revealed, and not being rotated already. */
export async function keysToRotate(
  db: Executor,
  workspace: { id: string; policy: Policy },
  which: Which,
  now: Date,
): Promise<KeyWithUsage[]> {
  const rows = await keysWithUsage(db)
    .where('keys.workspace_id', workspace.id)
    .whereIn('keys.status', legalFrom.rotate)
    .whereNull('keys.successor_id')
    .whereNotExists(
      db('rotations').whereRaw('rotations.successor_id = keys.id').whereNull('ended_at').select(db.raw('1')),
    )
    .modify((query) => narrow[which.of](query, which as never, workspace.policy, now))
    .orderBy(['name_folded', 'keys.id'])
    .limit(maxKeys)
  return rows.map(toKeyWithUsage)
}

type Query = ReturnType<typeof keysWithUsage>
type Narrow<K extends Which['of']> = (
  query: Query,
  which: Extract<Which, { of: K }>,
  policy: Policy,
  now: Date,
) => void

const narrow: { [K in Which['of']]: Narrow<K> } = {
  integration: (query, { integration }) => query.whereRaw('lower(integration) = lower(?)', [integration]),
  owner: (query, { ownerId }) => query.where('owner_id', ownerId),
  words: (query, { words }) => query.whereRaw('strpos(name_folded, ?) > 0', [normaliseName(words)]),
  overdue: (query, _which, policy, now) => void overdue(query, policy, now),
  expiring: (query, _which, policy, now) => void expiring(query, now, policy.timeZone),
}

/** The integrations of the workspace's live keys, by name. */
export async function integrationsOf(db: Executor, workspaceId: string, limit: number): Promise<string[]> {
  const rows = await db('keys')
    .where({ workspace_id: workspaceId })
    .whereIn('status', legalFrom.rotate)
    .whereNot('integration', '')
    .distinct<{ integration: string }[]>('integration')
    .orderBy('integration')
    .limit(limit)
  return rows.map((row) => row.integration)
}

/** The title of a campaign: which keys it is about. */
function titleOf(which: Which): string {
  switch (which.of) {
    case 'integration':
      return `Keys for ${which.integration}`
    case 'owner':
      return 'Keys of a person'
    case 'words':
      return `Keys named like ${which.words}`
    case 'overdue':
      return 'Keys that are due for rotation'
    case 'expiring':
      return `Keys that end within ${expiringDays} days`
  }
}

/** Decides to rotate these keys as one campaign. They are carried out right after, some at a time. */
export async function startCampaign(
  act: Act,
  workspace: { id: string; policy: Policy },
  wanted: { which: Which; reason: Reason; newOwnerId?: string },
  random: Random,
): Promise<Campaign | Refusal> {
  const refusal = await authorise(act, 'key.rotate', { workspaceId: workspace.id })
  if (refusal) return refusal
  const keys = await keysToRotate(act.trx, workspace, wanted.which, act.now)
  if (keys.length === 0) return refuse('not_found', 'No key is left to rotate there.')
  const campaign = await openCampaign(
    act,
    workspace,
    {
      ...{ title: titleOf(wanted.which), reason: wanted.reason, newOwnerId: wanted.newOwnerId },
      ofUserId: wanted.which.of === 'owner' ? wanted.which.ownerId : undefined,
    },
    random,
  )
  await act
    .trx('rotation_campaign_keys')
    .insert(keys.map((key) => ({ campaign_id: campaign.id, key_id: key.id })))
  await record(act, {
    event: 'rotation.campaign-started',
    workspaceId: workspace.id,
    details: { campaign: campaign.id, title: campaign.title, reason: campaign.reason, keys: keys.length },
  })
  return campaign
}

/** Creates a campaign, whose message begins, and no key yet: the caller starts its rotations in the same transaction. */
export async function openCampaign(
  act: Act,
  workspace: { id: string; policy: Policy },
  wanted: { title: string; reason: Reason; newOwnerId?: string | undefined; ofUserId?: string | undefined },
  random: Random,
): Promise<Campaign> {
  const id = newId('roc', random)
  const title = wanted.title.slice(0, 200)
  await act.trx('rotation_campaigns').insert({
    id,
    workspace_id: workspace.id,
    title,
    reason: wanted.reason,
    of_user_id: wanted.ofUserId ?? null,
    new_owner_id: wanted.newOwnerId ?? null,
    started_by: act.actor.id,
    started_by_kind: act.actor.kind,
    started_at: act.now,
  })
  await announce(act, workspace, id, random)
  return { id, title, reason: wanted.reason }
}

/** The campaign that this actor began about such keys, and that the running rotation of one of these new keys is a part of. */
export const campaignOf = (
  { trx, actor }: Act,
  successorIds: readonly string[],
  { reason, ofUserId }: { reason: Reason; ofUserId: string | null },
): Promise<Campaign | undefined> =>
  trx('rotations as r')
    .join('rotation_campaigns as c', 'c.id', 'r.campaign_id')
    .whereIn('r.successor_id', [...successorIds])
    .whereNull('r.ended_at')
    .where({ 'c.reason': reason, 'c.of_user_id': ofUserId, 'c.started_by': actor.id })
    .first('c.id', 'c.title', 'c.reason')

/** Starts the rotations that campaigns have decided, a batch per transaction; the next run resumes there. */
export async function carryOutCampaigns(world: World): Promise<number> {
  let started = 0
  for (;;) {
    const done = await perform(world, { kind: 'job', id: 'rotations' }, (act) => startSome(act, world.random))
    if (isRefusal(done)) {
      world.log.warn(
        { event: 'rotation.campaign_refused', why: plain(done.message) },
        'a step of a rotation campaign was refused',
      )
      return started
    }
    if (done === 0) return started
    started += done
  }
}

type CampaignRow = {
  id: string
  workspace_id: string
  reason: Reason
  new_owner_id: string | null
  started_by: string
  started_by_kind: Actor['kind']
  policy: unknown
}

async function startSome(act: Act, random: Random): Promise<number> {
  const next = await act.trx('rotation_campaign_keys').whereNull('outcome').orderBy('campaign_id').first()
  if (!next) return 0
  const actor = await lockStarter(act, next.campaign_id)
  // Held until the end of this transaction: another process takes it up after us, or finds it done.
  const campaign: CampaignRow = await act
    .trx('rotation_campaigns')
    .join('workspaces', 'workspaces.id', 'workspace_id')
    .where('rotation_campaigns.id', next.campaign_id)
    .forUpdate('rotation_campaigns')
    .first('rotation_campaigns.*', 'workspaces.policy')
  const rows = await act
    .trx('rotation_campaign_keys')
    .where({ campaign_id: campaign.id })
    .whereNull('outcome')
    .orderBy('key_id')
    .limit(keysPerTransaction)
    .select('key_id')
  const keyIds = rows.map((row) => row.key_id as string)
  await act.trx('keys').whereIn('id', keyIds).orderBy('id').forUpdate().select('id')
  const outcomes = []
  for (const keyId of keyIds)
    outcomes.push({ keyId, ...(await startOne({ ...act, actor }, campaign, keyId, random)) })
  await act.trx.raw(
    `update rotation_campaign_keys c set outcome = o.outcome, why = o.why
     from jsonb_to_recordset(?) as o ("keyId" text, outcome text, why text)
     where c.campaign_id = ? and c.key_id = o."keyId"`,
    [JSON.stringify(outcomes), campaign.id],
  )
  return Math.max(1, keyIds.length)
}

/** The actor who started the campaign rotates its keys, with the role that they have now. */
async function lockStarter({ trx }: Act, campaignId: string): Promise<Actor> {
  const row = await trx('rotation_campaigns').where({ id: campaignId }).first()
  const { started_by: id, started_by_kind: kind, workspace_id: workspaceId } = row as CampaignRow
  if (kind !== 'member') return { kind, id }
  return { kind, id, role: (await lockRole(trx, workspaceId, id)) ?? 'member', workspaceId }
}

async function startOne(act: Act, row: CampaignRow, keyId: string, random: Random) {
  const workspace = { id: row.workspace_id, policy: readPolicy(row.policy) }
  const running = await runningRotationOf(act.trx, keyId)
  if (running && row.reason !== 'compromised')
    return { outcome: 'skipped', why: 'It is being rotated already.' }
  const changes = row.new_owner_id ? { ownerId: row.new_owner_id } : {}
  const start = { reason: row.reason, campaignId: row.id, changes }
  const started = await startRotation(act, workspace, keyId, start, random)
  return isRefusal(started)
    ? { outcome: 'skipped', why: plain(sentence(started)) }
    : { outcome: 'started', why: '' }
}
