/** A trouble that may be met again and again while it lasts. */
export type LastingTrouble = {
  met(error: unknown): void
  isOver(): void
  readonly lasts: boolean
}

/** Says once that a trouble has begun, with the first error of it, and once that it has ended. */
export function lastingTrouble(say: { begun(error: unknown): void; ended(): void }): LastingTrouble {
  let lasts = false
  return {
    met(error) {
      if (lasts) return
      lasts = true
      say.begun(error)
    },
    isOver() {
      if (!lasts) return
      lasts = false
      say.ended()
    },
    get lasts() {
      return lasts
    },
  }
}
