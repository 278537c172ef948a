import { chown, lstat, mkdir, mkdtemp, readdir, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type Owner = { uid: number; gid: number }

const isRoot = process.getuid?.() === 0

/** Root's own temporary directory may be closed to the user that Postgres runs as; /tmp is open to all. */
const base = process.env.KEYWARDEN_STATE ?? (isRoot ? '/tmp' : tmpdir())

/** A file system in memory: making a database there, hundreds of small files, takes a tenth of the time. */
const memory = '/dev/shm'
const roomInMemory = 4 * 2 ** 30

/**
 * Makes an empty directory that only its owner can read, and removes those that ended processes left behind.
 * The name carries this process's id, which is how a later run knows whether the directory is still in use.
 * @param inMemory where KEYWARDEN_STATE names no place and there are 4 GB to spare
 */
export async function privateDirectory(name: string, owner?: Owner, inMemory = false): Promise<string> {
  const place = inMemory && (await hasRoomInMemory()) ? memory : base
  await mkdir(place, { recursive: true })
  await removeStale(place, owner)
  const directory = await mkdtemp(join(place, `keywarden-${name}-${process.pid}-`))
  if (owner) await chown(directory, owner.uid, owner.gid)
  return directory
}

async function hasRoomInMemory(): Promise<boolean> {
  if (process.env.KEYWARDEN_STATE) return false
  const found = await statfs(memory).catch(() => undefined)
  return found !== undefined && found.bavail * found.bsize >= roomInMemory
}

async function removeStale(place: string, owner?: Owner): Promise<void> {
  for (const entry of await readdir(place)) {
    const pid = /^keywarden-(?:postgres|redis|pgbouncer)-(\d+)-\w{6}$/.exec(entry)?.[1]
    if (!pid || isAlive(Number(pid))) continue
    const path = join(place, entry)
    const uid = (await lstat(path).catch(() => undefined))?.uid
    if (uid === process.getuid?.() || uid === owner?.uid) await rm(path, { recursive: true, force: true })
  }
}

/** Whether a process with that id runs, under any owner. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
