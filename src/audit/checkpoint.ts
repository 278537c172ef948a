import { createPublicKey, type KeyObject } from 'node:crypto'
import type { Executor } from '../foundation/database.ts'
import { linesIn } from '../foundation/lines.ts'
import type { World } from '../foundation/world.ts'
import { appendLine, type Checkpoint, type Head, readCheckpoints, signedLine } from './checkpoint-file.ts'
import { signingKey } from './signing.ts'

/** Thrown when the database no longer holds what an earlier checkpoint signed. */
export class Contradiction extends Error {
  override name = 'Contradiction'
}

/**
 * Signs the heads of all chains and appends them to the checkpoint file, if there is one; nothing when there is no
 * key to sign with. The events that the last checkpoint of the file signed must still be there: a chain that was cut or
 * rewritten is not signed again.
 * @throws Contradiction, or an error of the file system or the database
 */
export async function takeCheckpoint(
  world: Pick<World, 'db' | 'clock' | 'config'>,
): Promise<Checkpoint | undefined> {
  const { audit } = world.config
  if (!audit.key && !audit.keyFile) return undefined
  const key = await signingKey(audit)
  const previous = audit.checkpoints
    ? await lastCheckpoint(audit.checkpoints, createPublicKey(key))
    : undefined
  const contradicted = previous && (await firstContradicted(world.db, previous.heads))
  if (contradicted)
    throw new Contradiction(
      `The audit of ${contradicted.workspace} does not hold event ${contradicted.seq} as it was signed ${previous.at.toISOString()}. Run: keywarden audit verify`,
    )
  const checkpoint = { at: world.clock.now(), heads: await headsOf(world.db) }
  if (audit.checkpoints) await appendLine(audit.checkpoints, signedLine(checkpoint, key))
  return checkpoint
}

/** The newest checkpoint of a file, or undefined when there is none yet. @throws Contradiction for a forged line */
export async function lastCheckpoint(path: string, publicKey: KeyObject): Promise<Checkpoint | undefined> {
  let last: Checkpoint | undefined
  try {
    for await (const read of readCheckpoints(linesIn(path), [publicKey])) {
      if ('forged' in read)
        throw new Contradiction(`Line ${read.line} of ${path} is not ours: ${read.forged}.`)
      if ('checkpoint' in read) last = read.checkpoint
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  return last
}

/** The first of these heads that is no longer in the database as it was. */
export async function firstContradicted(db: Executor, heads: readonly Head[]): Promise<Head | undefined> {
  const { rows } = await db.raw(
    `select h.workspace, h.seq from jsonb_to_recordset(?) as h (workspace text, seq bigint, hash text)
     where not exists (select from audit_events e
       where e.workspace_id = h.workspace and e.seq = h.seq and encode(e.hash, 'hex') = h.hash)
     order by h.workspace limit 1`,
    [JSON.stringify(heads)],
  )
  return rows[0]
}

async function headsOf(db: Executor): Promise<Head[]> {
  const { rows } = await db.raw(
    `select workspace_id as workspace, seq, encode(hash, 'hex') as hash from audit_heads where seq > 0 order by 1`,
  )
  return rows
}
