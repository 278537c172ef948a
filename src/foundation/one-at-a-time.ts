/**
 * Makes of `work` a function that never runs it twice at once. Calls that come while it runs share one more run, which
 * begins when that one has ended, however it ended. So every call is answered by a run that began after it, and that
 * has seen what was committed before. The promise rejects with what that run threw, or, once `signal` is aborted,
 * for lack of one: no run begins any more.
 */
export function oneAtATime<T>(work: () => Promise<T>, signal?: AbortSignal): () => Promise<T> {
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
  const run = async () => {
    signal?.throwIfAborted()
    return work()
  }

  return () => {
    if (!running) return next ?? begin()
    next ??= running.then(begin, begin)
    return next
  }
}
