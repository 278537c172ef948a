import type { Random } from '../foundation/random.ts'
import type { Act } from '../members/actor.ts'
import { put } from '../notifications/outbox.ts'
import type { Policy } from '../policy/policy.ts'
import { isUnattended, type Offboarding, type Plan } from './offboarding.ts'

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
  const messages = workspaces.flatMap((workspace) => {
    const keys = planned.filter((key) => key.workspaceId === workspace.id)
    const keepsRole = keepsRoleIn.includes(workspace.id)
    const isConcerned = keepsRole || (keys.length > 0 && !isUnattended(offboarding))
    if (workspace === home || decidesIn.includes(workspace.id) || !isConcerned) return []
    const body = {
      leaver: userId,
      by: requestedBy,
      home: home?.name ?? '',
      workspace: workspace.name,
      keys: keys.slice(0, maxNamed).map(({ name, plan }) => ({ name, plan })),
      count: keys.length,
      keepsRole,
    }
    return [
      {
        workspaceId: workspace.id,
        subjectId: id,
        step: `${workspace.id} ${begunAt.toISOString()}`,
        destination: `channel:${workspace.policy.alertChannel}`,
        source: 'offboarded-elsewhere',
        mode: 'once' as const,
        body,
      },
    ]
  })
  await put(act.trx, messages, act.now, random)
}
