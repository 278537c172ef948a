import { readFileSync } from 'node:fs'
import type { FastifyInstance } from 'fastify'
import { parse } from 'yaml'
import { type Role, roles } from '../../src/members/member.ts'
import { clicks, closes, commands, submits } from '../../src/slack/routes.ts'
import { shell } from '../setup/shell.ts'
import { leastRole } from './expectations.ts'

/** Whose workspace is named: the one where the person has the role, another one of the account, or another account's. */
export const places = ['own', 'other', 'foreign'] as const
export const states = ['active', 'guest', 'deactivated', 'leaving'] as const
export type Place = (typeof places)[number]
export type State = (typeof states)[number]

/** What comes of it, as a letter in the table. */
const outcomes = {
  admitted: 'A',
  role: 'R',
  outsider: 'O',
  workspace: 'W',
  leaving: 'L',
  /** nothing is answered and nothing happens */
  silent: '-',
  /** nobody's role counts: a signature, a token or the machine's own user does */
  credential: 'S',
} as const
export type Outcome = keyof typeof outcomes

/** A form's control is about what its dialog is about, and names no workspace. */
const namesWorkspace = (entry: string) => !entry.startsWith('click form.')

const reaches = (role: Role, least: Role) => roles.indexOf(role) <= roles.indexOf(least)

/** What should come of it. In another workspace of the account everybody of the team is a member until given a role. */
export function expected(entry: string, role: Role, place: Place, state: State): Outcome {
  const least = leastRole[entry]
  if (entry.startsWith('close ') || entry === 'event app_home_opened')
    return state === 'active' && place === 'own' ? 'admitted' : 'silent'
  if (!least) return 'credential'
  const there = namesWorkspace(entry) ? place : 'own'
  if (state === 'deactivated' || state === 'leaving') return 'leaving'
  if (there === 'foreign') return 'workspace'
  if (state === 'guest') return 'outsider'
  return reaches(there === 'own' ? role : 'member', least) ? 'admitted' : 'role'
}

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

/** Every credential that a system can have, and none. */
export const credentials = ['none', 'unknown', 'service', 'scanner', 'scim', 'webhook', 'operations'] as const
export type Credential = (typeof credentials)[number]

/** Which credential each address asks for; without one, everybody is answered. */
const asksFor: readonly [RegExp, Credential | 'signature'][] = [
  [/ \/scim\/v2\//, 'scim'],
  [/ \/v1\/offboardings/, 'webhook'],
  [/ \/v1\/leaks$/, 'scanner'],
  [/ \/v1\/(verify|usage|forward-auth)/, 'service'],
  [/ \/metrics$/, 'operations'],
  [/ \/slack\/events$/, 'signature'],
]

/** Whether a system with this credential gets past the door of `http METHOD PATH`. */
export function opens(entry: string, credential: Credential): boolean {
  const asked = asksFor.find(([path]) => path.test(entry))?.[1]
  return asked === undefined || asked === credential
}

/** Every way in, as the code has it: nobody keeps this list. */
export async function entriesOf(server: Pick<FastifyInstance, 'printRoutes'>): Promise<string[]> {
  const events = [...read('src/slack/app.ts').matchAll(/app\.(event|function)\('(\w+)'/g)]
  return [
    ...commands.map(({ verb }) => `command ${verb}`),
    ...clicks.map(({ id }) => `click ${id}`),
    ...submits.map(({ id }) => `submit ${id}`),
    ...closes.map(({ id }) => `close ${id}`),
    ...events.map(([, kind, name]) => `${kind === 'function' ? 'step' : 'event'} ${name}`),
    ...new Set([...routesOf(server), ...described()].map((route) => `http ${route}`)),
    ...(await verbsOf([])).map((verb) => `shell ${verb}`),
  ]
}

/** The routes that are not Fastify's are described with the others. */
function described(): string[] {
  const { paths } = parse(read('docs/openapi.yml')) as { paths: Record<string, object> }
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods)
      .filter((method) => /^(get|post|put|patch|delete)$/.test(method))
      .map((method) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`),
  )
}

function routesOf(server: Pick<FastifyInstance, 'printRoutes'>): string[] {
  const above: string[] = []
  return server
    .printRoutes({ commonPrefix: false })
    .split('\n')
    .flatMap((line) => {
      const [, indent = '', path = '', methods = ''] = /^([│ ]*)[├└]── (\S+) \(([^)]*)\)/.exec(line) ?? []
      if (path === '') return []
      const depth = indent.length / 4
      above.length = depth
      above[depth] = path
      const whole = above.join('')
      return methods
        .split(', ')
        .filter((method) => method !== 'HEAD')
        .map((method) => `${method} ${whole}`)
    })
}

async function verbsOf(above: string[]): Promise<string[]> {
  const { out } = await shell([...above, '--help'], {})
  const listed = out.split('\nCommands:\n')[1]?.split('\n\n')[0] ?? ''
  const names = [...listed.matchAll(/^ {2}([a-z-]+)/gm)]
    .map(([, name]) => name!)
    .filter((name) => name !== 'help')
  if (names.length === 0) return [above.join(' ')]
  const below: string[] = []
  for (const name of names) below.push(...(await verbsOf([...above, name])))
  return below
}

/** The table: a line for each entry, a group of letters for each state and place, in it one for each role. */
export function matrixOf(entries: readonly string[]): string {
  const line = (entry: string) =>
    states
      .map((state) =>
        places
          .map((place) => roles.map((role) => outcomes[expected(entry, role, place, state)]).join(''))
          .join(' '),
      )
      .join(' | ')
  const width = Math.max(...entries.map((entry) => entry.length)) + 2
  const legend = Object.entries(outcomes).map(([name, letter]) => `${letter} ${name}`)
  const head = states.map((state) => state.padEnd(places.length * (roles.length + 1) - 1)).join(' | ')
  const names = states.map(() =>
    places.map((place) => place.slice(0, roles.length).padEnd(roles.length)).join(' '),
  )
  return [
    `# UPDATE_MATRIX=1 npx vitest run test/slack/authorisation writes this. Of three letters: ${roles.join(', ')}.`,
    `# ${legend.join(', ')}`,
    `${'#'.padEnd(width)}${head}`,
    `${'#'.padEnd(width)}${names.join(' | ')}`,
    ...entries.map((entry) => `${entry.padEnd(width)}${line(entry)}`),
    '',
    `# + gets past the door, - does not`,
    `${'# with'.padEnd(width)}${credentials.join(' ')}`,
    ...entries
      .filter((entry) => entry.startsWith('http '))
      .map((entry) =>
        `${entry.padEnd(width)}${credentials.map((one) => (opens(entry, one) ? '+' : '-').padEnd(one.length)).join(' ')}`.trimEnd(),
      ),
    '',
  ].join('\n')
}
