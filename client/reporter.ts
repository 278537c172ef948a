import { randomUUID } from 'node:crypto'

/** The outcome of a request, with the client's address and user agent where known. */
export type Outcome = {
  keyId: string
  method: string
  path: string
  status: number
  ip?: string | undefined
  userAgent?: string | undefined
}
type Dated = Outcome & { at: string }

export type Reporter = {
  /** Reports an outcome; never waits and never throws. */
  report(outcome: Outcome): void
  /** Sends the remaining outcomes. Resolves when they arrived, or after the time limit. */
  close(): Promise<void>
}

const everyMs = 1_000
const batchSize = 1_000
/** Outcomes kept while Keywarden cannot be reached; beyond that the newest are dropped. */
const kept = 50_000

/** Sends outcomes in batches. A batch keeps its id until it is answered, so that a batch sent twice counts once. */
export function openReporter(
  send: (batch: { batch: string; outcomes: Dated[] }) => Promise<boolean>,
): Reporter {
  const waiting: Dated[] = []
  let current: { batch: string; outcomes: Dated[] } | undefined
  let sending: Promise<void> | undefined

  async function sendAll(): Promise<void> {
    while (current || waiting.length > 0) {
      current ??= { batch: randomUUID(), outcomes: waiting.splice(0, batchSize) }
      if (!(await send(current).catch(() => false))) return
      current = undefined
    }
  }

  function flush(): Promise<void> {
    sending ??= sendAll().finally(() => {
      sending = undefined
    })
    return sending
  }

  const ticking = setInterval(() => void flush(), everyMs)
  ticking.unref()
  return {
    report(outcome) {
      if (waiting.length < kept) waiting.push({ ...outcome, at: new Date().toISOString() })
    },
    async close() {
      clearInterval(ticking)
      for (let attempt = 0; attempt < 5 && (current || waiting.length > 0); attempt++) {
        await flush()
        if (current) await new Promise((resolve) => setTimeout(resolve, 200))
      }
    },
  }
}
