import { setTimeout as pause } from 'node:timers/promises'
import { deliverAlerts } from '../../../jobs/deliver-alerts.ts'
import type { Job } from '../../../jobs/engine/job.ts'
import { openQueue } from '../../../jobs/engine/queue.ts'
import { startWatchdog } from '../../../jobs/engine/watchdog.ts'
import { findingJobs } from '../../../jobs/finding-jobs.ts'
import { readConfig } from '../../../src/foundation/config.ts'
import { openDatabase } from '../../../src/foundation/database.ts'
import { openLog } from '../../../src/foundation/log.ts'
import { systemRandom } from '../../../src/foundation/random.ts'
import { openWebClient } from '../../../src/foundation/slack.ts'
import type { Channel } from '../../../src/notifications/channel.ts'
import { deliverWaiting } from '../../../src/notifications/deliver.ts'
import { refreshMessages } from '../../../src/notifications/refresh.ts'
import { slackChannel } from '../../../src/slack/post-messages.ts'
import { sources } from '../../../src/slack/sources.ts'

/** Where this worker kills itself, about once in `among` messages, and how far its calendar is ahead. */
export type Orders = {
  die?: 'before send' | 'after send' | 'after record'
  among?: number
  aheadMs?: number
  blockMs?: number
}

let orders: Orders = {}
process.on('message', (next: Orders) => {
  orders = { ...orders, ...next }
  if (next.blockMs) block(next.blockMs)
})

/** Nothing else runs in this process for that long: no timers, no replies, no lock that is extended. */
function block(ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until);
}

const dies = (where: Orders['die']) => {
  if (orders.die === where && systemRandom(1)[0]! % (orders.among ?? 10) === 0)
    process.kill(process.pid, 'SIGKILL')
}

/** The real channel with places to die: the product knows nothing of them. */
function perilous(channel: Channel): Channel {
  const around =
    <A extends unknown[], R>(call: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      dies('before send')
      const done = await call(...args)
      dies('after send')
      if (orders.die === 'after record') setTimeoutToDie()
      return done
    }
  return { ...channel, post: around(channel.post) }
}

/** Long enough for the record to be written, short enough to fall into the next message. */
const setTimeoutToDie = () => void pause(8).then(() => dies('after record'))

const config = readConfig(process.env)
const log = openLog({ level: 'silent', tokenPrefix: config.tokenPrefix })
const db = openDatabase(config.databaseUrl, { connections: 10, name: 'fault worker' })
const clock = { now: () => new Date(Date.now() + (orders.aheadMs ?? 0)) }
const world = { config, log, db, clock, random: systemRandom }
const channel = perilous(slackChannel(openWebClient(world), log))

/** The product's jobs, every second or two instead of every few minutes. */
const fast: readonly Job[] = [
  {
    ...findingJobs.find(({ name }) => name === 'expiring-keys')!,
    cron: '*/2 * * * * *',
    lateSeconds: 10,
  },
  { name: 'deliver-alerts', cron: '* * * * * *', timeZone: 'UTC', lateSeconds: 10, run: deliverAlerts },
]
const context = {
  world,
  deliver: async () => void (await deliverWaiting({ world, channel, sources }, { seconds: 5 })),
}
const queue = openQueue(fast, context)
startWatchdog(fast, context, queue, '*/5 * * * * *')
setInterval(() => void refreshMessages({ world, channel, sources }).catch(() => undefined), 2_000)
process.send?.('up')
