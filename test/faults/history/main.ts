import { parseArgs } from 'node:util'
import { postgres15Programs } from '../../../sandbox/services/postgres-programs.ts'
import { confirm } from '../../../src/leases/confirming.ts'
import { learn } from '../../../src/verification/learning.ts'
import { replay } from './replay.ts'
import { run } from './run.ts'
import { openServers } from './servers.ts'

/**
 * `npm run faults:history -- --minutes N --seed S`: random faults over real processes and servers, and a checker of what
 * was promised. Prints a table, and JSON as the last line.
 */
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now() % 1e9) },
  },
})
const minutes = Number(values.minutes)
const seed = Number(values.seed)
const closing: (() => Promise<unknown>)[] = []
const later = (close: () => Promise<unknown>) => void closing.push(close)

const programs = postgres15Programs(console.log)
const servers = await openServers({ programs, later })
console.log(`npm run faults:history -- --minutes ${minutes} --seed ${seed}`)
const result = await run({
  lab: servers.lab,
  servers,
  verifiers: 4,
  bulkLanes: 6,
  seconds: minutes * 60,
  seed,
  later,
  say: console.log,
})
const { count, unexplained } = await replay(result.written, { learn, confirm })
for (const close of closing.reverse()) await close().catch(() => undefined)
const total = (counts: Record<string, number>) => Object.values(counts).reduce((sum, times) => sum + times, 0)

for (const verify of result.accepted.slice(0, 20)) console.log('accepted', verify)
for (const event of unexplained.slice(0, 20)) console.dir(event, { depth: 6 })
console.table(result.faults)
const line = {
  changes_confirmed: result.confirmed,
  changes_ended: result.ended,
  verifies_after_confirmation: total(result.afterConfirmation),
  distinct_changes_and_verifiers: result.distinct,
  verifies: result.verifies,
  faults: total(result.faults),
  failovers_and_restores: result.failovers,
  protocol_events: count,
  unexplained_events: unexplained.length,
  accepted: result.accepted.length,
  latest_accepted_after_ms: Math.max(0, ...result.accepted.map(({ afterMs }) => Math.round(afterMs))),
}
console.table({ ...line, changes_ended: JSON.stringify(line.changes_ended) })
// Nothing is proven by a run in which nothing was promised, asked or written down.
const isLooked =
  line.changes_confirmed > 0 && line.verifies_after_confirmation > 0 && line.protocol_events > 0
const ok = isLooked && line.accepted === 0 && line.unexplained_events === 0
console.log(
  JSON.stringify({
    run: 'history',
    ok,
    minutes,
    seed,
    ...line,
    faults_by_kind: result.faults,
    verifies_after_confirmation_by_verdict: result.afterConfirmation,
  }),
)
process.exit(ok ? 0 : 1)
