import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { openDatabase } from '../../src/foundation/database.ts'
import { isOutage } from '../../src/foundation/outage.ts'

/** A cable to Postgres that can be cut so that neither side hears of it. */
const ends = new Set<Socket>()
let isCut = false
const cable = createServer((near) => {
  const { hostname, port } = new URL(inject('serverUrl'))
  const far = connect(Number(port) || 5432, hostname)
  for (const [from, to] of [
    [near, far],
    [far, near],
  ] as const) {
    ends.add(from)
    from.on('error', () => to.destroy())
    from.on('close', () => to.destroy())
    from.on('data', (bytes) => void (isCut || to.write(bytes)))
  }
})

let url: string
beforeAll(async () => {
  cable.listen(0, '127.0.0.1')
  await once(cable, 'listening')
  const throughCable = new URL(inject('serverUrl'))
  throughCable.hostname = '127.0.0.1'
  throughCable.port = String((cable.address() as AddressInfo).port)
  url = throughCable.href
})
afterAll(async () => {
  for (const end of ends) end.destroy()
  cable.close()
  await once(cable, 'close')
})

test('a database that falls silent counts as out after a while, and is asked again once it can be heard', async () => {
  const db = openDatabase(url, { connections: 2, silenceMs: 2_000 })
  expect((await db.raw('select 1 as one')).rows).toEqual([{ one: 1 }])
  isCut = true
  const asked = performance.now()
  const errors = await Promise.all([1, 2].map(() => db.raw('select 2').catch((error: unknown) => error)))
  expect(performance.now() - asked).toBeLessThan(20_000)
  expect(errors.map(isOutage)).toEqual([true, true])
  isCut = false
  expect((await db.raw('select 3 as three')).rows).toEqual([{ three: 3 }])
  await db.destroy()
})

test('a connection that rests for long is replaced, and nobody notices', async () => {
  const db = openDatabase(url, { connections: 1, silenceMs: 2_000 })
  const pid = async () => (await db.raw('select pg_backend_pid() as pid')).rows[0].pid
  const first = await pid()
  await expect.poll(async () => (await pid()) !== first, { interval: 2_500, timeout: 40_000 }).toBe(true)
  await db.destroy()
})
