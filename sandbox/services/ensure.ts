/** The command behind bin/test and bin/demo: ensure.ts redis chromium. It reports in one sentence what is not available. */
import { ensureInstalled, type ProgramName } from './install.ts'
import { postgresPrograms } from './postgres-programs.ts'

const wanted = process.argv.slice(2) as ProgramName[]
try {
  if (!process.env.DATABASE_URL) await postgresPrograms(console.log)
  ensureInstalled(
    wanted.filter((name) => !(name === 'redis' && process.env.REDIS_URL)),
    console.log,
  )
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
}
