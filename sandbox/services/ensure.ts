/** The command behind bin/test: ensure.ts redis chromium. What is missing is installed, or said in one sentence. */
import { ensureInstalled, type ProgramName } from './install.ts'

const wanted = process.argv.slice(2) as ProgramName[]
try {
  ensureInstalled(wanted.filter((name) => !(name === 'redis' && process.env.REDIS_URL)))
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
}
