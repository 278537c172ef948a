import type { Random } from '../foundation/random.ts'
import type { Act } from '../members/actor.ts'
import { put } from '../notifications/outbox.ts'
import type { Policy } from '../policy/policy.ts'
import { isUnattended, type Offboarding, type Plan, requestsOf } from './offboarding.ts'

/** A key that an offboarding has just written down. */
export type Planned = { workspaceId: string; name: string; plan: Plan }

type Named = { id: string; name: string; policy: Policy }

const maxNamed = 10

/**
 * Notifies the channel of each other workspace of the effects that nobody there decided: keys that follow its policy,
 * where a person elsewhere asked, and a role that stays until an owner there ends it.
 */
export async function notifyWorkspaces(
  act: Act,
  offboarding: Offboarding,
  workspaces: readonly Named[],
  planned: readonly Planned[],
  random: Random,
): Promise<void> {
  const { id, userId, requestedBy, begunAt, decidesIn, keepsRoleIn } = offboarding
  const home = workspaces.find((one) => one.id === offboarding.workspaceId)
  const keysOf = (workspace: Named) => planned.filter((key) => key.workspaceId === workspace.id)
  const concerned = workspaces.filter(
    (workspace) =>
      workspace !== home &&
      !decidesIn.includes(workspace.id) &&
      (keepsRoleIn.includes(workspace.id) || (keysOf(workspace).length > 0 && !isUnattended(offboarding))),
  )
  if (concerned.length === 0) return
  const requests = await requestsOf(act.trx, id)
  const sources = [...new Set(requests.map(({ source }) => source))]
  const messages = concerned.map((workspace) => {
    const keys = keysOf(workspace)
    const body = {
      leaver: userId,
      by: requestedBy,
      sources,
      home: home?.name ?? '',
      workspace: workspace.name,
      keys: keys.slice(0, maxNamed).map(({ name, plan }) => ({ name, plan })),
      count: keys.length,
      keepsRole: keepsRoleIn.includes(workspace.id),
    }
    return {
      workspaceId: workspace.id,
      subjectId: id,
      step: `${workspace.id} ${begunAt.toISOString()}`,
      destination: `channel:${workspace.policy.alertChannel}`,
      source: 'offboarded-elsewhere',
      mode: 'once' as const,
      body,
    }
  })
  await put(act.trx, messages, act.now, random)
}
