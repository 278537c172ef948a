import { startPostgres } from '../sandbox/services/postgres.ts'
import { migrate } from '../src/foundation/migrate.ts'
import { administer, databaseUrl } from '../test/setup/administer.ts'
import { fillKeys } from './clock/fill.ts'
import { type Run, runChild } from './clock/worker.ts'

/**
 * How long does the full set of deadline jobs take when a hundredth of all keys is due, and does it grow with what
 * is due or with all keys? Each size is a database of its own, and each run a worker process of its own, so that
 * its memory is what is measured. Prints a table, and JSON as the last line.
 */
const sizes = (process.argv[2] ?? '10000,100000,1000000').split(',').map(Number)
const limits = { seconds: 5, megabytes: 200 }

const postgres = await startPostgres({ durable: false, own: true, log: console.log })
const rows: (Run & { keys: number; due: number })[] = []
try {
  console.log('      keys      due   first run   again   messages   worker RSS')
  for (const keys of sizes) {
    const due = keys / 100
    const name = `clock_${keys}_${due}`
    await administer(postgres.url, `create database ${name}`)
    const url = databaseUrl(postgres.url, name)
    await migrate(url)
    await fillKeys(url, keys, due)
    const run = await runChild(url)
    rows.push({ keys, due, ...run })
    console.log(line(keys, due, run))
    await administer(postgres.url, `drop database ${name} with (force)`)
  }
} finally {
  await postgres.stop()
}

const largest = rows.at(-1)!
const ok =
  rows.every((row) => row.opened === row.due && row.rssMegabytes < limits.megabytes) &&
  largest.firstSeconds < limits.seconds &&
  largest.againSeconds < limits.seconds
console.log(JSON.stringify({ bench: 'clock', ok, limits, rows }))
process.exitCode = ok ? 0 : 1

function line(keys: number, due: number, run: Run): string {
  const cells = [
    keys.toLocaleString('en-US').padStart(10),
    due.toLocaleString('en-US').padStart(8),
    `${run.firstSeconds.toFixed(2)} s`.padStart(11),
    `${run.againSeconds.toFixed(2)} s`.padStart(7),
    run.messages.toLocaleString('en-US').padStart(9),
    `${run.rssMegabytes.toFixed(0)} MB`.padStart(12),
  ]
  return cells.join(' ')
}
