import { perform } from '../acts/perform.ts'
import { record } from '../audit/record.ts'
import type { Random } from '../foundation/random.ts'
import { isRefusal } from '../foundation/refusal.ts'
import { dayMs } from '../foundation/time.ts'
import { plain } from '../foundation/words.ts'
import type { World } from '../foundation/world.ts'
import type { Act } from '../members/actor.ts'
import { type Policy, readPolicy } from '../policy/policy.ts'
import { addNote, knownSteps, type NoteKind, refreshMessage } from './announce.ts'
import { endOf, finishLocked, recordAborted } from './end.ts'
import { factsOf } from './facts.ts'
import { type Locked, lockRunning } from './lock.ts'
import { atDeadline, endsBeforeSwitch, type Facts, finishesBecause, phaseOf } from './phase.ts'
import { type Phase, type Rotation, toRotation } from './rotation.ts'

const batchSize = 200
const actor = { kind: 'job', id: 'rotations' } as const

/** A sentence to people that has become due. */
type Due = { kind: NoteKind; step: string }

/**
 * Brings every running rotation as far as the facts say: its phase, its ends, its deadline, its reminders. Nothing is
 * counted in runs, so one that was missed, or died half-way, changes nothing but the time. Returns how many moved.
 */
export async function advanceRotations(world: World): Promise<number> {
  let moved = 0
  for (let after = ''; ; ) {
    const rows = await world
      .db('rotations')
      .join('workspaces', 'workspaces.id', 'rotations.workspace_id')
      .whereNull('ended_at')
      .where('rotations.id', '>', after)
      .orderBy('rotations.id')
      .limit(batchSize)
      .select('rotations.*', 'workspaces.policy')
    if (rows.length === 0) return moved
    after = rows.at(-1)!.id
    moved += await advanceThese(
      world,
      rows.map(toRotation),
      rows.map((row) => readPolicy(row.policy)),
    )
  }
}

async function advanceThese(world: World, rotations: Rotation[], policy: Policy[]): Promise<number> {
  const all = await factsOf(world.db, rotations, world.clock.now())
  const known = await knownSteps(world.db, rotations)
  let moved = 0
  for (const [i, rotation] of rotations.entries()) {
    const facts = all[i]!
    const isStill = nothingToDo(rotation, facts, policy[i]!, known.get(rotation.id) ?? new Set())
    if (isStill) continue
    const done = await perform(world, actor, async (act) => {
      const locked = await lockRunning(act, rotation.workspaceId, rotation.id, 'rotation.finish')
      if (isRefusal(locked)) return locked
      return advanceOne(act, locked, world.random)
    })
    if (isRefusal(done) && done.code !== 'already')
      world.log.warn(
        { event: 'rotation.step_refused', rotation: rotation.id, why: plain(done.message) },
        'a step of a rotation was refused',
      )
    else moved++
  }
  return moved
}

function nothingToDo(rotation: Rotation, facts: Facts, policy: Policy, known: ReadonlySet<string>): boolean {
  const phase = phaseOf(facts, policy)
  const deadline = atDeadline(facts, policy)
  return (
    phase === rotation.phase &&
    facts.usedAt?.getTime() === rotation.usedAt?.getTime() &&
    (deadline === 'wait' || deadline === 'ask') &&
    dueNotes(rotation, facts, policy).every(({ step }) => known.has(step))
  )
}

/** The notes that are due by now; each is sent once. Pure. */
function dueNotes(rotation: Rotation, facts: Facts, policy: Policy): Due[] {
  const phase = phaseOf(facts, policy)
  const now = facts.now.getTime()
  const days = Math.floor((now - rotation.startedAt.getTime()) / dayMs)
  const reminder = [1, 3, 7].findLast((day) => days >= day)
  const weeks = Math.floor(days / 7)
  const late = Math.floor((now - facts.dueAt.getTime()) / (7 * dayMs))
  const ends = endsBeforeSwitch(facts, phase)
  const isNear = ends && ends.getTime() - now <= 3 * dayMs
  return [
    ...(phase === 'reveal' && reminder
      ? [{ kind: 'reveal', step: weeks > 1 ? `reveal-${weeks}w` : `reveal-${reminder}d` } as const]
      : []),
    ...(ends && isNear ? [{ kind: 'ends', step: `ends-${ends.toISOString().slice(0, 10)}` } as const] : []),
    ...(phase === 'safe' ? [{ kind: 'safe', step: 'safe' } as const] : []),
    ...(atDeadline(facts, policy) === 'ask'
      ? [{ kind: 'overdue', step: `overdue-${facts.dueAt.toISOString().slice(0, 10)}-${late}w` } as const]
      : []),
  ]
}

/** One step of one rotation, in a transaction that holds it. */
async function advanceOne(act: Act, locked: Locked, random: Random): Promise<boolean> {
  const { rotation, facts, policy } = locked
  const note = (due: Due) => addNote(act, rotation, { ...due, owner: facts.next.ownerId, policy }, random)
  await refreshMessage(act.trx, rotation)
  const phase = phaseOf(facts, policy)
  if (phase === 'aborted') {
    if (await followSuccessor(act, rotation)) return true
    await end(act, rotation, phase, 'new-revoked')
    await recordAborted(act, rotation, 'the new key was revoked')
    return true
  }
  const because = finishesBecause(facts, policy)
  if (because) {
    await saveUse(act, rotation, facts)
    const done = await finishLocked(act, locked, because)
    if (isRefusal(done)) throw new Error(plain(done.message))
    await note({ kind: 'ended', step: 'ended' })
    return true
  }
  await saveUse(act, rotation, facts)
  if (phase !== rotation.phase) await move(act, rotation, phase)
  const known = (await knownSteps(act.trx, [rotation])).get(rotation.id)!
  for (const due of dueNotes(rotation, facts, policy).filter(({ step }) => !known.has(step))) {
    await note(due)
    if (due.kind === 'overdue') await recordOverdue(act, rotation)
  }
  return true
}

/** The new key was rotated itself before it ended: its successor takes its place here too. */
async function followSuccessor(act: Act, { id, predecessorId, successorId }: Rotation): Promise<boolean> {
  const old = await act.trx('keys').where({ id: predecessorId }).first('successor_id')
  if (!old.successor_id || old.successor_id === successorId) return false
  await act
    .trx('rotations')
    .where({ id })
    .whereNull('ended_at')
    .update({ successor_id: old.successor_id, used_at: null, phase: 'reveal', phase_at: act.now })
  return true
}

const saveUse = (act: Act, { id, usedAt }: Rotation, facts: Facts) =>
  facts.usedAt?.getTime() === usedAt?.getTime()
    ? undefined
    : act.trx('rotations').where({ id }).update({ used_at: facts.usedAt })

const end = (act: Act, { id }: Rotation, phase: 'finished' | 'aborted', because: string) =>
  act
    .trx('rotations')
    .where({ id })
    .whereNull('ended_at')
    .update(endOf(act, phase, because))

async function move(act: Act, rotation: Rotation, phase: Phase): Promise<void> {
  const { id, workspaceId, predecessorId } = rotation
  await act.trx('rotations').where({ id }).whereNull('ended_at').update({ phase, phase_at: act.now })
  if (phase === 'safe')
    await record(act, {
      event: 'rotation.safe',
      workspaceId,
      keyId: predecessorId,
      details: { rotation: id },
    })
}

const recordOverdue = (act: Act, { id, workspaceId, predecessorId }: Rotation) =>
  record(act, {
    event: 'rotation.overdue',
    workspaceId,
    keyId: predecessorId,
    details: { rotation: id },
  })
