import { all } from './phases.ts'
import { runFaults } from './run.ts'

/** `npm run faults:alerts [alerts a phase]`: every trouble in turn. Prints a line each, and JSON as the last. */
const report = await runFaults(all, Number(process.argv[2] ?? 170), console.log)
console.log(
  `${report.alerts} alerts, ${report.lost} lost, ${report.duplicates} twice; ${report.deaths} workers died`,
)
console.log(JSON.stringify({ faults: 'alerts', ...report }))
process.exitCode = report.ok ? 0 : 1
