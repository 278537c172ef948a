import { chown, lstat, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type Owner = { uid: number; gid: number }

const isRoot = process.getuid?.() === 0

/** Root's own temporary directory may be closed to the user that Postgres runs as; /tmp is open to all. */
const base = process.env.KEYWARDEN_STATE ?? (isRoot ? '/tmp' : tmpdir())

/**
 * Makes an empty directory that only its owner can read, and removes those that ended processes left behind.
 * The name carries this process's id, which is how a later run knows whether the directory is still in use.
 */
export async function privateDirectory(name: string, owner?: Owner): Promise<string> {
  await mkdir(base, { recursive: true })
  await removeStale(owner)
  const directory = await mkdtemp(join(base, `keywarden-${name}-${process.pid}-`))
  if (owner) await chown(directory, owner.uid, owner.gid)
  return directory
}

async function removeStale(owner?: Owner): Promise<void> {
  for (const entry of await readdir(base)) {
    const pid = /^keywarden-(?:postgres|redis)-(\d+)-\w{6}$/.exec(entry)?.[1]
    if (!pid || isAlive(Number(pid))) continue
    const path = join(base, entry)
    const uid = (await lstat(path).catch(() => undefined))?.uid
    if (uid === process.getuid?.() || uid === owner?.uid) await rm(path, { recursive: true, force: true })
  }
}

/** Whether a process with that id runs, whoever owns it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
