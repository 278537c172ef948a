import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { openLog } from '../../src/foundation/log.ts'
import { systemRandom } from '../../src/foundation/random.ts'
import { scrubber } from '../../src/foundation/scrub.ts'
import { generateToken } from '../../src/keys/token.ts'

const secret = generateToken('tml_', systemRandom).open()
const body = secret.slice('tml_'.length)

/** A line as a log that writes everything writes it. */
function written(write: (log: ReturnType<typeof openLog>) => void): string {
  const lines: string[] = []
  write(openLog({ level: 'debug', tokenPrefix: 'tml_', destination: { write: (line) => lines.push(line) } }))
  expect(lines).toHaveLength(1)
  expect(() => JSON.parse(lines[0]!)).not.toThrow()
  return lines[0]!
}

/** More of a token than its hint shows: any eight characters behind the first four. */
function leaks(text: string): boolean {
  const windows = Array.from({ length: body.length - 12 }, (_, i) => body.slice(4 + i, 12 + i))
  return windows.some((part) => text.includes(part))
}

describe('a log line keeps no more of a token than its hint', () => {
  const error = new Error(`duplicate key ${secret}`)
  const cases: Record<string, (log: ReturnType<typeof openLog>) => void> = {
    'in the message': (log) => log.info(`made ${secret} for you`),
    'in a field': (log) => log.info({ said: secret }, 'made'),
    'deep in a field': (log) => log.info({ a: { b: [{ c: { d: `x${secret}y` } }] } }, 'made'),
    'in an error': (log) => log.error(error),
    'in a stack': (log) => log.error({ error: error.stack }, 'failed'),
    'in an error below an error': (log) => log.error({ err: new Error('outer', { cause: error }) }, 'failed'),
    'in a URL': (log) => log.info({ url: `https://api.example/v1?key=${secret}&page=2` }, 'called'),
    'in a child log': (log) => log.child({ presented: secret }).info('called'),
    'in JSON within a string': (log) => log.info({ body: JSON.stringify({ key: secret }) }, 'called'),
    'in what inspect makes of an object': (log) => log.info(inspect({ key: { full: secret } })),
    'cut behind its prefix': (log) => log.info({ prefix: 'tml_', rest: body }, 'made'),
    'cut in the middle': (log) => log.info({ first: secret.slice(0, 18), second: secret.slice(18) }, 'made'),
  }
  test.each(Object.entries(cases))('%s', (_where, write) => {
    const line = written(write)
    expect(leaks(line)).toBe(false)
    expect(line).not.toContain(body)
  })

  test('and the hint stays, so that the line says which key it was', () => {
    expect(written((log) => log.info(`made ${secret}`))).toContain(`made ${secret.slice(0, 8)}...`)
  })
})

describe('no other credential gets out', () => {
  const scrub = scrubber('tml_')
  test.each([
    ['a bot token', 'xoxb-1234-5678-abcdefGHIJ', '5678'],
    ['a rotated token', 'xoxe.xoxb-1-Mi0yLTE2', 'Mi0yLTE2'],
    ['an app token', 'xapp-1-A012-345-abcdef', '345'],
    ['a service token', 'kws_0a1b2c3d4e5f6g7h', '2c3d'],
    ['a database URL', 'postgres://keywarden:hunter2@db:5432/k', 'hunter2'],
    ['a database URL with an @ in its password', 'postgresql://k:hunt@er/2@db/k', 'er/2'],
    ['a Redis URL without a name', 'rediss://:hunter2@cache:6379', 'hunter2'],
    ['a proxy URL', 'http://me:hunter2@proxy:3128/', 'hunter2'],
    ['a connection string', 'host=db user=k password=hunter2 dbname=k', 'hunter2'],
    ['a header', 'authorization: Bearer eyJhbGciOi.J9.abc', 'eyJ'],
    ['a response URL', 'https://hooks.slack.com/commands/T01/2/aBc', 'aBc'],
    ['a field by its name', '{"a":{"signingSecret":"8f74"}}', '8f74'],
    ['a field with quotes in it', '{"password":"a\\"8f74","b":1}', '8f74'],
    ['a field in quoted JSON', '{"body":"{\\"token\\":\\"8f74\\"}"}', '8f74'],
  ])('%s', (_what, text, part) => {
    expect(text).toContain(part)
    expect(scrub(text)).not.toContain(part)
  })

  test('a scrubbed line of JSON is still JSON', () => {
    const line = JSON.stringify({
      url: 'redis://:a@b@c',
      nested: JSON.stringify({ token: 'x"y' }),
      token: 'z',
    })
    expect(JSON.parse(scrub(line))).toEqual({
      url: 'redis://:...@c',
      nested: expect.stringContaining('...'),
      token: '...',
    })
  })

  test('what is no secret stays as it is', () => {
    const innocent = JSON.stringify({
      level: 'info',
      time: '2027-03-01T09:12:00.000Z',
      actor: 'member:U0BRUNO002',
      keyId: 'key_7f3kq0m2c9x1r5t8b4n6',
      hint: 'tml_Ab3d...',
      hash: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
      url: 'http://127.0.0.1:8080/slack/events?page=2&mail=a@b.example',
      stack: 'Error: no\n    at readDraft (file:///app/dist/src/keys/issue.js:41:9)',
      job: 'expiring-keys',
    })
    expect(scrub(innocent)).toBe(innocent)
  })
})
