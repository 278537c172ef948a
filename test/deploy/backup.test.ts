import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { person } from 'local-slack/person'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type House, openHouse } from '../../sandbox/house.ts'
import { type PostgresServer, startPostgres } from '../../sandbox/services/postgres.ts'
import { migrateDatabase } from '../../src/cli/migrate.ts'
import { readConfig } from '../../src/foundation/config.ts'
import { openHttp } from '../../src/http/server.ts'
import { openVerifier } from '../../src/verification/verifier.ts'
import { postgres15 } from '../postgres15/programs.ts'
import { administer } from '../setup/administer.ts'
import { callPlatform, makeKey, people } from '../setup/house.ts'
import { freshRedis } from '../setup/redis.ts'
import { keywarden } from '../setup/shell.ts'
import { type TwoRoles, twoRoles } from '../setup/two-roles.ts'

const deploy = fileURLToPath(new URL('../../deploy/', import.meta.url))

// The programs that dump must not be older than the server, and Debian 12 has those of 15.
describe.skipIf(!postgres15)('a backup of PostgreSQL 15', () => {
  const folder = mkdtempSync(join(tmpdir(), 'keywarden-backup-'))
  let postgres: PostgresServer
  let old: TwoRoles
  let restored: TwoRoles
  let redis: Awaited<ReturnType<typeof freshRedis>>
  let house: House
  let file: string
  let kept: string
  let revokedLater: string

  beforeAll(async () => {
    postgres = await startPostgres({ programs: postgres15, durable: false })
    ;[old, restored, redis] = await Promise.all([
      twoRoles(postgres.url),
      twoRoles(postgres.url),
      freshRedis(),
    ])
    expect(await migrateDatabase(readConfig(urls(old)))).toBe(0)
    house = await openHouse({ databaseUrl: old.appUrl, redisUrl: redis.url })
    const owner = person(house.slack.url, people.owner)
    kept = await makeKey(owner, { name: 'Salesforce CRM' })
    revokedLater = await makeKey(owner, { name: 'Billing Export' })
    for (const token of [kept, revokedLater]) expect(await callPlatform(house, token)).toBe(200)
  }, 120_000)
  afterAll(async () => {
    await house?.close()
    await postgres?.stop()
    await redis?.drop()
    rmSync(folder, { recursive: true })
  })

  const urls = ({ appUrl, ownerUrl }: TwoRoles) => ({ DATABASE_URL: appUrl, DATABASE_OWNER_URL: ownerUrl })

  const run = (script: string, argument: string, of: TwoRoles) => {
    const { status, stdout, stderr } = spawnSync(`${deploy}${script}`, [argument], {
      encoding: 'utf8',
      env: { PATH: `${dirname(postgres15!.postgres)}:${process.env.PATH}`, DATABASE_OWNER_URL: of.ownerUrl },
    })
    return { status, stdout, stderr }
  }
  const tablesIn = async (of: TwoRoles) =>
    (
      await administer(
        of.ownerUrl,
        `select relname from pg_class where relnamespace = 'public'::regnamespace`,
      )
    ).length
  const epochIn = async (of: TwoRoles) => (await administer(of.ownerUrl, 'select id from epoch'))[0]?.id

  test('is one file that only its owner may read', () => {
    const { status, stdout, stderr } = run('backup.sh', folder, old)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    file = stdout.trim()
    expect(readdirSync(folder).map((name) => join(folder, name))).toEqual([file])
    expect(statSync(file).mode & 0o777).toBe(0o600)
  })

  test('that fails leaves no file behind', () => {
    const nowhere = { ...old, ownerUrl: 'postgres://keywarden@127.0.0.1:9/keywarden' }
    expect(run('backup.sh', folder, nowhere).status).not.toBe(0)
    expect(readdirSync(folder)).toHaveLength(1)
  })

  test('is not restored over a database in use, nor in part from a file that is cut off', async () => {
    const before = await tablesIn(old)
    expect(run('restore.sh', file, old)).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(
        /^This database has \d+ tables\. Restore into an empty one: create database .+;\n$/,
      ),
    })
    expect(await tablesIn(old)).toBe(before)
    const broken = join(folder, 'broken.dump')
    writeFileSync(broken, 'PGDMP')
    expect(run('restore.sh', broken, restored).status).not.toBe(0)
    expect(await tablesIn(restored)).toBe(0)
    expect(run('restore.sh', join(folder, 'none'), restored)).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/cannot be read\. Give the file that backup\.sh wrote\.\n$/),
    })
  })

  test('is restored into a new database, where keys are good again, in a new epoch, and a revoke is confirmed', async () => {
    const before = await epochIn(old)
    expect(before).toBeDefined()
    const revoke = (of: TwoRoles, name: string) => keywarden(['keys', 'revoke', name, '--yes'], urls(of))
    expect(await revoke(old, 'Billing Export')).toMatchObject({ code: 0 })
    expect(await callPlatform(house, revokedLater)).toBe(401)

    expect(run('restore.sh', file, restored)).toMatchObject({ status: 0, stderr: '' })
    expect(await epochIn(restored)).toBeUndefined()
    expect(await migrateDatabase(readConfig(urls(restored)))).toBe(0)

    const config = readConfig({ ...urls(restored), KEYWARDEN_HTTP_PORT: '0', KEYWARDEN_LEASE: '1s' })
    const world = { ...house.world, config }
    const verifier = await openVerifier(world)
    const { server } = await openHttp(world, { verifier, readiness: [] })
    const ask = async (key: string) => {
      const { port } = server.server.address() as AddressInfo
      const answer = await fetch(`http://127.0.0.1:${port}/v1/verify`, {
        method: 'POST',
        headers: { authorization: `Bearer ${house.serviceToken}`, 'content-type': 'application/json' },
        body: JSON.stringify({ key }),
      })
      return ((await answer.json()) as { code: string }).code
    }
    try {
      expect(await callPlatform(house, kept)).toBe(200)
      expect(await ask(kept)).toBe('VALID')
      // As docs/revocation.md warns: the dump is from before.
      expect(await ask(revokedLater)).toBe('VALID')
      expect(await epochIn(restored)).not.toBe(before)
      const receipt = await revoke(restored, 'Billing Export')
      expect(receipt).toMatchObject({
        code: 0,
        out: expect.stringContaining(
          '1 server confirmed; verifiers before the database recovered did not answer',
        ),
      })
      expect(await ask(revokedLater)).not.toBe('VALID')
      expect(await ask(kept)).toBe('VALID')
      expect(await keywarden(['audit', 'verify'], urls(restored))).toMatchObject({ code: 0 })
    } finally {
      await server.close()
      await verifier.stop()
    }
  })
})

test('the script that makes the roles of a new PostgreSQL makes them so that migrate works', async () => {
  const server = await startPostgres({ own: true, durable: false })
  try {
    const { hostname, port, password } = new URL(server.url)
    const { status, stderr } = spawnSync(`${deploy}postgres/roles.sh`, {
      encoding: 'utf8',
      env: {
        ...{ PATH: process.env.PATH, PGHOST: hostname, PGPORT: port, PGPASSWORD: password },
        ...{ KEYWARDEN_DB_OWNER_PASSWORD: "one's secret", KEYWARDEN_DB_PASSWORD: 'another' },
      },
    })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    const url = (user: string, secret: string) =>
      `postgres://${user}:${encodeURIComponent(secret)}@${hostname}:${port}/keywarden`
    const env = {
      DATABASE_URL: url('keywarden', 'another'),
      DATABASE_OWNER_URL: url('keywarden_owner', "one's secret"),
    }
    expect(await migrateDatabase(readConfig(env))).toBe(0)
  } finally {
    await server.stop()
  }
})
