import { type LocalSlack, startSlack } from 'local-slack'
import type { Fault, Message } from 'local-slack/contract'
import { messagesIn } from 'local-slack/inspect'
import { calls, fault, person } from 'local-slack/person'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { systemClock } from '../../src/foundation/clock.ts'
import { historyScopes } from '../../src/foundation/slack.ts'
import { administer } from '../setup/administer.ts'
import { type FreshDatabase, freshDatabase } from '../setup/database.ts'
import { people, security } from '../setup/house.ts'
import { keywarden as process } from '../setup/process.ts'
import { freshRedis } from '../setup/redis.ts'
import { keywarden, shell } from '../setup/shell.ts'

const manifest = new URL('../../manifest.yml', import.meta.url).pathname
let database: FreshDatabase
let redis: Awaited<ReturnType<typeof freshRedis>>
let slack: LocalSlack
beforeAll(async () => {
  ;[database, redis] = await Promise.all([freshDatabase(), freshRedis()])
})
afterAll(() => Promise.all([database.drop(), redis.drop()]))
beforeEach(async () => {
  slack = await startSlack({ clock: systemClock, manifest })
})
afterEach(() => slack.close())

const to = people.owner

const env = (more: Record<string, string> = {}) => ({
  DATABASE_URL: database.url,
  REDIS_URL: redis.url,
  SLACK_API_URL: slack.apiUrl,
  SLACK_BOT_TOKEN: slack.botToken,
  ...more,
})

type Line = { state: string; what: string; said: string }

/** The command's exit code, and the lines about what it tried on Slack. */
async function live(
  more: Record<string, string> = {},
  run = shell,
): Promise<{ code: number | null; lines: Line[]; end: string }> {
  const { code, out, err } = await run(['doctor', '--live', '--to', to], env(more))
  expect(err).toBe('')
  return { code, ...read(out) }
}

function read(out: string): { lines: Line[]; end: string } {
  const [, table = ''] = out.split(/^Trying on Slack.*\n\n/m)
  const rows = table.trimEnd().split('\n')
  const lines = rows.slice(0, -2).map((row) => {
    const [, state = row, what = '', said = ''] = /^(ok|warn|FAIL) {2,4}(.+?) {2,}(.*)$/.exec(row) ?? []
    return { state, what, said }
  })
  return { lines, end: rows.at(-1)! }
}

const about = (lines: Line[], what: string) => lines.find((line) => line.what === what)
const bad = (lines: Line[]) => lines.filter(({ state }) => state !== 'ok')

const faulty = (method: string, kind: Fault['kind'], more: Partial<Fault> = {}) =>
  fault(slack.url, { method, kind, times: 1, ...more })

/** What is in the operator's direct messages and in the channel now. */
async function inSlack(): Promise<Message[]> {
  const screen = await person(slack.url, to).screen()
  return [slack.dmOf(to).id, security].flatMap((channel) => messagesIn(screen, channel))
}

/** The ids of files that were announced and are still there. */
async function files(): Promise<string[]> {
  const ids = (await calls(slack.url, 'files.getUploadURLExternal')).map(({ reply }) => String(reply.file_id))
  const there = await Promise.all(ids.map(async (id) => (await fetch(`${slack.url}/files/${id}`)).ok))
  return ids.filter((_, i) => there[i])
}

/** Whatever else happened, nothing is left of it. */
async function expectNothingLeft(end: string): Promise<void> {
  expect(end).toMatch(/Nothing was left behind\.$/)
  expect(await inSlack()).toEqual([])
  expect(await files()).toEqual([])
}

test('where Slack takes everything, each kind of block is posted, edited and removed, and the exit code is 0', async () => {
  const { code, lines, end } = await live({}, keywarden)
  expect(bad(lines)).toEqual([])
  expect(code).toBe(0)
  expect(end).toBe(`${lines.length} accepted, 0 not. Nothing was left behind.`)
  const kinds = [
    'text alone',
    'rich_text',
    'header',
    'section',
    'context',
    'actions',
    'divider',
    'table',
    'data_visualization (line)',
    'data_visualization (bar)',
    'plan',
  ]
  for (const kind of kinds) expect(about(lines, kind)?.said, kind).toBe('posted, edited, removed')
  expect(about(lines, 'image (uploaded)')?.said).toBe('uploaded, posted, edited, removed')
  expect(about(lines, 'users.info')?.said).toBe('with an e-mail address')
  expect(about(lines, 'usergroups.list')?.said).toBe('1 user group')
  expect(about(lines, 'alert channel security-alerts')?.said).toBe('the bot is in it')
  expect(about(lines, 'history of security-alerts')?.said).toBe('can be searched')
  expect(about(lines, 'history of direct messages')?.said).toBe('a message is found by its id')
  expect(lines.filter(({ what, said }) => what.startsWith('scope ') && said === 'granted')).toHaveLength(14)
  await expectNothingLeft(end)
  const methods = (await calls(slack.url)).map(({ method }) => method)
  expect(methods.filter((method) => method.startsWith('views.'))).toEqual([])
})

describe('a kind of block that this Slack does not take', () => {
  test('is named with what Slack says of it and where; where words do, that is no failure', async () => {
    slack.refuseBlocks(['table', 'task_card'])
    const { code, lines, end } = await live()
    const instead = 'messages say it in words instead'
    expect(bad(lines)).toEqual([
      {
        state: 'warn',
        what: 'table',
        said: `refused: invalid_blocks: unsupported type: table [json-pointer:/blocks/0/type]; ${instead}`,
      },
      {
        state: 'warn',
        what: 'plan',
        said: expect.stringMatching(
          /^refused: invalid_blocks: unsupported type: task_card \[json-pointer:\/blocks\/0\/tasks\/0\/type\]; .*; messages say it in words instead$/,
        ),
      },
    ])
    expect(code).toBe(0)
    await expectNothingLeft(end)
  })

  test('is a failure where its buttons would be lost, and the others are tried all the same', async () => {
    slack.refuseBlocks(['actions'])
    const { code, lines, end } = await live()
    expect(bad(lines)).toEqual([
      {
        state: 'FAIL',
        what: 'actions',
        said: 'refused: invalid_blocks: unsupported type: actions [json-pointer:/blocks/0/type]',
      },
    ])
    expect(code).toBe(1)
    expect(about(lines, 'plan')?.state).toBe('ok')
    await expectNothingLeft(end)
  })
})

test('an edit that is refused fails, and its message is removed', async () => {
  await faulty('chat.update', 'error', { error: 'edit_window_closed', about: 'header' })
  const { code, lines, end } = await live()
  expect(bad(lines)).toEqual([
    { state: 'FAIL', what: 'header', said: 'posted, refused: edit_window_closed, removed' },
  ])
  expect(code).toBe(1)
  await expectNothingLeft(end)
})

describe('a message that cannot be removed', () => {
  test('at first is removed in the end', async () => {
    await faulty('chat.delete', 'server_error', { times: 2 })
    await faulty('chat.delete', 'drop_after')
    const { code, lines, end } = await live()
    expect({ code, bad: bad(lines) }).toEqual({ code: 0, bad: [] })
    await expectNothingLeft(end)
  })

  test('at all is named, with where it is', async () => {
    await faulty('chat.delete', 'error', { times: 1_000, error: 'cant_delete_message' })
    const { code, lines, end } = await live()
    expect(code).toBe(1)
    const left = await inSlack()
    expect(left).toHaveLength(12)
    expect(bad(lines).map(({ said }) => said)).toEqual(
      left.map(({ ts, channel }) =>
        expect.stringMatching(
          new RegExp(`^message ${ts} .* in ${channel}: cant_delete_message; remove it by hand$`),
        ),
      ),
    )
    expect(await files()).toEqual([])
    expect(end).toMatch(/Some of it is still in Slack\.$/)
  })
})

test('a file that cannot be removed is named', async () => {
  await faulty('files.delete', 'error', { times: 1_000, error: 'file_deleting_disabled' })
  const { code, lines } = await live()
  const [id] = await files()
  expect(bad(lines)).toEqual([
    {
      state: 'FAIL',
      what: 'left behind',
      said: `file ${id}: file_deleting_disabled; remove it by hand`,
    },
  ])
  expect(code).toBe(1)
  expect(await inSlack()).toEqual([])
})

describe('an upload', () => {
  test('that Slack refuses is no failure: messages go without pictures', async () => {
    await faulty('files.getUploadURLExternal', 'error', { error: 'file_uploads_disabled' })
    const { code, lines, end } = await live()
    expect(bad(lines)).toEqual([
      {
        state: 'warn',
        what: 'image (uploaded)',
        said: 'upload refused: file_uploads_disabled; messages go without pictures',
      },
    ])
    expect(code).toBe(0)
    await expectNothingLeft(end)
  })

  test('whose answer is lost fails, and the file that arrived is removed', async () => {
    await faulty('files.completeUploadExternal', 'drop_after')
    const { code, lines, end } = await live()
    expect(bad(lines)).toEqual([
      { state: 'FAIL', what: 'image (uploaded)', said: expect.stringMatching(/^upload failed: /) },
    ])
    expect(code).toBe(1)
    expect(await calls(slack.url, 'files.delete')).toHaveLength(1)
    await expectNothingLeft(end)
  })
})

describe('a post whose answer is lost', () => {
  test('is found in the history and removed', async () => {
    await faulty('chat.postMessage', 'drop_after', { about: 'plan' })
    const { code, lines, end } = await live()
    expect(bad(lines)).toEqual([
      { state: 'FAIL', what: 'plan', said: expect.stringMatching(/^failed: .*, removed$/) },
    ])
    expect(code).toBe(1)
    await expectNothingLeft(end)
  })

  test('is named as left behind where the history is off', async () => {
    await faulty('chat.postMessage', 'drop_after', { about: 'plan' })
    const { code, lines, end } = await live({ KEYWARDEN_SLACK_HISTORY: 'off' })
    expect(code).toBe(1)
    expect(await inSlack()).toHaveLength(1)
    expect(about(lines, 'left behind')?.said).toMatch(
      /^message .* \(plan\) .*it is unknown whether it was posted/,
    )
    expect(end).toMatch(/Some of it is still in Slack\.$/)
  })
})

test('a rate limit is waited for', async () => {
  await faulty('chat.postMessage', 'ratelimited', { retryAfterSeconds: 1, times: 2 })
  const { code, lines, end } = await live()
  expect({ code, bad: bad(lines) }).toEqual({ code: 0, bad: [] })
  await expectNothingLeft(end)
})

describe('a scope that the app was not given', () => {
  test.each([
    ['usergroups:read', 'usergroups.list'],
    ['users:read', 'users.info'],
    ['channels:read', 'alert channel security-alerts'],
    ['channels:history', 'history of security-alerts'],
    ['im:history', 'history of direct messages'],
    ['metadata.message:read', 'history of direct messages'],
    ['im:write', 'conversations.open'],
    ['chat:write', 'text alone'],
  ])('%s fails, and so does what needs it: %s', async (scope, what) => {
    slack.withdrawScope(scope)
    const { code, lines, end } = await live()
    expect(code).toBe(1)
    expect(about(lines, `scope ${scope}`)).toMatchObject({
      state: 'FAIL',
      said: expect.stringMatching(/^missing;/),
    })
    expect(about(lines, what)?.state).toBe('FAIL')
    if (scope !== 'metadata.message:read')
      expect(about(lines, what)?.said).toMatch(new RegExp(`missing_scope \\(needs .*${scope}`))
    await expectNothingLeft(end)
  })

  test('and that only the history needs does not matter where it is off', async () => {
    for (const scope of historyScopes) slack.withdrawScope(scope)
    const { code, lines, end } = await live({ KEYWARDEN_SLACK_HISTORY: 'off' })
    expect({ code, bad: bad(lines) }).toEqual({ code: 0, bad: [] })
    expect(lines.filter(({ said }) => said === 'not granted, and not needed: history is off')).toHaveLength(4)
    expect(await calls(slack.url, 'conversations.history')).toEqual([])
    await expectNothingLeft(end)
  })
})

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s ends it, and what was posted is removed first',
  async (signal) => {
    await faulty('chat.update', 'ratelimited', { retryAfterSeconds: 2, about: 'header' })
    const running = process(['doctor', '--live', '--to', to], env())
    await vi.waitUntil(async () => (await inSlack()).some(({ text }) => text.endsWith('header')), {
      timeout: 40_000,
    })
    running.child.kill(signal)
    expect(await running.ended).toBe(1)
    const { lines, end } = read(running.said())
    expect(about(lines, 'header')?.said).toBe('posted, edited, removed')
    expect(about(lines, 'section')).toBeUndefined()
    expect(about(lines, 'the rest')).toMatchObject({ state: 'FAIL', said: 'not tried: stopped' })
    await expectNothingLeft(end)
  },
)

test('people who are not full members of the team get no messages', async () => {
  const { code, out } = await shell(['doctor', '--to', people.stranger], env())
  expect(code).toBe(1)
  const { lines, end } = read(out)
  expect(about(lines, 'messages')).toMatchObject({
    state: 'FAIL',
    said: `not tried: ${people.stranger} is not a full member of the team`,
  })
  expect(await calls(slack.url, 'chat.postMessage')).toEqual([])
  await expectNothingLeft(end)
  const nobody = await shell(['doctor', '--live', '--to', 'ada'], env())
  expect(nobody).toMatchObject({
    code: 2,
    err: expect.stringContaining('not a Slack user id such as U012AB3CD'),
  })
})

test('the first owner of the first workspace gets them when nobody is named', async () => {
  expect(await shell(['doctor', '--live'], env())).toMatchObject({
    code: 1,
    err: 'There is no owner to write to yet. Say whom with --to U012AB3CD.\n',
  })
  const toWhom = async (more: Record<string, string>) =>
    /^Trying on Slack, in direct messages to (\w+):$/m.exec(
      (await shell(['doctor', '--live'], env(more))).out,
    )?.[1]
  const configured = { KEYWARDEN_FIRST_OWNER: people.manager }
  expect(await toWhom(configured)).toBe(people.manager)
  await administer(
    database.url,
    `insert into accounts values ('acc_1', 'T0ACME0001', 'ACME', clock_timestamp());
     insert into workspaces (id, account_id, name, name_folded, policy, created_at)
       values ('ws_1', 'acc_1', 'One', 'one', '{"alertChannel": "general"}', clock_timestamp());
     insert into members (workspace_id, user_id, role, added_at, changed_at) values
       ('ws_1', 'U0CHIDI003', 'owner', clock_timestamp(), clock_timestamp()),
       ('ws_1', 'U0DANA0004', 'owner', clock_timestamp() - interval '1 day', clock_timestamp())`,
  )
  expect(await toWhom(configured)).toBe('U0DANA0004')
  const { lines } = await live()
  expect(about(lines, 'alert channel general')?.said).toBe('the bot is in it')
  expect(about(lines, 'alert channel security-alerts')).toBeUndefined()
})
