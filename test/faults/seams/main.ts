import { postgres15Programs } from '../../../sandbox/services/postgres-programs.ts'
import { measureCost } from './cost.ts'
import { schedules } from './schedules.ts'
import { play } from './stage.ts'

/**
 * `npm run faults:seams [part of a name]`: each schedule on servers of its own of PostgreSQL 15. With `--cost` it
 * measures instead for how long verifiers refuse. Prints a table, and JSON as the last line.
 */
const programs = postgres15Programs(console.log)
const [wanted = ''] = process.argv.slice(2)
process.exitCode = (await (wanted === '--cost' ? measureCost(programs) : playAll())) ? 0 : 1
process.exit()

async function playAll(): Promise<boolean> {
  const chosen = schedules.filter(({ name }) => name.includes(wanted))
  const broken: string[] = []
  const table: Record<string, { seconds: number; kept: string }> = {}
  for (const schedule of chosen) {
    const begun = performance.now()
    const why = await play(schedule, programs).then(
      () => undefined,
      (error) => error as Error,
    )
    if (why) broken.push(schedule.name)
    const seconds = Number(((performance.now() - begun) / 1000).toFixed(1))
    table[schedule.name] = { seconds, kept: why ? 'NO' : 'yes' }
    console.log(`${why ? 'BROKEN' : 'kept  '}  ${seconds} s  ${schedule.title}${why ? `\n${why.stack}` : ''}`)
  }
  console.table(table)
  const ok = broken.length === 0 && chosen.length > 0
  console.log(JSON.stringify({ faults: 'seams', ok, schedules: chosen.length, broken }))
  return ok
}
