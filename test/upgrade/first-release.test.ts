import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { openDatabase } from '../../src/foundation/database.ts'
import { isExpand, migrate, pendingMigrations } from '../../src/foundation/migrate.ts'
import { type Lab, openLab, type Placed } from '../faults/lab/lab.ts'
import type { LabKey } from '../faults/lab/seed.ts'
import { administer, databaseUrl } from '../setup/administer.ts'
import { type BuiltRelease, buildRelease, isInHistory, releases } from './release.ts'

const [first] = releases
/** Long enough that none runs out on a busy machine: a 503 is the migration's doing. */
const lease = { KEYWARDEN_LEASE: '20s' }
const isHere = first !== undefined && isInHistory(first)
if (!isHere)
  console.warn(
    'This checkout has not the commit of the first release: its code is not tried. git fetch --unshallow',
  )

test('RELEASES names the first release', () => {
  expect(first?.version).toBe('0.1.0')
})

describe.skipIf(!isHere)('the first release, while its database is migrated to that of today', () => {
  const name = `${inject('databasePrefix')}${randomBytes(6).toString('hex')}`
  const url = databaseUrl(inject('serverUrl'), name)
  let old: BuiltRelease
  let lab: Lab
  const placed: Placed[] = []
  const wrong: string[] = []
  let asked = 0
  let ending = false
  let loads: Promise<void>[] = []

  beforeAll(async () => {
    old = await buildRelease(first!)
    await administer(inject('serverUrl'), `create database ${name}`)
    lab = await openLab(url, async () => {
      const { code, said } = await old.run(['migrate'], { DATABASE_URL: url })
      if (code !== 0) throw new Error(said)
    })
    placed.push(await lab.place(lease, old.main), await lab.place(lease, old.main))
  }, 240_000)
  afterAll(async () => {
    ending = true
    await Promise.all(loads)
    await lab?.close()
    old?.remove()
    await administer(inject('serverUrl'), `drop database if exists ${name} with (force)`)
  })

  async function load(one: Placed, keys: LabKey[]): Promise<void> {
    for (let n = 0; !ending; n++) {
      const answer = await one.ask(keys[n % keys.length]!)
      asked++
      if (answer !== 'VALID') wrong.push(answer)
    }
  }

  test('answers every verify, can be started again on it and beside the version of today, and learns of a revoke', async () => {
    const keys = await lab.keys(20)
    const [doomed] = await lab.keys(1)
    loads = placed.map((one) => load(one, keys))
    await expect.poll(() => asked).toBeGreaterThan(20)

    const ran = await migrate(url)
    expect(ran.filter((step) => /^\d{4}_/.test(step)).every(isExpand)).toBe(true)
    expect(ran).toContain('0002_expand_usage_sink')
    const today = openDatabase(url, { connections: 1 })
    expect(await pendingMigrations(today)).toEqual([])
    await today.destroy()
    const before = asked
    await expect.poll(() => asked).toBeGreaterThan(before + 20)

    // What the newer version added works for what the older one counts.
    await lab.sql.query(`insert into usage_sinks (name, since) values ('http', now())`)
    await expect
      .poll(async () => (await lab.sql.query('select from usage_leaving')).rows.length, { timeout: 30_000 })
      .toBeGreaterThan(0)

    // Back to it: migrate leaves the database as it is, and it starts.
    const migrated = await old.run(['migrate'], { DATABASE_URL: url })
    expect(migrated).toMatchObject({ code: 0 })
    const again = await lab.place(lease, old.main)
    const newer = await lab.place(lease)
    const all = [...placed, again, newer]
    for (const one of all) expect(await one.ask(doomed!)).toBe('VALID')
    await lab.confirm(await lab.revoke(doomed!))
    for (const one of all) expect(await one.ask(doomed!)).toBe('REVOKED')
    const names = await lab.sql.query('select name from knex_migrations order by id')
    expect(names.rows.map((row) => row.name)).toContain('0002_expand_usage_sink')

    ending = true
    await Promise.all(loads)
    expect(wrong).toEqual([])
    for (const { process } of all) expect(await process.end()).toBe(0)
  }, 240_000)
})
