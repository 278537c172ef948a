import { revealShown } from '../../sandbox/reveal-shown.ts'
import { perform } from '../../src/acts/perform.ts'
import { systemRandom } from '../../src/foundation/random.ts'
import type { World } from '../../src/foundation/world.ts'
import { issue, readDraft } from '../../src/keys/issue.ts'
import type { Key } from '../../src/keys/key.ts'
import type { Actor } from '../../src/members/actor.ts'
import type { Role } from '../../src/members/member.ts'
import { readPolicy } from '../../src/policy/policy.ts'
import { asMember, must } from '../setup/records.ts'

type MemberActor = Actor & { kind: 'member' }

/** Makes somebody known to a workspace, with a role. */
export async function join(
  world: World,
  workspaceId: string,
  userId: string,
  role: Role = 'member',
): Promise<MemberActor> {
  const now = world.clock.now()
  await world
    .db('members')
    .insert({ workspace_id: workspaceId, user_id: userId, role, added_at: now, changed_at: now })
    .onConflict(['workspace_id', 'user_id'])
    .merge({ role })
  return { kind: 'member', id: userId, role, workspaceId }
}

/** A key that `maker` made for `owner`, revealed by the owner unless it shall wait. */
export async function ownedKey(
  world: World,
  maker: MemberActor,
  name: string,
  { owner = maker.id, waits = false }: { owner?: string; waits?: boolean } = {},
): Promise<Key> {
  const draft = { name, description: '', integration: '', scopes: ['read'], expiresInDays: '90' }
  const request = readDraft({ ...draft, ownerId: owner, networks: '', limit: '' }, readPolicy({}))
  if (Array.isArray(request)) throw new Error(JSON.stringify(request))
  const { workspaceId } = maker
  await asMember(world.db, maker, world.clock.now())
  const key = must(await perform(world, maker, (act) => issue(act, workspaceId, request, systemRandom)))
  if (waits) return key
  const deps = { random: systemRandom, tokenPrefix: world.config.tokenPrefix, timeZone: 'UTC' }
  const revealer: MemberActor = { ...maker, id: owner }
  await asMember(world.db, revealer, world.clock.now())
  return must(await perform(world, revealer, (act) => revealShown(act, workspaceId, key.id, deps))).key
}

/** Traffic that a key has just had. */
export async function use(world: World, keyId: string, daysAgo = 0): Promise<void> {
  const at = new Date(world.clock.now().getTime() - daysAgo * 86_400_000)
  const row = { key_id: keyId, requests: 9, first_used_at: at, last_used_at: at }
  await world.db('key_usage').insert(row).onConflict('key_id').merge(row)
}

/** The keys as they stand, by name. */
export async function keysByName(world: World): Promise<Record<string, Record<string, unknown>>> {
  const rows = await world
    .db('keys')
    .whereNull('predecessor_id')
    .select('name', 'status', 'owner_id', 'ends_at', 'successor_id')
  return Object.fromEntries(rows.map(({ name, ...row }) => [name, row]))
}
