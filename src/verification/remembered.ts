import { SecondChance } from '../foundation/second-chance.ts'

export type MemoryOptions<T> = {
  /** values held at most */
  capacity: number
  /** hashes held at most that are known to belong to nothing */
  unknownCapacity: number
  /** reads the primary, beginning no earlier than this call */
  read(hash: string): Promise<T | null>
  /** whether the lease holds, at this very moment */
  mayAnswer(): boolean
  /** whether something above the value was voided, such as its workspace */
  isVoid?(value: T): boolean
}

/**
 * The memory of this process, by token hash. It answers from memory only under the lease, and keeps a value that it read
 * only when no change named it meanwhile.
 */
export type Memory<T> = {
  /** the value, or null for a hash that belongs to nothing. Rejects when the primary had to be read and could not be */
  find(hash: string): T | null | Promise<T | null>
  /** forgets one hash, and the result of a read of it that is under way */
  evict(hash: string): void
  /** forgets which hashes belong to nothing */
  forgetUnknown(): void
  /** keeps nothing of the reads that are under way */
  voidReads(): void
  flush(): void
  size(): number
}

type Table<V> = {
  get(hash: string): V | undefined
  set(hash: string, value: V): unknown
  delete(hash: string): unknown
  clear(): unknown
}

/** The rules of a memory hold for whatever a read is: here a promise, in the search of the protocol a number. */
type Tables<T, Read> = {
  held: Table<T>
  unknown: Table<true>
  /** A later caller joins a read only while it is listed here, and only then is its answer kept. */
  reads: Table<Read>
  isVoid?: ((value: T) => boolean) | undefined
}

type Held = Omit<Tables<unknown, unknown>, 'isVoid'>

export function find<T, Read>(
  tables: Tables<T, Read>,
  hash: string,
  mayAnswer: boolean,
  read: (hash: string) => Read,
  readAndKeep: (hash: string) => Read,
): T | null | Read {
  const { reads } = tables
  if (!mayAnswer) return read(hash)
  const value = recall(tables, hash)
  return value === undefined ? (reads.get(hash) ?? readAndKeep(hash)) : value
}

function recall<T>({ held, unknown, isVoid }: Tables<T, unknown>, hash: string): T | null | undefined {
  const value = held.get(hash)
  if (value !== undefined) return isVoid?.(value) ? undefined : value
  return unknown.get(hash) ? null : undefined
}

/** A read was answered; its answer is kept unless a change named the hash meanwhile. */
export function keep<T, Read>(tables: Tables<T, Read>, hash: string, read: Read, value: T | null): void {
  const { held, unknown, reads } = tables
  if (reads.get(hash) !== read) return
  reads.delete(hash)
  if (value) held.set(hash, value)
  else unknown.set(hash, true)
}

export function evict({ held, unknown, reads }: Held, hash: string): void {
  held.delete(hash)
  unknown.delete(hash)
  reads.delete(hash)
}

export function empty({ held, unknown, reads }: Held): void {
  held.clear()
  unknown.clear()
  reads.clear()
}

export function openMemory<T>(options: MemoryOptions<T>): Memory<T> {
  const held = new SecondChance<T>(options.capacity)
  const unknown = new SecondChance<true>(options.unknownCapacity)
  const reads = new Map<string, Promise<T | null>>()
  const tables = { held, unknown, reads, isVoid: options.isVoid }

  function readAndKeep(hash: string): Promise<T | null> {
    const read: Promise<T | null> = options.read(hash).then(
      (value) => {
        keep(tables, hash, read, value)
        return value
      },
      (error) => {
        if (reads.get(hash) === read) reads.delete(hash)
        throw error
      },
    )
    reads.set(hash, read)
    return read
  }

  return {
    find: (hash) => find(tables, hash, options.mayAnswer(), options.read, readAndKeep),
    evict: (hash) => evict(tables, hash),
    forgetUnknown: () => unknown.clear(),
    voidReads: () => reads.clear(),
    flush: () => empty(tables),
    size: () => held.size,
  }
}
