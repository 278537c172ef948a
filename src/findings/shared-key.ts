import type { Transaction } from '../foundation/database.ts'
import { groupBy } from '../foundation/group-by.ts'
import { hourMs } from '../foundation/time.ts'
import type { Workspace } from '../workspaces/workspace.ts'
import { deactivated, endedBy, noticed, revoked } from './ended.ts'
import type { Fact, Gone, Question } from './finding.ts'
import { neighbourhoods, type Pair, systemsAtLeast } from './systems.ts'

/** A finding stays open this long after the last hour in which its key was shared. */
const rememberedHours = 25
/** One client in this many times as many neighbourhoods is no single owner's fleet. */
const fleetFactor = 5
const maxShown = 4

type Row = Pair & { id: string; hour: Date }

/**
 * Asks which active keys were used within one hour by as many systems as the policy counts as sharing, with neither
 * neighbourhood nor client in common; or from five times as many neighbourhoods, by any clients. Only requests that
 * were allowed count.
 */
export const sharedKey: Question = {
  kind: 'shared-key',
  ended: endedBy(revoked, deactivated, noLongerCalledSo, apart),
  async ask(trx, workspace, now): Promise<Fact[]> {
    const byKey = groupBy(await spreadHours(trx, workspace, now), ({ id }) => id)
    return [...byKey].flatMap(([keyId, rows]) => {
      const hours = [...groupBy(rows, ({ hour }) => hour.getTime())].map(([at, pairs]) => ({
        at,
        networks: neighbourhoods(pairs),
        systems: systemsAtLeast(pairs),
      }))
      const shared = hours.filter(
        ({ systems, networks }) =>
          systems.length >= workspace.policy.sharedKeySystems ||
          networks >= workspace.policy.sharedKeySystems * fleetFactor,
      )
      const worst = shared.toSorted(
        (a, b) => b.systems.length - a.systems.length || b.networks - a.networks,
      )[0]
      return worst ? [factOf(keyId, worst)] : []
    })
  },
}

/** The sharing is recent enough to be found, so the policy no longer counts it. */
function noLongerCalledSo({ facts }: Gone, now: Date) {
  const hour = new Date(String(facts.hour)).getTime()
  return hour > now.getTime() - rememberedHours * hourMs ? noticed('policy', now) : undefined
}

function apart(_gone: Gone, now: Date) {
  return noticed('apart', now)
}

type Hour = { at: number; networks: number; systems: Pair[] }

const factOf = (keyId: string, { at, networks, systems }: Hour): Fact => ({
  keyId,
  step: 'open',
  level: 0,
  severity: 'warning',
  facts: {
    hour: new Date(at).toISOString(),
    networks,
    systems: systems.length,
    shown: systems.slice(0, maxShown).map(({ network, client }) => ({ network, client })),
  },
})

/** Every source of the hours with several sources, which each flush notes as it counts. */
async function spreadHours(trx: Transaction, workspace: Workspace, now: Date): Promise<Row[]> {
  const { rows } = await trx.raw(
    `select k.id, s.hour, s.network, s.client
     from usage_spread p
       join keys k on k.id = p.key_id and k.workspace_id = :workspace and k.status = 'active'
       join usage_sources s on s.key_id = p.key_id and s.hour = p.hour
     where p.hour > :now::timestamptz - interval '${rememberedHours} hours' and s.requests > s.refused
     order by k.id, s.hour, s.network, s.client`,
    { workspace: workspace.id, now },
  )
  return rows
}
