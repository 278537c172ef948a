/** Real milliseconds within which a second click of the same control is the same intention. */
const doubleClickMs = 700

/**
 * Drops the second click of a double click: it would put another dialog over the one that the first has opened, and
 * that may show a key once. Clicks are the same when person, control and value are.
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
