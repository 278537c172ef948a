/** Real milliseconds within which a second click of the same control counts as a double click. */
const doubleClickMs = 700

/**
 * Drops the second click of a double click. It would open a dialog over the first one, which may show a key once.
 * Clicks are the same when person, control and value are.
 */
export function openDoubleClicks(now: () => number = Date.now) {
  const until = new Map<string, number>()
  return async (click: string, run: () => Promise<void>): Promise<void> => {
    for (const [old, end] of until) if (end <= now()) until.delete(old)
    if (until.has(click)) return
    until.set(click, Number.POSITIVE_INFINITY)
    try {
      await run()
    } finally {
      until.set(click, now() + doubleClickMs)
    }
  }
}
