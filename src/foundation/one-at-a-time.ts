/**
 * Makes of `work` a function that runs it once at a time. Whoever calls while it runs shares one more run, which begins
 * when that one has ended, however it ended. So every caller is answered by a run that began after the call and has
 * seen what was committed before it. The promise rejects with what that run threw.
 */
export function oneAtATime<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined
  let next: Promise<T> | undefined

  function begin(): Promise<T> {
    next = undefined
    running = run().finally(() => {
      running = undefined
    })
    return running
  }

  // Async, so that what `work` throws at once is a rejection too.
  const run = async () => work()

  return () => {
    if (!running) return next ?? begin()
    next ??= running.then(begin, begin)
    return next
  }
}
