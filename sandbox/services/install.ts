import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'

type Log = (line: string) => void

/** A program of the operating system: the names it may have, and the packages that bring it. */
type Program = {
  name: string
  variable?: string
  commands: string[]
  /** what is no program: files that must all be there */
  files?: string[]
  apt: string[]
  brew: string[]
}

const catalogue = {
  redis: {
    name: 'Redis',
    commands: ['redis-server', 'valkey-server'],
    apt: ['redis-server'],
    brew: ['redis'],
  },
  chromium: {
    name: 'Chromium',
    variable: 'CHROME_PATH',
    commands: [
      ...['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
      '/Applications/Chromium.app/Contents/MacOS/Chromium',
      '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    ],
    apt: ['chromium', 'fonts-liberation', 'fonts-noto-color-emoji'],
    brew: ['--cask', 'chromium'],
  },
  // Chromium draws a character only where the machine has a font for it. macOS brings its own.
  fonts: {
    name: 'Fonts',
    commands: [],
    files:
      process.platform === 'darwin'
        ? []
        : [
            'droid/DroidSansFallbackFull.ttf',
            'noto/NotoColorEmoji.ttf',
            'liberation/LiberationMono-Regular.ttf',
          ].map((file) => `/usr/share/fonts/truetype/${file}`),
    apt: ['fonts-droid-fallback', 'fonts-noto-color-emoji', 'fonts-liberation'],
    brew: [],
  },
  openssl: { name: 'OpenSSL', commands: ['openssl'], apt: ['openssl'], brew: ['openssl'] },
  wrk: { name: 'wrk', commands: ['wrk'], apt: ['wrk'], brew: ['wrk'] },
  nginx: { name: 'nginx', commands: ['nginx'], apt: ['nginx-light'], brew: ['nginx'] },
  caddy: { name: 'Caddy', commands: ['caddy'], apt: ['caddy'], brew: ['caddy'] },
  pgbouncer: { name: 'PgBouncer', commands: ['pgbouncer'], apt: ['pgbouncer'], brew: ['pgbouncer'] },
  haproxy: { name: 'HAProxy', commands: ['haproxy'], apt: ['haproxy'], brew: ['haproxy'] },
  promtool: { name: 'Prometheus', commands: ['promtool'], apt: ['prometheus'], brew: ['prometheus'] },
  systemd: { name: 'systemd', commands: ['systemd-analyze'], apt: ['systemd'], brew: [] },
  postgres15: {
    name: 'PostgreSQL 15',
    commands: ['/usr/lib/postgresql/15/bin/postgres', '/opt/homebrew/opt/postgresql@15/bin/postgres'],
    apt: ['postgresql-15'],
    brew: ['postgresql@15'],
  },
} satisfies Record<string, Program>

export type ProgramName = keyof typeof catalogue

/** The path of redis-server or valkey-server, installed when missing. @throws Error as `ensureInstalled`. */
export const findRedis = async (log?: Log): Promise<string> => ensureInstalled(['redis'], log)[0] as string

/** The path of Chromium or Chrome ($CHROME_PATH first), installed when missing. @throws Error as `ensureInstalled`. */
export const findChromium = async (log?: Log): Promise<string> =>
  ensureInstalled(['chromium'], log)[0] as string

/**
 * The paths of these programs. Those that are missing are installed with apt (as root, or with a sudo that asks
 * no password) or brew, and `log` gets a line about it.
 * @throws Error that says the one command to type, when they may not be installed or the package manager fails.
 */
export function ensureInstalled(names: ProgramName[], log: Log = console.error): string[] {
  const missing = names.map((name) => catalogue[name]).filter((program: Program) => !find(program))
  if (missing.length > 0) install(missing, log)
  return names.map((name) => find(catalogue[name]) as string)
}

function find(program: Program): string | undefined {
  if (program.files) return program.files.every((file) => existsSync(file)) ? program.name : undefined
  const given = program.variable && process.env[program.variable]
  if (given) return given
  const usual = [
    '/usr/local/bin',
    '/usr/bin',
    '/usr/sbin',
    '/opt/homebrew/bin',
    '/opt/local/bin',
    '/snap/bin',
  ]
  const directories = [...(process.env.PATH ?? '').split(delimiter).filter(Boolean), ...usual]
  const paths = program.commands.flatMap((command) =>
    command.startsWith('/') ? [command] : directories.map((directory) => join(directory, command)),
  )
  return paths.find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

function install(programs: Program[], log: Log): void {
  const names = programs.map(({ name }) => name).join(' and ')
  const isRoot = process.getuid?.() === 0
  const [command, run] = isExecutable('/usr/bin/apt-get')
    ? withApt(
        programs.flatMap(({ apt }) => apt),
        isRoot,
      )
    : withBrew(programs)
  if (!command) {
    const wanted = programs
      .map(({ commands, files = [] }: Program) => commands[0] ?? files.join(', '))
      .join(', ')
    throw new Error(`${names} must be installed: ${wanted} cannot be found.`)
  }
  if (!run) throw new Error(`${names} must be installed. Type: ${command}`)
  log(`Installing ${names}: ${command}`)
  const failure = run()
  const stillMissing = programs.filter((program) => !find(program))
  if (stillMissing.length > 0)
    throw new Error(`${names} could not be installed. Type: ${command}\n${failure ?? ''}`.trim())
}

/** The command to type, and how to run it: undefined when we may not. `run` returns what went wrong. */
type Installer = [command?: string, run?: () => string | undefined]

function withApt(packages: string[], isRoot: boolean): Installer {
  const list = packages.join(' ')
  const sudo = isRoot ? '' : 'sudo '
  const command = `${sudo}apt-get update && ${sudo}apt-get install -y --no-install-recommends ${list}`
  const maySudo = isRoot || spawnSync('sudo', ['-n', 'true']).status === 0
  if (!maySudo) return [hasSudo() ? command : `su -c '${command.replaceAll('sudo ', '')}'`]
  // RUNLEVEL keeps Debian from starting a service for what we only want the program of.
  const environment = ['env', 'DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1']
  const apt = (...args: string[]) =>
    attempt([...(isRoot ? [] : ['sudo', '-n']), ...environment, 'apt-get', '-qq', ...lockTimeout, ...args])
  const add = () => apt('install', '-y', '--no-install-recommends', ...packages)
  // The lists may be absent or old; they take longer to fetch than the packages, so only then.
  return [command, () => add() && (apt('update') ?? add())]
}

const lockTimeout = ['-o', 'DPkg::Lock::Timeout=120']
const hasSudo = () => !spawnSync('sudo', ['--version']).error

function withBrew(programs: Program[]): Installer {
  if (spawnSync('brew', ['--version']).status !== 0) return []
  const commands = programs.map(({ brew }) => ['brew', 'install', ...brew])
  const command = commands.map((words) => words.join(' ')).join(' && ')
  return [command, () => commands.map(attempt).find(Boolean)]
}

/** Runs a command and returns the end of what it said if it failed. */
function attempt(words: string[]): string | undefined {
  const [program, ...args] = words
  const { status, error, stdout, stderr } = spawnSync(program as string, args, { encoding: 'utf8' })
  if (status === 0) return undefined
  return error?.message ?? `${stdout}${stderr}`.trim().split('\n').slice(-3).join('\n')
}
