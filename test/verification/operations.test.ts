import { expect, onTestFinished, test } from 'vitest'
import { operationsToken } from '../../sandbox/operations.ts'
import { freePort } from '../../sandbox/services/server.ts'
import { openHttp } from '../../src/http/server.ts'
import { openRecords } from '../setup/records.ts'

const details = { late: async () => ['idle-keys is late'], failed: async () => ['1 message failed'] }

async function open(env: Record<string, string>, why?: string) {
  const records = await openRecords({ KEYWARDEN_HTTP_PORT: '0', ...env })
  onTestFinished(() => records.drop())
  const { server } = await openHttp(records.world, { readiness: [async () => why], ...details })
  onTestFinished(() => server.close())
  const address = server.server.address() as { port: number }
  return async (path: string, token?: string, port = address.port) => {
    const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` }
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers })
    const text = await response.text()
    return { status: response.status, body: text.startsWith('{') ? JSON.parse(text) : text }
  }
}

const bare = { status: 200, body: { status: 'ready' } }
const whole = {
  status: 200,
  body: { status: 'ready', late: ['idle-keys is late'], failed: ['1 message failed'] },
}

test('without the token the address says whether it is ready, and nothing else', async () => {
  const ask = await open({})
  for (const token of [undefined, 'wrong', `${operationsToken}x`]) {
    expect(await ask('/readyz', token)).toEqual(bare)
    expect(await ask('/metrics', token)).toMatchObject({ status: 401, body: { error: {} } })
    expect((await ask('/healthz', token)).status).toBe(200)
  }
  expect(await ask('/readyz', operationsToken)).toEqual(whole)
  expect((await ask('/metrics', operationsToken)).body).toContain('keywarden_process_cpu')
})

test('why it is not ready is for the operator alone', async () => {
  const ask = await open({}, 'connect ECONNREFUSED 10.1.2.3:5432')
  expect(await ask('/readyz')).toEqual({ status: 503, body: { status: 'not ready' } })
  expect((await ask('/readyz', operationsToken)).body.reasons).toEqual(['connect ECONNREFUSED 10.1.2.3:5432'])
})

test('where nothing is configured, nobody reads metrics', async () => {
  const ask = await open({ KEYWARDEN_OPERATIONS_TOKEN: '' })
  for (const token of [undefined, 'undefined', operationsToken]) {
    expect((await ask('/metrics', token)).status).toBe(401)
    expect(await ask('/readyz', token)).toEqual(bare)
  }
})

test('with an operations port, metrics and details are there alone, and need no token', async () => {
  const port = await freePort()
  const ask = await open({ KEYWARDEN_OPERATIONS_PORT: String(port) })
  for (const token of [undefined, operationsToken]) {
    expect((await ask('/metrics', token)).status).toBe(404)
    expect(await ask('/readyz', token)).toEqual(bare)
  }
  expect(await ask('/readyz', undefined, port)).toEqual(whole)
  expect((await ask('/metrics', undefined, port)).body).toContain('keywarden_process_cpu')
  expect((await ask('/openapi.json', undefined, port)).status).toBe(404)
})
