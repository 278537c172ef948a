import { Gauge } from 'prom-client'
import type { Backlog } from '../notifications/failed.ts'
import { registry } from './metrics.ts'

type Reading = { backlog: Backlog; now: Date }

let read: (() => Promise<Reading>) | undefined
let reading: Promise<Reading | undefined> | undefined

/** One reading for both metrics of a scrape. */
function readOnce(): Promise<Reading | undefined> {
  reading ??= (read?.() ?? Promise.resolve(undefined))
    .catch(() => undefined)
    .finally(() => {
      reading = undefined
    })
  return reading
}

new Gauge({
  name: 'keywarden_messages',
  help: 'Messages to people: those that are due and wait, and those that Slack refused for good in the last 90 days',
  labelNames: ['state'],
  registers: [registry],
  async collect() {
    // A database that is out must not take the other metrics with it, and is no zero.
    this.reset()
    const backlog = (await readOnce())?.backlog
    if (!backlog) return
    this.set({ state: 'waiting' }, backlog.waiting)
    this.set({ state: 'failed' }, backlog.failed)
  },
})

new Gauge({
  name: 'keywarden_message_oldest_seconds',
  help: 'How long the oldest message that waits has been due; 0 when none waits',
  registers: [registry],
  async collect() {
    const known = await readOnce()
    // Without the database it is not known, which is no zero.
    if (!known) return this.set(Number.NaN)
    const { oldestDueAt } = known.backlog
    this.set(oldestDueAt ? Math.max(0, (known.now.getTime() - oldestDueAt.getTime()) / 1000) : 0)
  },
})

/** From now on a scrape shows how many messages wait and failed. */
export function measureMessages(backlog: () => Promise<Reading>): void {
  read = backlog
}
