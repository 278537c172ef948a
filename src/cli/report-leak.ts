import { text } from 'node:stream/consumers'
import { leaked } from '../findings/leaked.ts'
import { reconcileEverywhere } from '../findings/reconcile-all.ts'
import { newId } from '../foundation/ids.ts'
import { isRefusal, refuse } from '../foundation/refusal.ts'
import { say } from '../foundation/words.ts'
import type { World } from '../foundation/world.ts'
import { findKey } from '../keys/find.ts'
import { pastedWords } from '../keys/pasted.ts'
import { hashToken } from '../keys/token.ts'
import { executeLeaks, isByPolicy, type LeakState, readLeakStates } from '../leaks/act.ts'
import { type LeakedKey, type Reported, takeReport } from '../leaks/report.ts'
import { whereOf } from '../leaks/where.ts'
import { confirmChange } from '../leases/confirm.ts'
import { receiptPhrase } from '../leases/receipt-words.ts'
import { actorName } from '../members/actor.ts'
import type { Workspace } from '../workspaces/workspace.ts'
import { asOperator, complain, operator, withWorld } from './operator.ts'
import { printError, printOut } from './print.ts'
import { whichWorkspace } from './which-workspace.ts'

export type LeakChoices = { workspace?: string; where?: string }

/**
 * Reports the tokens and hints on standard input as leaked: tokens of every workspace, hints of the one that is named.
 * Returns 0 when each key that policy ends is confirmed as refused, 1 otherwise.
 */
export const reportLeak = (
  env: Record<string, string | undefined>,
  { workspace: wanted, where = '' }: LeakChoices,
): Promise<number> =>
  withWorld(env, async (world) => {
    const workspace = await whichWorkspace(world, wanted)
    if (isRefusal(workspace)) return complain(workspace)
    const pasted = pastedWords(await text(process.stdin), world.config.tokenPrefix)
    if (pasted.length === 0)
      return complain(refuse('invalid', 'There was no token or hint on standard input.'))
    const report = {
      ...{ accountId: workspace.accountId, evidence: 'person' as const, reporter: actorName(operator()) },
      reference: newId('run', world.random),
      found: await readFound(world, workspace, pasted, where),
    }
    const taken = await asOperator(world, (act) => takeReport(act, report, world.random))
    if (isRefusal(taken)) return complain(taken)
    await executeLeaks(world)
    // A worker sends what this puts.
    await reconcileEverywhere(world, leaked)
    return printOutcome(world, taken, pasted.length)
  })

async function readFound(
  world: World,
  workspace: Workspace,
  pasted: readonly string[],
  where: string,
): Promise<Reported[]> {
  const { db, config } = world
  const viewer = { actor: operator(), workspaceId: workspace.id }
  const found: Reported[] = []
  for (const word of pasted) {
    found.push({ hash: hashToken(word), where: whereOf(where, word, config.tokenPrefix) })
    const named = word.length <= maxHint ? await findKey(db, viewer, word, config.tokenPrefix) : undefined
    if (named?.match === 'one')
      found.push({ keyId: named.key.id, where: whereOf(where, '', config.tokenPrefix) })
  }
  return found
}

/** No hint is longer; a longer word is a token or nothing. */
const maxHint = 20

async function printOutcome(world: World, keys: readonly LeakedKey[], pasted: number): Promise<number> {
  const ids = keys.map(({ id }) => id)
  const states = await readLeakStates(world.db, ids)
  const ended = ids.filter((id) => isByPolicy(states.get(id)!.state))
  const withinMs = world.config.verify.leaseMs + 15_000
  const receipt =
    ended.length > 0 ? await confirmChange(world, ended, { withinMs, to: 'inactive' }) : undefined
  const isConfirmed = receipt?.state === 'confirmed'
  for (const { id, name, hint } of keys) {
    const { state } = states.get(id)!
    const became = isConfirmed ? words[state] : (underWay[state] ?? words[state])
    printOut(say`${{ name }} (${hint}): reported; ${became}.`)
  }
  if (keys.length < pasted) printError(`${pasted - keys.length} of ${pasted} are no live key here.`)
  if (!receipt) return 0
  ;(isConfirmed ? printOut : printError)(receiptPhrase(receipt))
  return isConfirmed ? 0 : 1
}

const words: Record<LeakState, string> = {
  waits: 'what policy says is under way; see its alert',
  works: 'it still works. See its alert, or: keywarden keys revoke',
  suspended: 'it works once its workspace is resumed. See its alert, or: keywarden keys revoke',
  paused: 'it was deactivated already',
  revoked: 'it was revoked already',
  quarantine: 'deactivated, as policy says',
  rotate: 'revoked, and a new key waits for its owner, as policy says',
  revoke: 'revoked, as policy says',
}

/** Until every server has confirmed it. */
const underWay: Partial<Record<LeakState, string>> = {
  quarantine: 'being deactivated, as policy says',
  rotate: 'being revoked, and a new key waits for its owner, as policy says',
  revoke: 'being revoked, as policy says',
}
