import { afterEach, beforeEach, expect, test } from 'vitest'
import { readConfig } from '../../src/foundation/config.ts'
import { openDatabase } from '../../src/foundation/database.ts'
import {
  type DedicatedConnection,
  openDedicatedConnection,
} from '../../src/foundation/dedicated-connection.ts'
import { openLog } from '../../src/foundation/log.ts'
import { acknowledge } from '../../src/leases/changes.ts'
import { renew } from '../../src/leases/renew.ts'
import { resolveChanges } from '../../src/leases/resolve-changes.ts'
import { openWatcher } from '../../src/leases/watcher.ts'
import { type FreshDatabase, freshDatabase } from '../setup/database.ts'
import { openCable } from './lab/cable.ts'
import { type Lab, openLab } from './lab/lab.ts'

const clock = { now: () => new Date() }
let database: FreshDatabase
let lab: Lab
/** the connection of a verifier that does what a test says */
let verifier: DedicatedConnection
let seq: number
beforeEach(async () => {
  database = await freshDatabase()
  lab = await openLab(database.url, async () => {})
  verifier = openDedicatedConnection(database.url, { name: 'verifier', timeoutMs: 60_000 })
  await renew(verifier, { id: 'inc_a', name: 'a', ttlMs: 60_000 }, 0, true)
  seq = await lab.revoke(...(await lab.keys(1)))
})
afterEach(async () => {
  await verifier.close()
  await lab.close()
  await database.drop()
})

test('what is acknowledged after a look needs no other look to be confirmed', async () => {
  const cable = await openCable(database.url)
  const db = openDatabase(database.url, { connections: 1 })
  const config = readConfig({ DATABASE_URL: cable.url })
  const watcher = openWatcher({ db, config, clock, log: openLog({ level: 'silent', tokenPrefix: 'tml_' }) })
  const looking = cable.hold('leases', 'reply')
  const receipt = watcher.confirm(seq, 60_000)
  await looking.reached
  expect(await acknowledge(verifier, 'inc_a', seq)).toBe(true)
  // A second check would wait here until the wait was over.
  cable.hold('leases', 'request')
  looking.release()
  expect(await receipt).toMatchObject({
    state: 'confirmed',
    seq,
    confirmed: ['a'],
    renewed: [],
    waitedOut: [],
  })
  await watcher.close()
  await db.destroy()
  await cable.close()
})

test('a connection whose server is slow is not asked more while a question waits behind another', async () => {
  const warned: string[] = []
  const hear = ({ message }: Error) => void warned.push(message)
  process.on('warning', hear)
  const cable = await openCable(database.url)
  const db = openDatabase(database.url, { connections: 1 })
  const config = readConfig({ DATABASE_URL: cable.url })
  const watcher = openWatcher({ db, config, clock, log: openLog({ level: 'silent', tokenPrefix: 'tml_' }) })
  const sweeping = cable.hold('orphans', 'reply')
  await sweeping.reached
  // The reading of the leases waits behind the sweep, and the next sweeps are due meanwhile.
  expect((await watcher.confirm(seq, 2_500)).state).not.toBe('confirmed')
  process.off('warning', hear)
  expect(warned.filter((message) => message.includes('already executing'))).toEqual([])
  await watcher.close()
  await db.destroy()
  await cable.close()
})

test('a database that recovered after the leases were looked at confirms nothing by that look', async () => {
  const evidence = { confirmed: ['a'], renewed: [], waitedOut: [] }
  const confirmedAt = async () => {
    const { rows } = await lab.sql.query('select confirmed_at from changes where seq = $1', [seq])
    return rows[0].confirmed_at
  }
  await expect(resolveChanges(verifier, clock, { seq, epoch: 'of before', evidence })).rejects.toThrow(
    'recovered',
  )
  expect(await confirmedAt()).toBeNull()
  const { rows } = await lab.sql.query('select current_epoch() as epoch')
  const receipts = await resolveChanges(verifier, clock, { seq, epoch: rows[0].epoch, evidence })
  expect(receipts.get(seq)).toMatchObject({ state: 'confirmed', ...evidence })
  expect(await confirmedAt()).toEqual(expect.any(Date))
})
