import { createPublicKey, type KeyObject } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { Inspection, Range } from '../audit/inspect.ts'
import { existingKey, SigningError } from '../audit/signing.ts'
import { type ChainVerdict, type Verification, verdictOf, verifyFile } from '../audit/verify.ts'
import { verifyDatabase } from '../audit/verify-database.ts'
import { readWitnesses, type Vouching } from '../audit/witnesses.ts'
import type { Config } from '../foundation/config.ts'
import { readPublicKey } from '../foundation/ed25519.ts'
import { isRefusal } from '../foundation/refusal.ts'
import { complain, withWorld } from './operator.ts'
import { printOut } from './print.ts'
import { whichWorkspaces } from './which-workspace.ts'

export type VerifyChoices = {
  checkpoints?: string[]
  /** checkpoints as text, copied from where they were posted */
  checkpoint?: string[]
  publicKey?: string[]
  workspace?: string
  partial?: boolean
}
type Env = Record<string, string | undefined>

/** Lets scripts distinguish broken from unproven; 2 is for misuse. */
const exitCodes: Record<ChainVerdict, number> = { intact: 0, unbroken: 0, broken: 1, unproven: 3 }

/** Prints where each chain breaks, and which parts are unproven. Returns the exit code. */
export async function verifyAudit(
  env: Env,
  file: string | undefined,
  choices: VerifyChoices,
): Promise<number> {
  if (file === undefined) return verifyOnline(env, choices)
  const { checkpoints = [], checkpoint, publicKey = [], workspace, partial = false } = choices
  const vouching = await readWitnesses(checkpoints, await publicKeys(publicKey), checkpoint)
  const workspaces = workspace === undefined ? undefined : [workspace]
  const options = { witnesses: vouching.witnesses, partial, workspaces }
  return report(await verifyFile(file, options), vouching)
}

const verifyOnline = (env: Env, choices: VerifyChoices): Promise<number> =>
  withWorld(env, async (world) => {
    const workspaces = await whichWorkspaces(world, choices.workspace)
    if (isRefusal(workspaces)) return complain(workspaces)
    const vouching = await configuredWitnesses(world.config, choices)
    const known = choices.workspace === undefined ? [...vouching.witnesses.keys()] : []
    const ids = new Set([...workspaces.map(({ id }) => id), ...known])
    return report(await verifyDatabase(world.db, [...ids], vouching.witnesses), vouching)
  })

/** The pasted checkpoints, with the named files, or else the configured file if it exists. */
async function configuredWitnesses({ audit }: Config, choices: VerifyChoices): Promise<Vouching> {
  const own = audit.checkpoints && existsSync(audit.checkpoints) ? [audit.checkpoints] : []
  const paths = choices.checkpoints ?? own
  const { checkpoint: pasted = [] } = choices
  if (choices.publicKey) return readWitnesses(paths, await publicKeys(choices.publicKey), pasted)
  const isWanted = paths.length + pasted.length > 0
  const key = isWanted ? await existingKey(audit) : undefined
  if (isWanted && !key)
    throw new SigningError('There are checkpoints and no key to verify them. Name it with --public-key.')
  return readWitnesses(paths, key ? [createPublicKey(key)] : [], pasted)
}

const publicKeys = (paths: readonly string[]): Promise<KeyObject[]> =>
  Promise.all(
    paths.map(async (path) => {
      const key = readPublicKey(await readFile(path, 'utf8'))
      if (!key) throw new SigningError(`${path} holds no Ed25519 public key as PEM.`)
      return key
    }),
  )

function report(verification: Verification, vouching: Vouching): number {
  const { chains, damages, gaveUp, partial, evidence } = verification
  for (const chain of chains) reportChain(chain, partial)
  if (evidence)
    printLine(
      `Evidence: ${Math.min(evidence.samples, evidence.population)} of the ${count(evidence.population, 'key')} of ${evidence.workspace} just before ${evidence.at}, drawn with seed ${evidence.seed}.`,
    )
  for (const { line, damaged } of damages.slice(0, max)) printLine(`  damaged     line ${line}: ${damaged}`)
  if (gaveUp) printLine('There are so many breaks that the rest was not looked at.')
  if (chains.every(({ events }) => events === 0)) printLine('There are no events to verify.')
  reportCheckpoints(vouching)
  if (partial) printLine('Partial: events that were left out or cut off do not show.')
  else if (chains.some(({ breaks }) => breaks.some(({ kind }) => kind === 'removed')))
    printLine('If events were left out on purpose, by --key, --from or --to, say --partial.')
  const verdict = vouching.forged.length > 0 ? 'broken' : verdictOf(verification)
  for (const sentence of sentences(verdict, chains, vouching)) printLine(sentence)
  return exitCodes[verdict]
}

function sentences(verdict: ChainVerdict, chains: readonly Inspection[], { newest }: Vouching): string[] {
  if (verdict === 'intact') return ['Intact.']
  if (verdict === 'broken') return ['NOT INTACT.']
  const events = chains.reduce((sum, chain) => sum + chain.events, 0)
  const unproven = chains.reduce((sum, chain) => sum + chain.events - chain.proven, 0)
  const share = `${unproven.toLocaleString('en-US')} of ${count(events, 'event')}`
  if (verdict === 'unproven')
    return [
      'An event is proven by an unbroken run of events from it to one that a checkpoint vouches for. Any other may have been changed and given a new hash. To prove them all, verify a whole export of the workspace with its checkpoints.',
      `NOT PROVEN: ${share}.`,
    ]
  const why = `No checkpoint vouches for ${share}: if they were rewritten with new hashes, or later ones cut off, it would not show.`
  return [...(newest ? [why] : []), 'Unbroken.']
}

/** Prints one line, without the terminal's commands or line ends that a file may hold. */
const printLine = (text: string): void => printOut(text.replaceAll('\n', ' '))

/** The most breaks that are printed per chain. */
const max = 50

function reportChain(chain: Inspection, partial: boolean): void {
  const { workspace, events, last, proven, unproven, vouched, breaks } = chain
  const signed = vouched ? `; ${vouched.by} vouches ${partial ? 'for' : 'up to'} event ${vouched.seq}` : ''
  printLine(
    `${workspace}: ${stateOf(chain, partial)}; ${count(events, 'event')}, the last is ${last}${signed}`,
  )
  if (partial && breaks.length === 0 && proven < events)
    printLine(`  not proven  ${rangesOf(unproven, events - proven)}`)
  for (const { kind, from, to, line, why } of breaks.slice(0, max)) {
    const where = from === to ? `event ${from}` : `events ${from} to ${to}`
    printLine(`  ${kind.padEnd(11)} ${where}${line === undefined ? '' : `, line ${line}`}: ${why}`)
  }
  if (breaks.length > max) printLine(`  and ${count(breaks.length - max, 'more break')}`)
}

function stateOf({ events, proven, breaks }: Inspection, partial: boolean): string {
  if (breaks.length > 0) return `BROKEN, ${count(breaks.length, 'break')}`
  if (proven < events) return partial ? `NOT PROVEN, ${count(events - proven, 'event')}` : 'unbroken'
  return partial ? 'proven' : 'intact'
}

/** "events 3, 7 to 9", and the number of the others. */
function rangesOf(ranges: readonly Range[], all: number): string {
  const named = ranges.reduce((sum, { from, to }) => sum + to - from + 1, 0)
  const words = ranges.map(({ from, to }) => (from === to ? `${from}` : `${from} to ${to}`))
  const more = named < all ? ` and ${all - named} more` : ''
  return `${all === 1 ? 'event' : 'events'} ${words.join(', ')}${more}`
}

function reportCheckpoints({ count: read, newest, torn, forged }: Vouching): void {
  for (const { path, line, why } of forged) printLine(`  forged      ${path}, line ${line}: ${why}`)
  for (const { path, line } of torn)
    printLine(`  note        ${path}, line ${line}: cut short, as a crash leaves it`)
  if (newest) printLine(`Compared with ${count(read, 'checkpoint')}, the newest of ${newest.toISOString()}.`)
  else
    printLine(
      'No checkpoint was compared: a chain that was cut at its end, or rewritten from any event on, would not show.',
    )
}

const count = (n: number, one: string): string => `${n.toLocaleString('en-US')} ${one}${n === 1 ? '' : 's'}`
