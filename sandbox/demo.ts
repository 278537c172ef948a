/** The command behind bin/demo: the demo itself, or with --check its story walked without a person. */
import { parseArgs } from 'node:util'
import { check } from './demo/check.ts'
import { type Demo, openDemo } from './demo/open.ts'
import { startTraffic } from './demo/traffic.ts'
import { welcome } from './demo/welcome.ts'

const usage = `bin/demo           start the demo; Ctrl-C stops it
bin/demo --check   walk through it without a person, a line per step
bin/demo --at 2026-11-29T03:00Z   either of them on that day, at that hour

DATABASE_URL, REDIS_URL     servers to use instead of own ones; what is on them is not touched
KEYWARDEN_LOG_LEVEL=info    what Keywarden logs, on standard error`

const stopped = new AbortController()
process.exitCode = await main(process.argv.slice(2))

async function main(argv: string[]): Promise<number> {
  const wanted = readArguments(argv)
  if (!wanted || wanted.help) {
    console.log(usage)
    return wanted ? 0 : 2
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
  try {
    const today = wanted.at === undefined ? new Date() : new Date(wanted.at)
    return wanted.check ? await check(stopped.signal, today) : await show(today)
  } catch (error) {
    if (stopped.signal.aborted) return 130
    console.error(error instanceof Error ? error.message : error)
    return 1
  }
}

function readArguments(argv: string[]) {
  try {
    const options = {
      check: { type: 'boolean' },
      at: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    } as const
    const { values } = parseArgs({ args: argv, options })
    if (values.at !== undefined && Number.isNaN(Date.parse(values.at)))
      throw new Error(`--at ${values.at} is no time. Write it like 2026-11-29T03:00Z.`)
    return values
  } catch (error) {
    console.error((error as Error).message)
    return undefined
  }
}

/** The first Ctrl-C ends everything in order; the second does not wait for that. */
function stop(): void {
  if (stopped.signal.aborted) process.exit(130)
  stopped.abort()
}

async function show(today: Date): Promise<number> {
  const started = performance.now()
  console.log('Starting PostgreSQL, Redis, a local Slack, a toy platform and Keywarden.')
  const level = process.env.KEYWARDEN_LOG_LEVEL ?? 'error'
  const log = { level, destination: process.stderr }
  const demo = await openDemo({ say: console.log, log, stopped: stopped.signal, friendlyPorts: true, today })
  try {
    const seconds = (performance.now() - started) / 1000
    console.log(welcome(demo.house, seconds, process.stdout.isTTY === true))
    await serveUntilStopped(demo)
    return 0
  } finally {
    await demo.close()
  }
}

async function serveUntilStopped({ house, clients }: Demo): Promise<void> {
  const traffic = startTraffic(house.platform.url, clients)
  const { signal } = stopped
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve))
  console.log('\nStopping.')
  await traffic.stop()
}
