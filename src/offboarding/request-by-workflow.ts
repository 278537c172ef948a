import { record } from '../audit/record.ts'
import type { Executor } from '../foundation/database.ts'
import { groupBy } from '../foundation/group-by.ts'
import type { Random } from '../foundation/random.ts'
import { type Refusal, refuse } from '../foundation/refusal.ts'
import { hourMs } from '../foundation/time.ts'
import { join, say } from '../foundation/words.ts'
import type { Act } from '../members/actor.ts'
import { type OutboxMessage, put, putOrAmend } from '../notifications/outbox.ts'
import { readPolicy } from '../policy/policy.ts'
import { inWorkspace, type Workspace } from '../workspaces/workspace.ts'

const maxLeavers = 10

/**
 * Where the step "Offboard a person" is switched off, oldest first. An offboarding acts in every workspace of an
 * account, so the step runs only where this is empty.
 */
export async function stepIsOffIn(db: Executor, accountId: string): Promise<Workspace[]> {
  const rows = await db('workspaces')
    .where({ account_id: accountId })
    .orderBy(['created_at', 'id'])
    .select('id', 'name', 'policy')
  return rows
    .map(({ id, name, policy }) => ({ id, accountId, name, policy: readPolicy(policy) }))
    .filter(({ policy }) => !policy.offboardingByWorkflow)
}

/** The refusal for a workflow whose step is switched off. */
export function stepIsOff(off: readonly Workspace[]): Refusal {
  const commands = off.map(({ name }) => [{ code: `/keys policy ${inWorkspace(name)}` }])
  return refuse('forbidden', say`The step is switched off in ${namesOf(off)}. Nobody was offboarded.`, {
    next: say`An owner there can switch it on in Slack: ${join(commands, ', ')}, under When somebody is leaving.`,
    logged: { action: 'offboarding.request' },
  })
}

const namesOf = (off: readonly Workspace[]) =>
  join(
    off.map(({ name }) => [{ name }]),
    ', ',
  )

/**
 * Notifies the alert channels of these workspaces of a refused run: the first of an hour at once, and at its end how
 * many followed, so that a flood of runs is two messages. Returns whether a message is due now.
 */
export async function recordRefusedRun(
  act: Act,
  off: readonly Workspace[],
  run: { execution: string; leaver: string },
  random: Random,
): Promise<boolean> {
  const hour = Math.floor(act.now.getTime() / hourMs) * hourMs
  const channels = groupBy(off, ({ policy }) => `channel:${policy.alertChannel}`)
  let isFirst = false
  for (const [destination, there] of channels) {
    const message = (isMore: boolean): OutboxMessage & { body: RunsRefused } => ({
      workspaceId: there[0]!.id,
      subjectId: there[0]!.accountId,
      source: 'step-refused',
      mode: 'once' as const,
      step: `${new Date(hour).toISOString()}${isMore ? ' more' : ''}`,
      destination,
      notBefore: isMore ? new Date(hour + hourMs) : undefined,
      body: { runs: 1, isMore, leavers: [run.leaver], offIn: there.map(({ name }) => name) },
    })
    if ((await put(act.trx, [message(false)], act.now, random)) === 0) {
      await putOrAmend(act.trx, message(true), (body) => oneMore(body, run.leaver), act.now, random)
      continue
    }
    isFirst = true
    const details = {
      action: 'offboarding.request',
      code: 'forbidden',
      user: run.leaver,
      execution: run.execution,
    }
    for (const { id } of there) await record(act, { event: 'attempt.refused', workspaceId: id, details })
  }
  return isFirst
}

type RunsRefused = { runs: number; isMore: boolean; leavers: string[]; offIn: string[] }

const oneMore = (body: RunsRefused, leaver: string): RunsRefused => ({
  ...body,
  runs: body.runs + 1,
  leavers: [...new Set([...body.leavers, leaver])].slice(0, maxLeavers),
})
