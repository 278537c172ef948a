import { createPublicKey, type KeyObject } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { Inspection } from '../audit/inspect.ts'
import { existingKey, SigningError } from '../audit/signing.ts'
import { isIntact, type Verification, verifyFile } from '../audit/verify.ts'
import { verifyDatabase } from '../audit/verify-database.ts'
import { readWitnesses, type Vouching } from '../audit/witnesses.ts'
import type { Config } from '../foundation/config.ts'
import { readPublicKey } from '../foundation/ed25519.ts'
import { isRefusal } from '../foundation/refusal.ts'
import { complain, withWorld } from './operator.ts'
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

/** Prints what is intact and where each chain breaks. Returns 0 when all is intact, 1 otherwise. */
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
  return report(await verifyFile(file, options), vouching, partial)
}

const verifyOnline = (env: Env, choices: VerifyChoices): Promise<number> =>
  withWorld(env, async (world) => {
    const workspaces = await whichWorkspaces(world, choices.workspace)
    if (isRefusal(workspaces)) return complain(workspaces)
    const vouching = await configuredWitnesses(world.config, choices)
    const known = choices.workspace === undefined ? [...vouching.witnesses.keys()] : []
    const ids = new Set([...workspaces.map(({ id }) => id), ...known])
    return report(await verifyDatabase(world.db, [...ids], vouching.witnesses), vouching, false)
  })

/** The files that are named, what was pasted, else those of the configuration if there are any yet. */
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

function report(verification: Verification, vouching: Vouching, partial: boolean): number {
  for (const chain of verification.chains) reportChain(chain)
  for (const { line, damaged } of verification.damages.slice(0, most))
    console.log(`  damaged     line ${line}: ${damaged}`)
  if (verification.gaveUp) console.log('There are so many breaks that the rest was not looked at.')
  if (verification.chains.every(({ events }) => events === 0)) console.log('There are no events to verify.')
  reportCheckpoints(vouching, partial)
  if (!partial && verification.chains.some(({ breaks }) => breaks.some(({ kind }) => kind === 'removed')))
    console.log('If events were left out on purpose, by --key, --from or --to, say --partial.')
  const intact = isIntact(verification) && vouching.forged.length === 0
  console.log(intact ? 'Intact.' : 'NOT INTACT.')
  return intact ? 0 : 1
}

/** So many breaks are printed of each chain. */
const most = 50

function reportChain({ workspace, events, last, vouched, breaks }: Inspection): void {
  const state = breaks.length === 0 ? 'intact' : `BROKEN, ${count(breaks.length, 'break')}`
  const signed = vouched ? `; ${vouched.by} vouches up to event ${vouched.seq}` : ''
  console.log(`${workspace}: ${state}; ${count(events, 'event')}, the last is ${last}${signed}`)
  for (const { kind, from, to, line, why } of breaks.slice(0, most)) {
    const where = from === to ? `event ${from}` : `events ${from} to ${to}`
    console.log(`  ${kind.padEnd(11)} ${where}${line === undefined ? '' : `, line ${line}`}: ${why}`)
  }
  if (breaks.length > most) console.log(`  and ${count(breaks.length - most, 'more break')}`)
}

function reportCheckpoints({ count: read, newest, torn, forged }: Vouching, partial: boolean): void {
  for (const { path, line, why } of forged) console.log(`  forged      ${path}, line ${line}: ${why}`)
  for (const { path, line } of torn)
    console.log(`  note        ${path}, line ${line}: cut short, as a crash leaves it`)
  if (newest)
    console.log(`Compared with ${count(read, 'checkpoint')}, the newest of ${newest.toISOString()}.`)
  else
    console.log(
      'No checkpoint was compared: a chain that was cut at its end or rewritten whole would not show.',
    )
  if (partial) console.log('Partial: events that were left out or cut off do not show.')
}

const count = (n: number, one: string): string => `${n.toLocaleString('en-US')} ${one}${n === 1 ? '' : 's'}`
