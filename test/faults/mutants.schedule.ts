import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type PostgresServer, startPostgres } from '../../sandbox/services/postgres.ts'
import { startStandby } from '../../sandbox/services/standby.ts'
import { administer, databaseUrl } from '../setup/administer.ts'
import { copyOfProduct, type Edit } from './lab/copy.ts'
import { openLab, until } from './lab/lab.ts'
import { longTimeouts, mutants } from './lab/mutants.ts'
import type { Scenario } from './lab/scenarios.ts'

vi.setConfig({ testTimeout: 240_000 })

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres({ durable: false, own: true })
})
afterAll(() => server.stop())

/** Plays a schedule against a copy of the product with edits. */
async function play(scenario: Scenario, edits: Edit[]): Promise<string[]> {
  const copy = await copyOfProduct([...longTimeouts, ...edits])
  const name = `lab_${randomBytes(6).toString('hex')}`
  await administer(server.url, `create database ${name}`)
  const url = databaseUrl(server.url, name)
  const bringsSchema = edits.some(({ file }) => file.startsWith('schema/'))
  const lab = await openLab(
    url,
    bringsSchema ? async () => void (await migrateWith(copy.folder, url)) : undefined,
  )
  const closing: (() => Promise<void>)[] = []
  try {
    return await scenario({
      lab,
      place: (lease) => lab.place({ KEYWARDEN_LEASE: lease }, copy.main),
      shell: (...given) => shell(copy.main, ...given),
      async lateStandby() {
        const standby = await startStandby(server)
        closing.push(standby.stop)
        const [at] = await administer(server.url, 'select pg_current_wal_insert_lsn()::text as lsn')
        const has = 'select pg_last_wal_replay_lsn() >= $1::pg_lsn as is_there'
        await until(async () => (await administer(standby.url, has, [at!.lsn]))[0]!.is_there)
        await administer(standby.url, 'select pg_wal_replay_pause()')
        return databaseUrl(standby.url, name)
      },
    })
  } finally {
    for (const close of closing) await close()
    await lab.close()
    await administer(server.url, `drop database ${name} with (force)`)
    await copy.remove()
  }
}

async function shell(main: string, url: string, ...args: string[]): Promise<number | null> {
  const env = { PATH: process.env.PATH, DATABASE_URL: url }
  const [code] = await once(spawn(process.execPath, [main, ...args], { env, stdio: 'ignore' }), 'exit')
  return code
}

/** Not synchronously: the cables of the schedules beside this one run in this process too. */
const migrateWith = (folder: string, url: string) =>
  promisify(execFile)(process.execPath, ['--import', 'tsx', 'src/main.ts', 'migrate'], {
    cwd: folder,
    env: { PATH: process.env.PATH, DATABASE_URL: url },
  })

const schedules = new Map(mutants.map(({ shownBy, name }) => [shownBy, name]))

describe.concurrent('on every schedule the product refuses the key after the confirmation', () => {
  for (const [scenario, mutant] of schedules)
    test(`where it matters that ${mutant}`, async () => {
      const verdicts = await play(scenario, [])
      expect(verdicts.length).toBeGreaterThan(0)
      expect(verdicts).not.toContain('VALID')
    })
})

describe.concurrent('and the schedule can tell: the key is accepted when', () => {
  for (const { name, edits, shownBy } of mutants)
    test(name, async () => {
      expect(await play(shownBy, edits)).toContain('VALID')
    })
})
