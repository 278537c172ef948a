import { type Config, readConfig } from '../foundation/config.ts'
import { type Log, openLog } from '../foundation/log.ts'

const known = ['bot', 'verify', 'worker'] as const
type ProcessRole = (typeof known)[number]

export type Start = (options: {
  config: Config
  roles: readonly ProcessRole[]
  log: Log
}) => Promise<{ stop(): Promise<void> }>

/**
 * Real milliseconds that a stop may take after draining before the process exits anyway: before ten seconds, when others
 * kill it.
 */
const hardLimitMs = 9_000

/** Runs until a signal comes, then stops in order. */
export async function serve(
  wanted: string,
  { env, start }: { env: Record<string, string | undefined>; start: Start },
): Promise<number> {
  const roles = wanted === 'all' ? known : wanted.split(',').map((word) => word.trim())
  const unknown = roles.find((role) => !(known as readonly string[]).includes(role))
  if (unknown !== undefined) {
    console.error(`There is no role ${unknown}. Choose from ${known.join(', ')}, or all.`)
    return 2
  }
  const config = readConfig(env, roles)
  const log = openLog({ level: config.logLevel, tokenPrefix: config.tokenPrefix })
  // A rejected promise inside a library must not stop the process.
  process.on('unhandledRejection', (error) =>
    log.error(
      { event: 'process.unhandled_rejection', error: error instanceof Error ? error.stack : String(error) },
      'unhandled promise rejection',
    ),
  )
  // Registered before anything starts, so that a signal during the start also stops in order.
  const asked = askedToStop(log, hardLimitMs + config.http.drainMs)
  const running = await start({ config, roles: roles as ProcessRole[], log })
  await asked
  await running.stop()
  return 0
}

/**
 * Resolves at the first signal to stop. From then on the hard limit runs; a second signal, of either kind, exits at once,
 * in a container too, where the first process has no default action for signals.
 */
function askedToStop(log: Log, limitMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cutShort = () => {
      log.warn({ event: 'process.stop_cut_short' }, 'the process ends before all that it began has ended')
      process.exit(1)
    }
    let isAsked = false
    const stop = () => {
      if (isAsked) return cutShort()
      isAsked = true
      setTimeout(cutShort, limitMs).unref()
      resolve()
    }
    process.on('SIGTERM', stop)
    process.on('SIGINT', stop)
  })
}
