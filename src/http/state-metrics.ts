import { Counter, Gauge } from 'prom-client'
import { lastRuns } from '../canary/runs.ts'
import { openFindings } from '../findings/open.ts'
import { slackErrors } from '../foundation/slack.ts'
import type { World } from '../foundation/world.ts'
import { longestConfirmation } from '../leases/confirmation-time.ts'
import { registry } from './metrics.ts'

type Reader = { world: Pick<World, 'db' | 'clock'>; isRedisUp: () => boolean }

let reader: Reader | undefined

new Gauge({
  name: 'keywarden_open_findings',
  help: 'Findings that are open, by severity',
  labelNames: ['severity'],
  registers: [registry],
  async collect() {
    this.reset()
    // A database that is out must not take the other metrics with it, and is no zero.
    const counted = reader && (await openFindings(reader.world.db).catch(() => undefined))
    for (const [severity, open] of Object.entries(counted ?? {})) this.set({ severity }, open)
  },
})

new Gauge({
  name: 'keywarden_confirmation_seconds',
  help: 'The longest that a change of the last five minutes took, or has taken so far, until every verifier had confirmed it',
  registers: [registry],
  async collect() {
    const seconds =
      reader && (await longestConfirmation(reader.world.db, reader.world.clock.now()).catch(() => undefined))
    this.set(seconds ?? Number.NaN)
  },
})

type LastRuns = Awaited<ReturnType<typeof lastRuns>>

/** Of the last run of the canary; without one, and while the database is out, these have no value. */
const ofCanary = (
  name: string,
  help: string,
  read: (runs: LastRuns, now: Date) => number | null | undefined,
) =>
  new Gauge({
    ...{ name, help, registers: [registry] },
    async collect() {
      this.reset()
      const runs = reader && (await lastRuns(reader.world.db).catch(() => undefined))
      this.set((runs && read(runs, reader!.world.clock.now())) ?? Number.NaN)
    },
  })

ofCanary(
  'keywarden_canary_good',
  '1 while the last run of the canary was judged by every verifier as it should be',
  ({ last }) => last && Number(last.outcome === 'good'),
)
ofCanary(
  'keywarden_canary_verifiers',
  'Verifiers that judged the last canary as they should, both times',
  ({ last }) => last?.verifiers,
)
ofCanary(
  'keywarden_canary_confirmation_seconds',
  'How long it took until the end of the last canary was confirmed',
  ({ last }) => (last?.confirmedMs ?? Number.NaN) / 1_000,
)
ofCanary(
  'keywarden_canary_age_seconds',
  'Time since the beginning of the last good run of the canary, which has one each hour',
  ({ goodAt }, now) => goodAt && (now.getTime() - goodAt.getTime()) / 1_000,
)

new Gauge({
  name: 'keywarden_redis_up',
  help: '1 while Redis takes what the job queue needs; at 0 the watchdog runs the jobs',
  registers: [registry],
  collect() {
    this.set(reader?.isRedisUp() ? 1 : 0)
  },
})

new Counter({
  name: 'keywarden_slack_errors_total',
  help: 'Calls of Slack that failed, by method; 429 included',
  labelNames: ['method'],
  registers: [registry],
  collect() {
    this.reset()
    this.inc({ method: 'chat.postMessage' }, 0)
    for (const [method, count] of slackErrors) this.inc({ method }, count)
  },
})

/** From now on a scrape of this worker shows the state of what it works with. */
export function measureState(world: Reader['world'], isRedisUp: () => boolean): void {
  reader = { world, isRedisUp }
}
