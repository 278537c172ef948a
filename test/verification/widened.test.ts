import pino from 'pino'
import { afterEach, expect, test } from 'vitest'
import { ClosedRoutes } from '../../src/verification/target.ts'
import { type Asking, openAsking } from '../setup/asking.ts'

let asking: Asking | undefined
afterEach(() => asking?.drop())

const exporting = { method: 'POST', path: '/v1/analytics/exports' }

test('a key with analytics makes no export as before, and the log names it once an hour', async () => {
  asking = await openAsking()
  const { token } = await asking.records.key({ name: 'Metrics', scopes: ['analytics'] })
  const reader = await asking.records.key({ name: 'Reader', scopes: ['read'] })
  expect((await asking.ask(token.open(), exporting)).code).toBe('INSUFFICIENT_SCOPE')
  expect((await asking.ask(token.open(), { method: 'GET', path: '/v1/analytics/exports' })).code).toBe(
    'VALID',
  )
  expect((await asking.ask(reader.token.open(), exporting)).code).toBe('INSUFFICIENT_SCOPE')

  const lines: string[] = []
  const closed = new ClosedRoutes(pino({ level: 'info' }, { write: (line) => lines.push(line) }))
  const hour = 3_600_000
  for (const [keyId, atMs] of [
    ['key_a', 0],
    ['key_a', hour - 1],
    ['key_b', 10],
    ['key_a', hour],
  ] as const)
    closed.note(keyId, 'POST /v1/analytics/exports', atMs)
  expect(lines.map((line) => JSON.parse(line))).toMatchObject(
    ['key_a', 'key_b', 'key_a'].map((keyId) => ({
      ...{ event: 'verify.would_be_allowed', keyId, route: 'POST /v1/analytics/exports' },
    })),
  )
})

test('once the operator allows it a key with analytics makes exports, and one with read does not', async () => {
  asking = await openAsking({ KEYWARDEN_ANALYTICS_EXPORTS: 'allow' })
  const { token } = await asking.records.key({ name: 'Metrics', scopes: ['analytics'] })
  const reader = await asking.records.key({ name: 'Reader', scopes: ['read'] })
  expect((await asking.ask(token.open(), exporting)).code).toBe('VALID')
  expect((await asking.ask(reader.token.open(), exporting)).code).toBe('INSUFFICIENT_SCOPE')
  expect((await asking.ask(token.open(), { method: 'POST', path: '/v1/contacts' })).code).toBe(
    'INSUFFICIENT_SCOPE',
  )
})
