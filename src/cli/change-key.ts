import { isRefusal, type Refusal, refuse } from '../foundation/refusal.ts'
import { type Phrase, say } from '../foundation/words.ts'
import type { World } from '../foundation/world.ts'
import type { Key, KeyWithUsage } from '../keys/key.ts'
import { activate, deactivate, revoke } from '../keys/state.ts'
import { hintCharacters, isConfirmedBy } from '../keys/typed-confirmation.ts'
import { confirmChange, type Receipt } from '../leases/confirm.ts'
import { isLost } from '../leases/receipt.ts'
import { receiptPhrase } from '../leases/receipt-words.ts'
import { ask } from './ask.ts'
import { keyByWords } from './find-key.ts'
import { factLines } from './key-views.ts'
import { asOperator, complain, withWorld } from './operator.ts'
import { printError, printOut } from './print.ts'
import { whichWorkspace } from './which-workspace.ts'

const acts = { revoke, deactivate, activate }
export type Change = keyof typeof acts

const done: Record<Change, (key: Key) => Phrase> = {
  revoke: (key) => say`Revoked ${{ name: key.name }} for good.`,
  deactivate: (key) => say`Deactivated ${{ name: key.name }}. Resume with keywarden keys activate ${key.id}.`,
  activate: (key) => say`Activated ${{ name: key.name }}. It works again.`,
}

export type ChangeChoices = { workspace?: string; reason?: string; yes?: boolean }
type Env = Record<string, string | undefined>

/**
 * Changes one key as its owner or a manager would in Slack: the same act, the same audit. Returns 0 when every
 * verifier has confirmed the change, 1 when it was refused or is not confirmed yet.
 */
export const changeKey = (env: Env, change: Change, words: string, choices: ChangeChoices): Promise<number> =>
  withWorld(env, async (world) => {
    const workspace = await whichWorkspace(world, choices.workspace)
    if (isRefusal(workspace)) return complain(workspace)
    const key = await keyByWords(world, workspace, words)
    if (isRefusal(key)) return complain(key)
    if (change === 'revoke' && key.status !== 'revoked' && !choices.yes) {
      const kept = await notConfirmed(key, world)
      if (kept) return complain(kept)
    }
    const changed = await asOperator(world, (act) => acts[change](act, workspace.id, key.id, choices.reason))
    if (isRefusal(changed)) return explain(world, key, change, changed)
    if (change === 'activate') {
      printOut(done.activate(changed))
      return 0
    }
    const to = change === 'revoke' ? 'revoked' : 'inactive'
    const receipt = await confirmChange(world, [key.id], { withinMs: timeoutMs(world), to })
    if (!isLost(receipt)) printOut(done[change](changed))
    return printReceipt(receipt)
  })

/** The longest lease that this configuration allows, plus time to fence it. Real milliseconds. */
const timeoutMs = ({ config }: World): number => config.verify.leaseMs + 15_000

async function notConfirmed(key: KeyWithUsage, { clock }: World): Promise<Refusal | undefined> {
  for (const line of factLines(key, clock.now())) printError(line)
  const characters = hintCharacters(key)
  const typed = await ask(
    `Revoking cannot be undone. Type the name of the key${characters ? `, or ${characters},` : ''} to revoke it:`,
  )
  if (typed !== undefined && isConfirmedBy(typed, key)) return undefined
  return refuse('mismatch', typed ? say`That does not match ${{ name: key.name }}.` : 'Nothing was typed.', {
    next: 'The key was kept.',
  })
}

/** Another person was first; whether the change is confirmed everywhere is a separate question. */
async function explain(world: World, key: Key, change: Change, refusal: Refusal): Promise<number> {
  complain(refusal)
  if (change === 'activate') return 1
  if (refusal.code !== 'already' && refusal.code !== 'gone') return 1
  const receipt = await confirmChange(world, [key.id], { withinMs: 2_000 })
  if (receipt.state !== 'confirmed') printError(receiptPhrase(receipt))
  return 1
}

function printReceipt(receipt: Receipt): number {
  if (receipt.state === 'confirmed') {
    printOut(receiptPhrase(receipt))
    return 0
  }
  printError(receiptPhrase(receipt))
  return 1
}
