import { describe, expect, test } from 'vitest'
import { ConfigError, readConfig, variables } from '../../src/foundation/config.ts'
import { sentinelOptions } from '../../src/foundation/redis-url.ts'

type Name = keyof typeof variables
const names = Object.keys(variables) as Name[]

const complete: Partial<Record<Name, string>> = {
  DATABASE_URL: 'postgres://k:p@localhost/k',
  SLACK_BOT_TOKEN: 'xoxb-1-2-3',
  SLACK_APP_TOKEN: 'xapp-1-2-3',
}

/** The error for an invalid environment. */
function complaint(env: Record<string, string | undefined>, roles = ['bot', 'verify', 'worker']): string {
  try {
    readConfig(env, roles)
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError)
    return (error as Error).message
  }
  return ''
}

test('a complete environment is accepted, and empty variables count as absent', () => {
  expect(complaint(complete)).toBe('')
  expect(complaint({ ...complete, SLACK_MODE: '', KEYWARDEN_HTTP_PORT: ' ' })).toBe('')
})

test('the example of every variable is accepted, unless it is abbreviated', () => {
  const examples = names.filter((name) => !variables[name][2].endsWith('...'))
  expect(examples.length).toBeGreaterThan(names.length - 3)
  for (const name of examples) expect(complaint({ ...complete, [name]: variables[name][2] })).toBe('')
})

describe('a wrong value is answered with the name, a reason and an example, and is never repeated', () => {
  const wrong: Partial<Record<Name, string[]>> = {
    DATABASE_URL: ['mysql://k:hunter2@db/k', 'hunter2', 'postgres://k:hun/ter2@db/k'],
    REDIS_URL: [
      'http://:hunter2@cache',
      'redis://:hun/ter2@cache',
      'redis://:hunter2@one:6379,two:6379',
      'redis+sentinel://:hunter2@cache:26379',
      'redis+sentinel://:hun/ter2@cache/main',
      'redis+sentinel://:hunter2@one:x,two/main',
    ],
    SLACK_BOT_TOKEN: ['xoxp-hunter2'],
    SLACK_APP_TOKEN: ['xoxb-hunter2'],
    SLACK_MODE: ['hunter2'],
    SLACK_SIGNING_SECRET: ['hunter2'],
    SLACK_API_URL: ['hunter2'],
    KEYWARDEN_FIRST_OWNER: ['hunter2@acme.example'],
    KEYWARDEN_TIME_ZONE: ['hunter2'],
    KEYWARDEN_TOKEN_PREFIX: ['hunter2hunter2_', 'T_', 'x'],
    KEYWARDEN_HTTP_PORT: ['hunter2', '-1', '65536', '1.5'],
    KEYWARDEN_LOG_LEVEL: ['hunter2'],
  }
  const cases = names.flatMap((name) => (wrong[name] ?? []).map((value) => [name, value] as const))
  test.each(cases)('%s=%s', (name, value) => {
    const lines = complaint({ ...complete, [name]: value }).split('\n')
    expect(lines).toHaveLength(2)
    expect(lines[1]).toMatch(new RegExp(`^${name} is not valid: .+ \\(.+\\)\\. Example: ${name}=.+`))
    const [said] = lines[1]!.split('Example:')
    if (value.length > 3) expect(said).not.toContain(value)
    expect(said).not.toMatch(/hunter2|ter2/)
  })
})

test.each([
  [['bot'], 'socket', ['SLACK_BOT_TOKEN', 'SLACK_APP_TOKEN']],
  [['bot'], 'http', ['SLACK_BOT_TOKEN', 'SLACK_SIGNING_SECRET']],
  [['worker'], 'socket', ['SLACK_BOT_TOKEN']],
  [['verify'], 'socket', []],
])('the role %s in %s mode needs %s, each named when it is missing', (roles, mode, needed) => {
  const said = complaint({ DATABASE_URL: complete.DATABASE_URL, SLACK_MODE: mode }, roles)
  expect([...said.matchAll(/^(\w+) is missing/gm)].map(([, name]) => name)).toEqual(needed)
})

test('everything that is wrong is said at once', () => {
  const said = complaint({ KEYWARDEN_HTTP_PORT: 'x', SLACK_MODE: 'y' })
  for (const name of ['DATABASE_URL', 'SLACK_BOT_TOKEN', 'KEYWARDEN_HTTP_PORT', 'SLACK_MODE'])
    expect(said.match(new RegExp(`^${name} is`, 'gm'))).toHaveLength(1)
})

test.each([
  ['redis+sentinel://one/main', { sentinels: [{ host: 'one', port: 26379 }], name: 'main', db: 0 }],
  [
    'redis+sentinel://kw:a%2Fb%40c@one:1,[::1]:2/main/3?sentinelUsername=s&sentinelPassword=p%26q',
    {
      ...{ username: 'kw', password: 'a/b@c', name: 'main', db: 3 },
      sentinels: [
        { host: 'one', port: 1 },
        { host: '::1', port: 2 },
      ],
      ...{ sentinelUsername: 's', sentinelPassword: 'p&q' },
    },
  ],
  [
    'rediss+sentinel://:secret@one/main',
    {
      ...{ password: 'secret', name: 'main', db: 0, sentinels: [{ host: 'one', port: 26379 }] },
      ...{ tls: {}, sentinelTLS: {}, enableTLSForSentinelMode: true },
    },
  ],
])('REDIS_URL=%s leads to the Sentinels', (url, options) => {
  expect(complaint({ ...complete, REDIS_URL: url })).toBe('')
  expect(sentinelOptions(url)).toEqual(options)
})
