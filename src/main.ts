import type { TryLive } from './cli/doctor-live.ts'
import { allowReadersToLeave } from './cli/out.ts'
import { runShell } from './cli/program.ts'
import { start } from './start.ts'

/** Loaded when it is asked for: a verifier has no part in Slack. */
const tryLive: TryLive = async (...given) => (await import('./slack/live/try-live.ts')).tryLive(...given)

allowReadersToLeave()
process.exitCode = await runShell(process.argv.slice(2), { env: process.env, start, tryLive })
