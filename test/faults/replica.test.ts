import { afterAll, beforeAll, expect, test } from 'vitest'
import { type PostgresServer, startPostgres } from '../../sandbox/services/postgres.ts'
import { startStandby } from '../../sandbox/services/standby.ts'
import { administer } from '../setup/administer.ts'
import { shell } from '../setup/shell.ts'
import { type Lab, openLab } from './lab/lab.ts'

let primary: PostgresServer
let standby: PostgresServer
let lab: Lab
beforeAll(async () => {
  primary = await startPostgres({ own: true, durable: false })
  lab = await openLab(primary.url)
  standby = await startStandby(primary)
}, 180_000)
afterAll(async () => {
  await lab?.close()
  await Promise.all([standby?.stop(), primary?.stop()])
})

const soon = { timeout: 30_000, interval: 50 }
const env = () => ({ DATABASE_URL: primary.url, DATABASE_READ_URL: standby.url })

/** Seven requests of a key, just now. */
const used = (
  key: string,
) => `insert into usage_endpoints (name) values ('GET /${key}') on conflict do nothing;
  insert into usage_buckets (key_id, bucket, endpoint_id, source, class, requests)
    select '${key}', date_bin('5 minutes', now(), 'epoch'), id, 'verify', 2, 7
    from usage_endpoints where name = 'GET /${key}'`

/** Waits for the row itself: a commit may be acknowledged before the primary's position says so. */
async function replicated(key: string): Promise<void> {
  const has = 'select count(*)::int as n from usage_buckets where key_id = $1'
  await expect.poll(async () => (await administer(standby.url, has, [key]))[0]!.n, soon).toBe(1)
}

test('exports are read from the replica, as late as it is, and a verify never is', async () => {
  const [early, late] = await lab.keys(2)
  await administer(primary.url, used(early!.id))
  await replicated(early!.id)
  await administer(standby.url, 'select pg_wal_replay_pause()')
  const placed = await lab.place({ DATABASE_READ_URL: standby.url })
  await administer(primary.url, used(late!.id))

  const fromReplica = await shell(['usage', 'export'], env())
  expect(fromReplica).toMatchObject({ code: 0, err: '', out: expect.stringContaining(`GET /${early!.id}`) })
  expect(fromReplica.out).not.toContain(`GET /${late!.id}`)
  const fromPrimary = await shell(['usage', 'export'], { DATABASE_URL: primary.url })
  expect(fromPrimary.out).toContain(`GET /${late!.id}`)
  expect(await shell(['audit', 'export'], env())).toMatchObject({ code: 0, err: '' })

  expect(await placed.ask(late!)).toBe('VALID')
  await lab.confirm(await lab.revoke(late!))
  expect(await placed.ask(late!)).toBe('REVOKED')

  // Evidence says which keys there were: the replica still knows this one as live.
  const evidence = await shell(['audit', 'evidence', '--samples', '5'], env())
  expect(evidence).toMatchObject({ code: 0, out: expect.stringContaining(early!.id) })
  expect(evidence.out).not.toContain(late!.id)
})

test('while the replica is out an export says so, and a list of keys does not need it', async () => {
  const gone = { DATABASE_URL: primary.url, DATABASE_READ_URL: 'postgres://nobody@127.0.0.1:9/none' }
  expect(await shell(['usage', 'export'], gone)).toMatchObject({
    code: 1,
    err: expect.stringMatching(/^Postgres cannot be reached \(.+\)\. Check DATABASE_READ_URL/),
  })
  expect(await shell(['keys', 'list'], gone)).toMatchObject({ code: 0 })
})
