import { setTimeout as pause } from 'node:timers/promises'
import type { PostgresPrograms } from '../../../sandbox/services/postgres-programs.ts'
import { demote } from '../../../sandbox/services/standby.ts'
import { administer } from '../../setup/administer.ts'
import type { Placed } from '../lab/lab.ts'
import type { LabKey } from '../lab/seed.ts'
import { openPair, type Pair, play, warmed } from './stage.ts'

const leases = [2, 5, 10]
const everyMs = 50
/** for which an operator, or a program, takes to notice that a primary is dead */
const noticeMs = 3_000
const partitionMs = 10_000
/** All is over when verifies were accepted for so long. */
const calmMs = 2_000

type Event = (pair: Pair, programs: PostgresPrograms) => Promise<void>

const events: Record<string, Event> = {
  restart: ({ primary }) => primary.restart(),
  async switchover({ primary, standby, address }, programs) {
    await demote(primary, standby, programs)
    await administer(standby.url, 'select pg_promote(true, 60)')
    address.lead(standby.url)
    address.reset()
  },
  async failover(pair) {
    const { primary, standby, address } = pair
    await primary.kill()
    await pause(noticeMs)
    await administer(standby.url, 'select pg_promote(true, 60)')
    address.lead(standby.url)
    address.reset()
  },
  async partition({ address }) {
    address.blackhole()
    await pause(partitionMs)
    address.heal()
  },
}

/** For how many seconds a good key may be refused at most, by how long the database was away and the lease is. */
const limits: Record<string, (away: number, lease: number) => number> = {
  restart: () => 5,
  switchover: () => 5,
  failover: (away, lease) => away + lease + 1,
  partition: (away) => away + 1,
}

/**
 * For how long a verifier refuses a good key, by event and length of lease. Returns whether it accepted the key again after
 * each, within its limit.
 */
export async function measureCost(programs: PostgresPrograms): Promise<boolean> {
  const figures: { event: string; leaseSeconds: number; awaySeconds: number; refusedSeconds: number }[] = []
  for (const [event, happen] of Object.entries(events))
    for (const leaseSeconds of leases) {
      const schedule = {
        name: event,
        title: event,
        async play(stage: Parameters<Parameters<typeof play>[0]['play']>[0]) {
          const pair = await openPair(stage, true)
          const [key] = await pair.lab.keys(1)
          const verifier = await warmed(pair.lab, [key!], `${leaseSeconds}s`)
          // A lease is not always fresh when something happens: half a renewal old.
          await pause((leaseSeconds * 1000) / 6)
          const asking = askSteadily(verifier, key!)
          await pause(500)
          const begun = performance.now()
          await happen(pair, programs)
          const awaySeconds = seconds(performance.now() - begun)
          figures.push({
            event,
            leaseSeconds,
            awaySeconds,
            refusedSeconds: seconds(await asking.refusedMs()),
          })
        },
      }
      // A verifier that never accepts the key again is no figure.
      await play(schedule, programs).then(
        () => console.log(JSON.stringify(figures.at(-1))),
        (error) => console.log(`${event}, ${leaseSeconds} s: ${error}`),
      )
    }
  console.table(figures)
  const isWithin = ({ event, leaseSeconds, awaySeconds, refusedSeconds }: (typeof figures)[number]) =>
    refusedSeconds <= limits[event]!(awaySeconds, leaseSeconds)
  const ok = figures.length === Object.keys(events).length * leases.length && figures.every(isWithin)
  console.log(JSON.stringify({ faults: 'seams', mode: 'cost', ok, figures }))
  return ok
}

const seconds = (ms: number): number => Number((ms / 1000).toFixed(1))

/** Asks at a steady rate, also while answers are missing. `refusedMs` waits until all is calm. */
function askSteadily(verifier: Placed, key: LabKey): { refusedMs(): Promise<number> } {
  let refused = 0
  let lastRefusalMs = performance.now()
  const asking = setInterval(async () => {
    const verdict = await verifier.ask(key)
    if (verdict === 'VALID') return
    refused++
    lastRefusalMs = performance.now()
  }, everyMs)
  return {
    async refusedMs() {
      const begun = performance.now()
      while (performance.now() - Math.max(lastRefusalMs, begun) < calmMs) await pause(everyMs)
      clearInterval(asking)
      return refused * everyMs
    },
  }
}
