import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { type LocalSlack, startSlack } from 'local-slack'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { startRedis } from '../../sandbox/services/redis.ts'
import { runShell } from '../../src/cli/program.ts'
import { tryLive } from '../../src/slack/live/try-live.ts'
import { start } from '../../src/start.ts'
import { administer, databaseUrl } from '../setup/administer.ts'
import { type FreshDatabase, freshDatabase } from '../setup/database.ts'
import { keywarden } from '../setup/process.ts'

let slack: LocalSlack
let database: FreshDatabase
beforeAll(async () => {
  const manifest = new URL('../../manifest.yml', import.meta.url).pathname
  ;[slack, database] = await Promise.all([
    startSlack({ clock: { now: () => new Date() }, manifest }),
    freshDatabase(),
  ])
})
afterAll(async () => {
  await slack.close()
  await database.drop()
})

/** Port 9 discards: nobody listens there. */
const nowhere = '127.0.0.1:9'
const password = 'hunter2hunter2'

function environment(more: Record<string, string> = {}): Record<string, string> {
  return {
    DATABASE_URL: database.url,
    REDIS_URL: `redis://:${password}@${nowhere}`,
    SLACK_API_URL: slack.apiUrl,
    SLACK_BOT_TOKEN: slack.botToken,
    SLACK_APP_TOKEN: slack.appToken,
    KEYWARDEN_HTTP_PORT: '0',
    ...more,
  }
}

/** The error output of the command when it fails. */
async function failing(args: string[], more: Record<string, string>): Promise<string> {
  const printed = vi.spyOn(console, 'error').mockReturnValue()
  try {
    const env = environment({ KEYWARDEN_LOG_LEVEL: 'silent', ...more })
    expect(await runShell(args, { env, start, tryLive })).toBe(1)
    return printed.mock.calls.flat().join('\n')
  } finally {
    printed.mockRestore()
  }
}

describe('a start that cannot succeed says why in one sentence, names the variable, and exits 1', () => {
  const unreachable = /^Postgres cannot be reached \(connect ECONNREFUSED \S+:9\)\. Check DATABASE_URL .*\.$/

  test.each(['127.0.0.1:9', 'localhost:9'])('when Postgres is not at %s', async (host) => {
    const DATABASE_URL = `postgres://keywarden:${password}@${host}/keywarden`
    for (const command of [['start'], ['migrate'], ['workspace', 'list'], ['service-token', 'list']])
      expect(await failing(command, { DATABASE_URL })).toMatch(unreachable)
  })

  test('when Postgres is not there, and nothing else is printed', async () => {
    const DATABASE_URL = `postgres://keywarden:${password}@${nowhere}/keywarden`
    const process = keywarden(['start'], environment({ DATABASE_URL }))
    expect(await process.ended).toBe(1)
    expect(process.said().trimEnd()).toMatch(unreachable)
  })

  test('when Postgres takes the connection and says nothing', async () => {
    const silent = await openSilent()
    const process = keywarden(['start'], environment({ DATABASE_URL: silent.url }))
    expect(await process.ended).toBe(1)
    expect(process.said().trimEnd()).toMatch(/^Postgres cannot be reached \(.*\)\. Check DATABASE_URL .*\.$/)
    await silent.close()
  })

  test('when Postgres refuses the password', async () => {
    const DATABASE_URL = database.url.replace(/:[^:@]+@/, `:${password}@`)
    expect(await failing(['workspace', 'list'], { DATABASE_URL })).toMatch(
      /^Postgres does not let the role in \(password authentication failed .*\)\. Check .* DATABASE_URL, .*\.$/,
    )
  })

  test('when Redis is a node of a cluster', async () => {
    const node = await startRedis({ own: true, cluster: true })
    const errors = await failing(['start', '--roles', 'worker'], { REDIS_URL: node.url })
    await node.stop()
    expect(errors).toMatch(/^REDIS_URL leads to a Redis Cluster, .*\. Point it at a single Redis.*\.$/)
  })

  test('when the database is not migrated, in which it creates nothing', async () => {
    const empty = `${new URL(database.url).pathname.slice(1)}_empty`
    await administer(database.url, `create database ${empty}`)
    const errors = await failing(['start'], { DATABASE_URL: databaseUrl(database.url, empty) })
    const created = `select relname from pg_class where relnamespace = 'public'::regnamespace`
    expect(await administer(databaseUrl(database.url, empty), created)).toEqual([])
    await administer(database.url, `drop database ${empty}`)
    expect(errors).toMatch(/^The database is \d+ migrations behind\. Run: keywarden migrate$/)
  })

  test('when the database is of an older version, which it leaves as it is', async () => {
    const older = await freshDatabase()
    await administer(older.url, 'drop table usage_leaving, usage_sinks')
    await administer(older.url, `delete from knex_migrations where name = '0002_expand_usage_sink'`)
    const tables = `select relname from pg_class where relnamespace = 'public'::regnamespace order by 1`
    const before = await administer(older.url, tables)
    expect(await failing(['start'], { DATABASE_URL: older.url })).toBe(
      'The database is 1 migration behind. Run: keywarden migrate',
    )
    expect(await administer(older.url, tables)).toEqual(before)
    await older.drop()
  })

  test('when a worker cannot write checkpoints of the audit', async () => {
    // A file, where a folder would have to be: that stops root, too.
    const KEYWARDEN_AUDIT_CHECKPOINTS = new URL('../../package.json/checkpoints.jsonl', import.meta.url)
      .pathname
    const sentence = `Checkpoints of the audit cannot be written to ${KEYWARDEN_AUDIT_CHECKPOINTS} (EEXIST). Let this user`
    expect(await failing(['start', '--roles', 'worker'], { KEYWARDEN_AUDIT_CHECKPOINTS })).toContain(sentence)
  })

  test.each([
    [{ SLACK_BOT_TOKEN: 'xoxb-1-guess' }, 'Slack does not accept SLACK_BOT_TOKEN (invalid_auth).'],
    [{ SLACK_APP_TOKEN: 'xapp-1-guess' }, 'Slack does not accept SLACK_APP_TOKEN (invalid_auth).'],
    [{ SLACK_API_URL: `http://${nowhere}/api/` }, `Slack cannot be reached at http://${nowhere}/api/`],
    [{ KEYWARDEN_HTTP_HOST: '192.0.2.1' }, 'The HTTP server cannot listen: listen EADDRNOTAVAIL'],
    [{ KEYWARDEN_HTTP_PORT: '65536' }, 'KEYWARDEN_HTTP_PORT is not valid'],
  ])('with %o', async (wrong, sentence) => {
    const errors = await failing(['start', '--roles', 'bot'], wrong)
    expect(errors.split('\n').find((line) => line.startsWith(sentence))).toBeDefined()
    expect(errors).not.toMatch(/^ {4}at /m)
    expect(errors).not.toContain('guess')
  })
})

/** Takes connections and never answers, as a Postgres behind a broken proxy does. */
async function openSilent() {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `postgres://keywarden:${password}@127.0.0.1:${port}/keywarden`,
    dialled: () => vi.waitUntil(() => sockets.size > 0, { timeout: 40_000 }),
    close: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

test('SIGTERM while it starts ends it within ten seconds', async () => {
  const silent = await openSilent()
  const process = keywarden(['start'], environment({ DATABASE_URL: silent.url }))
  await silent.dialled()
  const asked = performance.now()
  await process.stop()
  expect(performance.now() - asked).toBeLessThan(10_000)
  expect(process.said()).not.toContain('keywarden is up')
  await silent.close()
})

test('a second signal ends it at once, whatever still waits', async () => {
  const silent = await openSilent()
  const process = keywarden(['start'], environment({ DATABASE_URL: silent.url }))
  await silent.dialled()
  process.child.kill('SIGINT')
  const asked = performance.now()
  process.child.kill('SIGTERM')
  expect(await process.ended).toBe(1)
  expect(performance.now() - asked).toBeLessThan(5_000)
  await silent.close()
})

test('without Redis it starts, warns once, answers, and stops at once', async () => {
  const process = keywarden(['start'], environment())
  await process.saysSoon(/keywarden is up/, 50)
  const { url } = JSON.parse(/^.*keywarden is up.*$/m.exec(process.said())![0])
  expect((await fetch(`${url}/readyz`)).status).toBe(200)
  const asked = performance.now()
  expect(await process.stop()).toBe(0)
  expect(performance.now() - asked).toBeLessThan(5_000)
  expect(process.said().match(/redis is unavailable/g)).toHaveLength(1)
  expect(process.said()).not.toContain(password)
  expect(process.errors()).toBe('')
})
