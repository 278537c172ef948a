import { all } from './phases.ts'
import { runFaults } from './run.ts'

/**
 * `npm run faults:alerts [messages a phase] [part of a phase's name]`: every trouble in turn. Prints a line each, what is
 * wrong, and JSON as the last.
 */
const [size = '240', part = ''] = process.argv.slice(2)
const phases = all.filter(({ name }) => name.includes(part))
const { problems, ...report } = await runFaults(phases, Number(size), console.log)
for (const problem of problems.slice(0, 40)) console.log(problem)
for (const [source, arrived] of Object.entries(report.sources).sort())
  console.log(`${String(arrived).padStart(6)} arrived  ${source}`)
console.log(
  `${report.messages} messages, ${report.lost} lost, ${report.duplicates} twice, ${report.stale} of ${report.live} live ones stale, ${report.unexplained} ended without a reason; ${report.deaths} workers died`,
)
console.log(JSON.stringify({ faults: 'alerts', ...report }))
process.exitCode = report.ok ? 0 : 1
