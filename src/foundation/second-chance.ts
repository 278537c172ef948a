type Held<V> = { readonly value: V; isUsed: boolean }

/** Passed over at most before one is forgotten all the same, so that nobody waits for a round past everything. */
const passedOver = 100

/**
 * A map that holds at most `capacity` values and forgets those that were not used recently: the second-chance algorithm.
 * A hand goes round; a value that was used since it last came by is passed over once. A value in use costs one look-up.
 */
export class SecondChance<V> {
  readonly #capacity: number
  readonly #held = new Map<string, Held<V>>()
  // Kept between calls: a new one would have to pass what was forgotten at the front each time.
  #hand = this.#held.entries()

  constructor(capacity: number) {
    this.#capacity = Math.max(1, capacity)
  }

  get(key: string): V | undefined {
    const held = this.#held.get(key)
    if (!held) return undefined
    held.isUsed = true
    return held.value
  }

  set(key: string, value: V): void {
    if (this.#held.size >= this.#capacity && !this.#held.has(key)) this.#forgetOne()
    this.#held.set(key, { value, isUsed: false })
  }

  #forgetOne(): void {
    for (let passed = 0; ; passed++) {
      const { value: next, done } = this.#hand.next()
      if (done) {
        this.#hand = this.#held.entries()
        continue
      }
      const [key, held] = next
      if (held.isUsed && passed < passedOver) {
        held.isUsed = false
        continue
      }
      this.#held.delete(key)
      return
    }
  }

  delete(key: string): void {
    this.#held.delete(key)
  }

  clear(): void {
    this.#held.clear()
  }

  get size(): number {
    return this.#held.size
  }
}
