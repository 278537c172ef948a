import { readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { type LocalSlack, startSlack } from 'local-slack'
import type { Channel } from 'local-slack/contract'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { startRedis } from '../../sandbox/services/redis.ts'
import { checkNode } from '../../src/cli/doctor-node.ts'
import { runShell } from '../../src/cli/program.ts'
import { systemClock } from '../../src/foundation/clock.ts'
import { tryLive } from '../../src/slack/live/try-live.ts'
import { start } from '../../src/start.ts'
import { administer, databaseUrl } from '../setup/administer.ts'
import { type FreshDatabase, freshDatabase } from '../setup/database.ts'
import { freshRedis } from '../setup/redis.ts'
import { shell } from '../setup/shell.ts'

const manifest = new URL('../../manifest.yml', import.meta.url).pathname
let slack: LocalSlack
let database: FreshDatabase
let redis: Awaited<ReturnType<typeof freshRedis>>
beforeAll(async () => {
  ;[slack, database, redis] = await Promise.all([
    startSlack({ clock: systemClock, manifest }),
    freshDatabase(),
    freshRedis(),
  ])
})
afterAll(async () => {
  await slack.close()
  await Promise.all([database.drop(), redis.drop()])
})

/** The exit code, and what doctor says of each part. */
async function doctor(more: Record<string, string> = {}, from = slack) {
  const printed = vi.spyOn(console, 'log').mockReturnValue()
  try {
    const env = {
      DATABASE_URL: database.url,
      REDIS_URL: redis.url,
      SLACK_API_URL: from.apiUrl,
      SLACK_BOT_TOKEN: from.botToken,
      SLACK_APP_TOKEN: from.appToken,
      ...more,
    }
    const code = await runShell(['doctor'], { env, start, tryLive })
    const lines = printed.mock.calls.map(([line]) => String(line).replace(/ +/g, ' '))
    const about = (part: string) => lines.filter((line) => line.split(' ')[1] === part)
    return { code, about, failed: lines.filter((line) => line.startsWith('FAIL')) }
  } finally {
    printed.mockRestore()
  }
}

test('where all is well, doctor says so of each part and exits 0', async () => {
  const { code, about, failed } = await doctor()
  expect(failed).toEqual([])
  expect(code).toBe(0)
  expect(about('Postgres')).toEqual([
    expect.stringMatching(/^ok .*version 1\d/),
    'ok Postgres schema is up to date',
  ])
  expect(about('Node')).toEqual([expect.stringContaining(`version ${process.versions.node}`)])
  expect(about('Redis')).toEqual([
    expect.stringMatching(/version/),
    'ok Redis eviction policy noeviction',
    'ok Redis a job of its own was run and removed',
  ])
  expect(about('Slack')).toEqual([
    'ok Slack bot keywarden in ACME',
    'ok Slack scopes match manifest.yml',
    'ok Slack the bot is in #security-alerts',
  ])
})

test.each([
  [
    '20.20.2',
    'warn',
    'version 20.20.2 is past its end of life; it still works, but install Node.js 22 or 24',
  ],
  ['22.12.0', 'ok', 'version 22.12.0'],
  ['24.0.0', 'ok', 'version 24.0.0'],
  ['23.1.0', 'warn', 'version 23.1.0 is not one that Keywarden is tested with; install Node.js 22 or 24'],
])('Node %s is %s', (version, state, said) => {
  expect(checkNode(version)).toEqual({ state, said })
})

/** What there is in a database beyond what Postgres brings. */
const created = (url: string) =>
  administer(url, `select relname from pg_class where relnamespace = 'public'::regnamespace`)

describe('what is wrong is named together with what to do, and the exit code is 1:', () => {
  async function onlyFailure(more: Record<string, string>, from?: LocalSlack): Promise<string | undefined> {
    const { code, failed } = await doctor(more, from)
    expect(code).toBe(1)
    return failed.at(-1)
  }

  test('pending migrations', async () => {
    const name = `${new URL(database.url).pathname.slice(1)}_empty`
    await administer(database.url, `create database ${name}`)
    const { failed } = await doctor({ DATABASE_URL: databaseUrl(database.url, name) })
    expect(await created(databaseUrl(database.url, name))).toEqual([])
    await administer(database.url, `drop database ${name} with (force)`)
    expect(failed).toContainEqual(
      expect.stringMatching(/^FAIL Postgres \d+ migrations are pending; run: keywarden migrate$/),
    )
  })

  test('no Postgres', async () => {
    const { code, failed } = await doctor({ DATABASE_URL: 'postgres://k:hunter2@127.0.0.1:9/k' })
    expect(code).toBe(1)
    expect(failed[0]).toMatch(
      /^FAIL Postgres cannot be reached \(connect ECONNREFUSED .*\)\. Check DATABASE_URL and that it accepts .*\.$/,
    )
    expect(failed.join()).not.toContain('hunter2')
  })

  describe('what keeps the role of the app from its database, each kind in its own sentence:', () => {
    const role = `doctor_${process.pid}`
    const own = (name = new URL(database.url).pathname.slice(1)) => {
      const url = new URL(databaseUrl(database.url, name))
      url.username = role
      url.password = 'right'
      return url.href
    }
    beforeAll(() => administer(database.url, `create role ${role} login password 'right'`))
    afterAll(async () => {
      await administer(database.url, `drop owned by ${role}`)
      await administer(database.url, `drop role ${role}`)
    })
    const saidOf = async (DATABASE_URL: string) => (await doctor({ DATABASE_URL })).failed[0]

    test('a wrong password', async () => {
      expect(await saidOf(own().replace(':right@', ':wrong@'))).toMatch(
        /^FAIL Postgres does not let the role in \(password .*\)\. Check the user and the password in DATABASE_URL,/,
      )
    })

    test('no such database', async () => {
      expect(await saidOf(own('nowhere'))).toMatch(
        /^FAIL Postgres There is no such database \(.*"nowhere" .*\)\. Check the name in DATABASE_URL,/,
      )
    })

    test('no right to read what it has to read', async () => {
      expect(await saidOf(own())).toMatch(
        /^FAIL Postgres The role of DATABASE_URL lacks a right \(permission denied for table .*\)\. Run keywarden migrate with DATABASE_OWNER_URL,/,
      )
    })

    test('no right to connect', async () => {
      const name = `${new URL(database.url).pathname.slice(1)}_closed`
      await administer(database.url, `create database ${name}`)
      await administer(database.url, `revoke connect on database ${name} from public`)
      const said = await saidOf(own(name))
      await administer(database.url, `drop database ${name} with (force)`)
      expect(said).toMatch(
        /^FAIL Postgres The role of DATABASE_URL lacks a right \(permission denied for database .*\)\. Run as the owner of the database: grant connect/,
      )
    })

    test('no right to migrate, for migrate itself', async () => {
      const name = `${new URL(database.url).pathname.slice(1)}_foreign`
      await administer(database.url, `create database ${name}`)
      const ran = await shell(['migrate'], { DATABASE_URL: own(name) })
      await administer(database.url, `drop database ${name} with (force)`)
      expect(ran).toMatchObject({
        ...{ code: 1, out: '' },
        err: expect.stringMatching(
          /^The role of DATABASE_URL may not migrate \(permission denied .*\)\. Make it the owner .*DATABASE_OWNER_URL.*\.\n$/,
        ),
      })
    })
  })

  test('no Redis', async () => {
    expect(await onlyFailure({ REDIS_URL: 'redis://:hunter2@127.0.0.1:9' })).toMatch(
      /^FAIL Redis cannot be reached \(connect ECONNREFUSED .*\); check REDIS_URL$/,
    )
  })

  test('no Sentinel', async () => {
    const said = await onlyFailure({ REDIS_URL: 'redis+sentinel://:hunter2@127.0.0.1:9,127.0.0.1:10/main' })
    expect(said).toMatch(
      /^FAIL Redis cannot be reached \(All sentinels are unreachable .*\); check REDIS_URL$/,
    )
    expect(said).not.toContain('hunter2')
  })

  test('a Redis that hangs', async () => {
    const hanging = await startRedis({ own: true })
    process.kill(hanging.pid(), 'SIGSTOP')
    const said = await onlyFailure({ REDIS_URL: hanging.url })
    process.kill(hanging.pid(), 'SIGCONT')
    await hanging.stop()
    expect(said).toMatch(/^FAIL Redis cannot be reached \(Socket timeout\. .*\); check REDIS_URL$/)
  })

  test('a Redis that evicts', async () => {
    // The run's own Redis is everybody's.
    const evicting = await startRedis({ own: true })
    const client = new Redis(evicting.url)
    await client.config('SET', 'maxmemory-policy', 'allkeys-lru')
    client.disconnect()
    const said = await onlyFailure({ REDIS_URL: evicting.url })
    await evicting.stop()
    expect(said).toBe(
      'FAIL Redis eviction policy allkeys-lru may drop jobs; run: redis-cli config set maxmemory-policy noeviction',
    )
  })

  test('a node of a Redis Cluster', async () => {
    const node = await startRedis({ own: true, cluster: true })
    const said = await onlyFailure({ REDIS_URL: node.url })
    await node.stop()
    expect(said).toMatch(/^FAIL Redis REDIS_URL leads to a Redis Cluster, .* Point it at a single Redis/)
  })

  test('a Redis that refuses to run jobs', async () => {
    const full = await startRedis({ own: true, more: ['maxmemory 1'] })
    const said = await onlyFailure({ REDIS_URL: full.url })
    await full.stop()
    expect(said).toMatch(
      /^FAIL Redis does not run jobs \(.*OOM .*\); check its rights, its memory, and that it is the primary$/,
    )
  })

  test('a token that Slack refuses', async () => {
    expect(await onlyFailure({ SLACK_BOT_TOKEN: 'xoxb-1-guess' })).toBe(
      'FAIL Slack Slack does not accept SLACK_BOT_TOKEN (invalid_auth). Copy it again from OAuth & Permissions.',
    )
  })

  test('no token', async () => {
    expect(await onlyFailure({ SLACK_BOT_TOKEN: '' })).toMatch(
      /^FAIL Slack SLACK_BOT_TOKEN is missing\. Example: /,
    )
  })

  test.each([
    [
      'chat:write',
      /^FAIL Slack scopes chat:write are missing; update the app from manifest\.yml and reinstall it$/,
    ],
    ['groups:read', /^FAIL Slack the alert channel cannot be looked up without the scope groups:read/],
  ])('the scope %s', async (scope, sentence) => {
    const path = join(tmpdir(), `manifest-${process.pid}-${scope.replace(':', '-')}.yml`)
    await writeFile(path, (await readFile(manifest, 'utf8')).replace(`      - ${scope}\n`, ''))
    const poorer = await startSlack({ clock: systemClock, manifest: path })
    await rm(path)
    const said = await onlyFailure({}, poorer)
    await poorer.close()
    expect(said).toMatch(sentence)
  })

  test('scopes of the history, unless it is not searched', async () => {
    const path = join(tmpdir(), `manifest-${process.pid}-history.yml`)
    await writeFile(path, (await readFile(manifest, 'utf8')).replace(/^ +- \S+ # history\n/gm, ''))
    const unread = await startSlack({ clock: systemClock, manifest: path })
    await rm(path)
    const said = await onlyFailure({}, unread)
    const { code, failed } = await doctor({ KEYWARDEN_SLACK_HISTORY: 'off' }, unread)
    await unread.close()
    expect(said).toBe(
      'FAIL Slack scopes channels:history, groups:history, im:history, metadata.message:read are missing; update the app from manifest.yml and reinstall it',
    )
    expect({ code, failed }).toEqual({ code: 0, failed: [] })
  })

  test('a private channel without the bot, or no channel at all', async () => {
    for (const name of ['leads', 'nowhere'])
      expect(await onlyFailure({ KEYWARDEN_ALERT_CHANNEL: name })).toBe(
        `FAIL Slack there is no channel #${name} that the bot can see; create it, or invite the bot if it is private`,
      )
  })

  test('the channel that a workspace chose, whatever configuration says', async () => {
    const room: Channel = {
      id: 'C0VAULT001',
      name: 'vault',
      kind: 'channel',
      archived: false,
      shared: false,
      members: [],
    }
    slack.addChannel(room)
    await administer(
      database.url,
      `with a as (insert into accounts values ('acc_1', 'T1', 'One', clock_timestamp()) returning id)
       insert into workspaces (id, account_id, name, name_folded, policy, created_at)
       select 'ws_' || n, id, n, n, jsonb_build_object('alertChannel', c), clock_timestamp()
       from a, (values ('one', 'vault'), ('two', 'gone')) as w (n, c)`,
    )
    const { code, about } = await doctor()
    expect(code).toBe(1)
    expect(about('Slack').slice(2)).toEqual([
      'ok Slack #vault is public; the bot joins with the first alert',
      expect.stringMatching(/^FAIL Slack there is no channel #gone/),
    ])
  })
})
