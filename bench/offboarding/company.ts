import { perform } from '../../src/acts/perform.ts'
import { isRefusal } from '../../src/foundation/refusal.ts'
import type { World } from '../../src/foundation/world.ts'
import { bootstrap } from '../../src/workspaces/bootstrap.ts'
import type { Workspace } from '../../src/workspaces/workspace.ts'

/** A company whose every leaver owns and revealed the same number of active keys, a third of them in use. */
export async function fillCompany(
  world: World,
  team: { id: string; name: string },
  leavers: number,
  keysEach: number,
): Promise<Workspace> {
  const first = { team, ownerIds: ['U0ADA00001'], workspace: 'Platform', policy: {} }
  const workspace = await perform(world, { kind: 'job', id: 'bench' }, (act) =>
    bootstrap(act, first, world.random),
  )
  if (isRefusal(workspace)) throw new Error('the company could not be made')
  const now = world.clock.now()
  await world.db.raw(
    `insert into keys (id, workspace_id, name, name_folded, scopes, status, hint, token_hash, owner_id, created_by,
       created_at, revealed_by, revealed_at, status_changed_at, status_changed_by)
     select 'key_' || n, :workspace, 'Key ' || n, 'key ' || n, '{read}', 'active', 'tml_0000...',
       sha256(n::text::bytea), 'U' || lpad((n % :leavers)::text, 8, '0'), 'U0ADA00001', :now,
       'U' || lpad((n % :leavers)::text, 8, '0'), :now, :now, 'U0ADA00001'
     from generate_series(0, :last) as n`,
    { workspace: workspace.id, leavers, last: leavers * keysEach - 1, now },
  )
  await world.db.raw(
    `insert into key_usage (key_id, requests, first_used_at, last_used_at)
     select id, 10, :now, :now from keys where hashtext(id) % 3 = 0`,
    { now },
  )
  await world.db.raw('analyze')
  return workspace
}

export const leaverId = (n: number): string => `U${String(n).padStart(8, '0')}`
