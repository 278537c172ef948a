import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type FreshDatabase, freshDatabase } from '../setup/database.ts'
import { makeKey, openDialog, submit } from '../setup/house.ts'
import { type ProcessHouse, processHouse } from '../setup/process-house.ts'
import { freshRedis } from '../setup/redis.ts'

let database: FreshDatabase
let redis: Awaited<ReturnType<typeof freshRedis>>
let house: ProcessHouse
const agent = new Agent({ keepAlive: true, maxSockets: 1 })
beforeAll(async () => {
  ;[database, redis] = await Promise.all([freshDatabase(), freshRedis()])
  house = await processHouse({ databaseUrl: database.url, redisUrl: redis.url }, { KEYWARDEN_DRAIN: '15s' })
})
afterAll(async () => {
  agent.destroy()
  await house?.stop()
  await Promise.all([database.drop(), redis.drop()])
})

/** On a connection that was used before, as a proxy asks. */
async function ask(path: string): Promise<{ status?: number; connection?: string }> {
  const [answer] = (await once(request(house.url + path, { agent }).end(), 'response')) as [IncomingMessage]
  answer.resume()
  await once(answer, 'end')
  return { status: answer.statusCode, connection: answer.headers.connection }
}

test('SIGTERM is told at /readyz first, and until the drain is over everything is served', async () => {
  const manager = house.as('manager')
  const key = await makeKey(manager, { name: 'Salesforce CRM' })
  expect(await ask('/readyz')).toEqual({ status: 200, connection: 'keep-alive' })

  house.process.child.kill('SIGTERM')
  await expect.poll(async () => (await ask('/readyz')).status).toBe(503)
  expect(await ask('/healthz')).toEqual({ status: 200, connection: 'close' })
  expect(await house.verify(key)).toMatchObject({ status: 200, code: 'VALID' })
})

test('what Slack sent before the end of the drain is acknowledged on its connection before that is closed', async () => {
  const manager = house.as('manager')
  const dialog = await openDialog(manager, 'deactivate Salesforce CRM')
  const other = await house.world.db.transaction()
  await other.raw('lock table members in access exclusive mode')
  // The socket of the server is closed when the parts are asked to stop.
  const submitted = submit(manager, dialog, {})
  await expect
    .poll(() => fetch(`${house.url}/healthz`).catch(() => 'closed'), { timeout: 40_000 })
    .toBe('closed')
  await other.commit()
  expect(await submitted).toMatchObject({ ok: true })
  expect(await house.process.ended).toBe(0)
  expect(house.process.errors()).toBe('')
})
