import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { person } from 'local-slack/person'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { timetable } from '../../jobs/timetable.ts'
import { type House, openHouse } from '../../sandbox/house.ts'
import { type PostgresServer, startPostgres } from '../../sandbox/services/postgres.ts'
import { migrateDatabase } from '../../src/cli/migrate.ts'
import { readConfig } from '../../src/foundation/config.ts'
import { callPlatform, counted, makeKey, openDialog, people, said, submitAndSee } from '../setup/house.ts'
import { freshRedis } from '../setup/redis.ts'
import { shell } from '../setup/shell.ts'
import { type TwoRoles, twoRoles } from '../setup/two-roles.ts'
import { postgres15 } from './programs.ts'

describe.skipIf(!postgres15)('on PostgreSQL 15, the oldest that is supported', () => {
  let postgres: PostgresServer
  let roles: TwoRoles
  let redis: Awaited<ReturnType<typeof freshRedis>>
  let folder: string
  let env: Record<string, string>
  let house: House
  beforeAll(async () => {
    postgres = await startPostgres({ programs: postgres15, durable: false })
    roles = await twoRoles(postgres.url)
    redis = await freshRedis()
    folder = await mkdtemp(join(tmpdir(), 'keywarden-postgres15-'))
    env = { DATABASE_URL: roles.appUrl, KEYWARDEN_AUDIT_CHECKPOINTS: join(folder, 'checkpoints.jsonl') }
    expect(await migrateDatabase(readConfig({ ...env, DATABASE_OWNER_URL: roles.ownerUrl }))).toBe(0)
    house = await openHouse({ databaseUrl: roles.appUrl, redisUrl: redis.url, env })
  })
  afterAll(async () => {
    await house?.close()
    await postgres?.stop()
    await redis?.drop()
    if (folder) await rm(folder, { recursive: true })
  })

  const owner = () => person(house.slack.url, people.owner)

  test('a key is made, shown, accepted, counted, and refused once its revoke is confirmed', async () => {
    const { rows } = await house.world.db.raw('show server_version_num')
    expect(rows[0].server_version_num).toMatch(/^15\d{4}$/)

    const token = await makeKey(owner(), { name: 'Salesforce CRM' })
    expect(await callPlatform(house, token)).toBe(200)
    await house.keywarden.flush()
    await counted(house, 1)

    const dialog = await openDialog(owner(), 'revoke Salesforce CRM')
    const receipt = await submitAndSee(owner(), dialog, { confirm: 'Salesforce CRM' })
    expect(said(receipt.blocks)).toMatch(/1 of 1 server confirmed in [\d.]+ m?s/)
    expect(await callPlatform(house, token)).toBe(401)
    await owner().close(receipt.id)
  })

  test('a key is rotated, its owner is offboarded, and nothing of theirs is accepted', async () => {
    const token = await makeKey(owner(), { name: 'Billing Export' })
    expect(await callPlatform(house, token)).toBe(200)
    const rotate = await openDialog(owner(), 'rotate Billing Export')
    await owner().close((await submitAndSee(owner(), rotate, {})).id)
    expect(await house.world.db('rotations').pluck('ended_at')).toEqual([null])

    const left = await shell(['offboard', people.owner, '--mode', 'revoke'], env)
    expect(left).toMatchObject({ code: 0 })
    expect(await callPlatform(house, token)).toBe(401)
  })

  test('every job of the timetable runs, today and a day later', async () => {
    await house.keywarden.runTimetable()
    house.calendar.advance({ days: 1, minutes: 0 })
    await house.keywarden.runTimetable()
    const runs = await house.world.db('job_runs').whereNotNull('finished_at').whereNull('error').pluck('job')
    expect(runs.sort()).toEqual(timetable.map(({ name }) => name).sort())
    const summed = await house.world
      .db('usage_days')
      .where({ source: 'verify' })
      .sum({ requests: 'requests' })
    expect(summed).toEqual([{ requests: '4' }])
  })

  test('the audit verifies, and doctor has nothing to say against the database', async () => {
    const verified = await shell(['audit', 'verify'], env)
    expect(verified).toMatchObject({ code: 0, err: '' })
    expect(verified.out).toContain('Intact.')
    const { out } = await shell(['doctor'], { ...env, REDIS_URL: redis.url })
    const said = out.split('\n').filter((line) => /Postgres|audit/i.test(line))
    expect(said.join('\n')).toMatch(/version 15/)
    expect(said.filter((line) => line.startsWith('FAIL'))).toEqual([])
  })
})
