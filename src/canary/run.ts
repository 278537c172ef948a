import { setTimeout as pause } from 'node:timers/promises'
import { perform } from '../acts/perform.ts'
import { newId } from '../foundation/ids.ts'
import { isRefusal, type Refusal, refuse } from '../foundation/refusal.ts'
import { plain } from '../foundation/words.ts'
import type { World } from '../foundation/world.ts'
import { issueUnshown } from '../keys/issue-unshown.ts'
import { revoke } from '../keys/state.ts'
import { confirmRequest } from '../leases/confirm.ts'
import { realTime } from '../leases/lease.ts'
import { liveVerifiers } from '../leases/live.ts'
import type { Act } from '../members/actor.ts'
import { inCharge } from '../members/member.ts'
import { addWorkspace, allWorkspaces, inheritOwners, type Workspace } from '../workspaces/workspace.ts'
import { type Answer, type Fault, faultsOf, type Outcome, outcomeOf, type Stage, silentOf } from './fault.ts'

type Deps = Pick<World, 'db' | 'clock' | 'log' | 'random' | 'config'>

/** How long verifiers may take to answer, and the end to be confirmed, in real milliseconds. */
export type Limits = { answerMs: number; confirmMs: number }
const usual: Limits = { answerMs: 20_000, confirmMs: 30_000 }
const pollMs = 50

const actor = { kind: 'job', id: 'canary' } as const

/**
 * Makes a key, waits until every verifier that has a lease has judged it in its own process, revokes it, waits for the
 * confirmation, and until every verifier has judged it once more. Writes down what came of it. A run that a worker left
 * behind is ended first, as late. Does nothing where no canary is configured.
 * @returns the outcome; undefined without a canary, and before the first start
 */
export async function runCanary(world: Deps, limits = usual): Promise<Outcome | undefined> {
  const name = world.config.canaryWorkspace
  const workspace = name === undefined ? undefined : await canaryWorkspace(world, name)
  if (!workspace) return undefined
  await endUnfinished(world, workspace)
  const run = must(await perform(world, actor, (act) => begin(act, world, workspace)), 'begin')
  const alive = await answersTo(world, run.id, 'alive', limits.answerMs)
  const requestId = newId('run', world.random)
  must(
    await perform(world, actor, (act) => revoke(act, workspace.id, run.keyId, 'canary'), { requestId }),
    'end',
  )
  const receipt = await confirmRequest(world, requestId, { withinMs: limits.confirmMs })
  if (receipt.state !== 'confirmed')
    return finish(world, run.id, { ...alive, faults: [...alive.faults, { what: 'unconfirmed' }] }, null)
  await ask(world, run.id)
  const ended = await answersTo(world, run.id, 'ended', limits.answerMs)
  const faults = [...alive.faults, ...ended.faults]
  const right = alive.right.filter((verifier) => ended.right.includes(verifier))
  return finish(world, run.id, { right, faults }, receipt.tookMs)
}

/** The workspace of that name; made in the oldest account, with the owners of its first workspace, if there is none. */
async function canaryWorkspace(world: Deps, name: string): Promise<Workspace | undefined> {
  const all = await allWorkspaces(world.db)
  const wanted = name.trim().toLowerCase()
  const found = all.find((one) => one.name.toLowerCase() === wanted)
  const [first] = all
  if (found || !first) return found
  const { alertChannel, timeZone } = first.policy
  const made = await perform(world, actor, async (act) => {
    const workspace = await addWorkspace(
      act,
      first.accountId,
      { name, policy: { alertChannel, timeZone } },
      world.random,
    )
    if (!isRefusal(workspace)) await inheritOwners(act, first.id, workspace.id)
    return workspace
  })
  return must(made, 'begin')
}

type Run = { id: string; keyId: string }

async function begin(act: Act, world: Deps, { id: workspaceId, policy }: Workspace): Promise<Run | Refusal> {
  const [ownerId] = await inCharge(act.trx, workspaceId, ['owner'], 1)
  if (!ownerId) return refuse('invalid', 'The workspace of the canary has no owner.')
  const key = await issueUnshown(
    act,
    workspaceId,
    {
      name: `Canary ${act.now.toISOString().slice(0, 19).replace('T', ' ')}`,
      description: 'Made, judged by every verifier, and revoked at once. Nobody has its token.',
      integration: 'Keywarden',
      scopes: ['read'],
      // Should its worker die, it ends by itself.
      lifetimeDays: 1,
      allowedNetworks: [],
      limitPerMinute: null,
      ownerId,
    },
    { random: world.random, tokenPrefix: world.config.tokenPrefix, timeZone: policy.timeZone },
  )
  if (isRefusal(key)) return key
  const run = { id: newId('cny', world.random), workspace_id: workspaceId, key_id: key.id }
  await act.trx('canary_runs').insert({ ...run, began_at: act.now, stage: 'alive' })
  await act.trx.raw(`select pg_notify('keywarden_canary', '')`)
  return { id: run.id, keyId: key.id }
}

/** Asks every verifier for its verdict after the end. */
async function ask({ db }: Deps, runId: string): Promise<void> {
  await db.transaction(async (trx) => {
    await trx('canary_runs').where({ id: runId }).update({ stage: 'ended' })
    await trx.raw(`select pg_notify('keywarden_canary', '')`)
  })
}

type Answered = { right: string[]; faults: Fault[] }

/** Waits until every verifier with a lease has answered, or the time is up. */
async function answersTo({ db }: Deps, runId: string, stage: Stage, withinMs: number): Promise<Answered> {
  const asked = await liveVerifiers(db)
  const untilMs = realTime.monotonicMs() + withinMs
  const read = (): Promise<Answer[]> =>
    db('canary_answers').where({ run_id: runId, stage }).select('incarnation', 'verifier', 'code')
  let answers = await read()
  while (silentOf(asked, answers).length > 0 && realTime.monotonicMs() < untilMs) {
    await pause(pollMs)
    answers = await read()
  }
  const faults = faultsOf(stage, asked, answers)
  const wrong = new Set(faults.map((fault) => ('verifier' in fault ? fault.verifier : '')))
  const right = answers.filter(({ code, verifier }) => code !== null && !wrong.has(verifier))
  return { right: right.map(({ verifier }) => verifier), faults }
}

async function finish(
  { db, clock, log }: Deps,
  runId: string,
  { right, faults }: Answered,
  confirmedMs: number | null,
): Promise<Outcome> {
  const outcome = outcomeOf(faults)
  await db('canary_runs')
    .where({ id: runId })
    .update({
      finished_at: clock.now(),
      outcome,
      verifiers: new Set(right).size,
      faults: JSON.stringify(faults),
      confirmed_ms: confirmedMs,
    })
  if (outcome !== 'good')
    log.error({ event: 'canary.failed', outcome, faults }, 'the canary was not judged rightly')
  return outcome
}

/** Of a worker that died: its key is ended and its run is late, whatever the verifiers had answered. */
async function endUnfinished(world: Deps, workspace: Workspace): Promise<void> {
  const left = await world
    .db('canary_runs')
    .where({ workspace_id: workspace.id })
    .whereNull('finished_at')
    .select('id', 'key_id')
  for (const { id, key_id: keyId } of left) {
    const ended = await perform(world, actor, (act) => revoke(act, workspace.id, keyId, 'canary'))
    // It died after the revoke, or before it.
    if (isRefusal(ended) && ended.code !== 'gone') must(ended, 'end')
    await finish(world, id, { right: [], faults: [{ what: 'unfinished' }] }, null)
  }
}

function must<T>(result: T | Refusal, what: string): T {
  if (isRefusal(result)) throw new Error(`the canary cannot ${what}: ${plain(result.message)}`)
  return result
}
