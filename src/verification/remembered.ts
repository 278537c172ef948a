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

export function openMemory<T>(options: MemoryOptions<T>): Memory<T> {
  const held = new SecondChance<T>(options.capacity)
  const unknown = new SecondChance<true>(options.unknownCapacity)
  // A later caller joins a read only while it is listed here, and only then is its answer kept.
  const reads = new Map<string, Promise<T | null>>()

  function recall(hash: string): T | null | undefined {
    const value = held.get(hash)
    if (value !== undefined) return options.isVoid?.(value) ? undefined : value
    return unknown.get(hash) ? null : undefined
  }

  function readAndKeep(hash: string): Promise<T | null> {
    const read: Promise<T | null> = options.read(hash).then(
      (value) => {
        if (reads.get(hash) !== read) return value
        reads.delete(hash)
        if (value) held.set(hash, value)
        else unknown.set(hash, true)
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
    find(hash) {
      if (!options.mayAnswer()) return options.read(hash)
      const value = recall(hash)
      return value === undefined ? (reads.get(hash) ?? readAndKeep(hash)) : value
    },
    evict(hash) {
      held.delete(hash)
      unknown.delete(hash)
      reads.delete(hash)
    },
    forgetUnknown: () => unknown.clear(),
    voidReads: () => reads.clear(),
    flush() {
      held.clear()
      unknown.clear()
      reads.clear()
    },
    size: () => held.size,
  }
}
