import { createPublicKey, type KeyObject } from 'node:crypto'
import { access, constants, mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { StartError } from '../foundation/start-error.ts'
import { linesFromWords } from './posted-checkpoint.ts'
import { isSigned, publicKeyFingerprint, signText } from './signing.ts'

const body = z.object({
  version: z.literal(1),
  at: z.iso.datetime(),
  /** which key signed, by its fingerprint */
  key: z.string(),
  heads: z.array(z.object({ workspace: z.string(), seq: z.number().int().positive(), hash: z.string() })),
})
const signed = z.object({ body: z.string(), signature: z.string() })

/** The last event of every chain at one moment. */
export type Head = z.output<typeof body>['heads'][number]
export type Checkpoint = { at: Date; heads: Head[] }

/** A checkpoint as a line: the exact text that is signed, and its signature. */
export function signedLine({ at, heads }: Checkpoint, key: KeyObject): string {
  const text = JSON.stringify({
    version: 1,
    at: at.toISOString(),
    key: publicKeyFingerprint(createPublicKey(key)),
    heads,
  } satisfies z.input<typeof body>)
  return JSON.stringify({ body: text, signature: signText(text, key) })
}

/**
 * Makes sure at a start that lines can be appended, which would otherwise show an hour later and in the log alone.
 * @throws StartError
 */
export async function requireAppendable(path: string): Promise<void> {
  const folder = dirname(path)
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await access(folder, constants.W_OK)
    await access(path, constants.W_OK).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
    })
  } catch (error) {
    throw new StartError(
      `Checkpoints of the audit cannot be written to ${path} (${(error as NodeJS.ErrnoException).code}). Let this user ` +
        'write to that folder, or name another file with KEYWARDEN_AUDIT_CHECKPOINTS.',
    )
  }
}

/** Appends a line and returns when it is on the disk. A line that a crash cut short is closed first. */
export async function appendLine(path: string, line: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const file = await open(path, 'a+', 0o600)
  try {
    const { size } = await file.stat()
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, Math.max(0, size - 1))
    const torn = size > 0 && buffer.toString() !== '\n'
    await file.appendFile(`${torn ? '\n' : ''}${line}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  const folder = await open(dirname(path))
  await folder.sync().finally(() => folder.close())
}

/** A line of the file: a checkpoint, or the reason why it is none. A crash leaves a torn line. */
export type ReadLine = { line: number } & ({ checkpoint: Checkpoint } | { torn: true } | { forged: string })

/**
 * Reads checkpoints, line by line, and checks every signature: a checkpoint file, or what was copied from a channel
 * with the words around it. @throws what the file system says
 */
export async function* readCheckpoints(
  lines: AsyncIterable<string> | Iterable<string>,
  publicKeys: readonly KeyObject[],
): AsyncGenerator<ReadLine> {
  const keys = new Map(publicKeys.map((key) => [publicKeyFingerprint(key), key]))
  let line = 0
  for await (const text of lines) {
    line++
    for (const signed of signedIn(text)) yield { line, ...readLine(signed, keys) }
  }
}

/** A line of a file begins with a brace, also when a crash cut it short. Other words around copied ones say nothing. */
function signedIn(text: string): string[] {
  if (text.trimStart().startsWith('{')) return [text]
  const words = linesFromWords(text)
  return words.length === 0 && text.includes('kwc1.') ? [text] : words
}

function readLine(text: string, keys: ReadonlyMap<string, KeyObject>) {
  const outer = signed.safeParse(parsed(text))
  if (!outer.success) return { torn: true } as const
  const inner = body.safeParse(parsed(outer.data.body))
  if (!inner.success) return { forged: 'what is signed is not a checkpoint' }
  const key = keys.get(inner.data.key)
  if (!key) return { forged: `it is signed with another key (${inner.data.key.slice(0, 16)})` }
  if (!isSigned(outer.data.body, outer.data.signature, key)) return { forged: 'its signature is wrong' }
  return { checkpoint: { at: new Date(inner.data.at), heads: inner.data.heads } }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
