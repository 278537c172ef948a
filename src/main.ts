import { allowReadersToLeave } from './cli/out.ts'
import { runShell } from './cli/program.ts'
import { start } from './start.ts'

allowReadersToLeave()
process.exitCode = await runShell(process.argv.slice(2), { env: process.env, start })
