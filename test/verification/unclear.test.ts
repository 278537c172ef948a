import pino from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fetchOperations } from '../../sandbox/operations.ts'
import { readTarget, UnclearRequests } from '../../src/verification/target.ts'
import { type Asking, openAsking } from '../setup/asking.ts'

let asking: Asking
beforeAll(async () => {
  asking = await openAsking({ KEYWARDEN_UNCLEAR_PATHS: 'log' })
})
afterAll(() => asking.drop())

test('where unclear paths are only logged, a key may what it could before', async () => {
  const { token } = await asking.records.key({ name: 'Before', scopes: ['agents'] })
  const ask = async (path: string, method = 'POST') => (await asking.ask(token.open(), { method, path })).code
  expect(await ask('/v1/contacts/../agents')).toBe('VALID')
  expect(await ask('/v1/agents#/../contacts')).toBe('VALID')
  expect(await ask('//v1/agents')).toBe('VALID')
  expect(await ask('/v1/agents/../contacts')).toBe('INSUFFICIENT_SCOPE')
  // What was never matched is not let in by it, nor is a method guessed.
  expect(await ask('/v1/agents%2fx')).toBe('UNCLEAR_PATH')
  expect(await ask('/v1/agents', '')).toBe('UNCLEAR_METHOD')
  const counted = Object.fromEntries(asking.verifier.unclear)
  expect(counted).toMatchObject({ dot_segment: 1, fragment: 1, empty_segment: 1, escape: 1 })
  const metrics = await (await fetchOperations(`${asking.url}/metrics`)).text()
  expect(metrics).toContain('\nkeywarden_unclear_paths_total{why="dot_segment"} 1\n')
})

test('the log has one line per key and hour, and never the path', () => {
  const lines: string[] = []
  const unclear = new UnclearRequests(pino({ level: 'info' }, { write: (line) => lines.push(line) }))
  const hour = 3_600_000
  for (const [keyId, atMs] of [
    ['key_a', 0],
    ['key_a', hour - 1],
    ['key_b', 10],
    ['key_a', hour],
  ] as const)
    unclear.note(keyId, 'dot_segment', false, atMs)
  expect(lines.map((line) => JSON.parse(line))).toMatchObject(
    ['key_a', 'key_b', 'key_a'].map((keyId) => ({
      ...{ event: 'verify.unclear_path', keyId, why: 'dot_segment', refused: false },
    })),
  )
  expect(unclear.counts.get('dot_segment')).toBe(4)
})

test('without a method or a path there is no route', () => {
  const routes = { routes: [], find: () => ({ name: 'any', anyScope: 1 }) }
  for (const mode of ['refuse', 'log'] as const) {
    expect(readTarget(routes, mode, undefined, '/')).toEqual({ unclear: 'UNCLEAR_METHOD' })
    expect(readTarget(routes, mode, 'GET', '')).toEqual({ unclear: 'UNCLEAR_PATH', why: 'no_path' })
  }
})
