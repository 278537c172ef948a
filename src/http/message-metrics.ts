import { Gauge } from 'prom-client'
import { registry } from './metrics.ts'

let read: (() => Promise<number>) | undefined

new Gauge({
  name: 'keywarden_messages_refused',
  help: 'Messages that Slack refused for good and that nobody read, of the last 90 days',
  registers: [registry],
  async collect() {
    // A database that is out must not take the other metrics with it, and is no zero.
    this.reset()
    const refused = await read?.().catch(() => undefined)
    if (refused !== undefined) this.set(refused)
  },
})

/** From now on a scrape shows how many messages were refused for good. */
export function measureMessages(refused: () => Promise<number>): void {
  read = refused
}
