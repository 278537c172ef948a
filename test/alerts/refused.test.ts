import type { Call, Fault, Message } from 'local-slack/contract'
import { findButton, messagesIn } from 'local-slack/inspect'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { fetchOperations } from '../../sandbox/operations.ts'
import { reconcileWorkspace } from '../../src/findings/reconcile-all.ts'
import { openWebClient } from '../../src/foundation/slack.ts'
import { deliverWaiting } from '../../src/notifications/deliver.ts'
import { put } from '../../src/notifications/outbox.ts'
import type { Messenger } from '../../src/notifications/refresh.ts'
import { slackChannel } from '../../src/slack/post-messages.ts'
import { sources } from '../../src/slack/sources.ts'
import { type ProcessRole, processRoles } from '../../src/start.ts'
import { allWorkspaces, type Workspace } from '../../src/workspaces/workspace.ts'
import { said, security, type TestHouse, testHouse } from '../setup/house.ts'
import { type Planted, plant } from '../setup/plant.ts'
import { homeWith, setPolicyOf } from '../setup/seen.ts'
import { shell } from '../setup/shell.ts'
import { use } from '../setup/use.ts'

let house: TestHouse
let workspace: Workspace
let messenger: Messenger
beforeAll(async () => {
  // No worker: its own job would try to deliver beside the tests, which count the tries.
  await move(['bot', 'verify'])
})
afterAll(() => house.drop())

/** Into a house of its own that plays these roles. */
async function move(roles: readonly ProcessRole[]): Promise<void> {
  house = await testHouse({ roles })
  workspace = (await allWorkspaces(house.world.db))[0]!
  messenger = openMessenger()
}

const openMessenger = (): Messenger => ({
  world: house.world,
  sources,
  channel: slackChannel(openWebClient(house.world), house.world.log, {
    atOnce: 1_000,
  }),
})

const refuse = (error: string, about: string, more: Partial<Fault> = {}) =>
  fault({ method: 'chat.postMessage', times: 1_000, kind: 'error', error, about, ...more })

async function fault(wanted: Fault): Promise<void> {
  await fetch(`${house.slack.url}/faults`, { method: 'POST', body: JSON.stringify(wanted) })
}

/** The app's calls of Slack with this text in them, oldest first. */
const calls = async (method: string, about: string): Promise<Call[]> => {
  const all = (await (await fetch(`${house.slack.url}/calls?method=${method}`)).json()) as Call[]
  return all.filter((call) => JSON.stringify(call.args).includes(about))
}

/** Finds what people must hear of these keys, and tries to deliver it. */
async function lookedAt(...keys: Planted[]): Promise<string> {
  const [keyId] = await plant(house.world, workspace.id, keys)
  await reconcileWorkspace(house.world, workspace)
  await deliverWaiting(messenger)
  return keyId!
}

/** A key that stops working in a week gets a message of its own. */
const alertAbout = (name: string) => lookedAt({ name, endsInDays: 7 })

const messageAbout = (keyId: string) =>
  house.world
    .db('outbox')
    .join('findings', 'findings.id', 'outbox.item_id')
    .where({ key_id: keyId })
    .orderBy('outbox.seq', 'desc')
    .first('outbox.*')

const inChannel = (words: string | RegExp): Promise<Message> =>
  house
    .as('manager')
    .waitFor((screen) =>
      messagesIn(screen, security).findLast((message) =>
        typeof words === 'string' ? said(message).includes(words) : words.test(said(message)),
      ),
    )

/** Lets what failed be tried at once, so many times, instead of after real seconds. */
async function triedAgain(times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    await house.world.db('outbox').whereNull('completed_at').update({ retry_after: null })
    await house.world.db('outbox_pauses').delete()
    // As a process that has just started would: one remembers how long Slack asked it to wait.
    messenger = openMessenger()
    await deliverWaiting(messenger)
  }
}

/** Doctor's report on messages. */
async function doctor(): Promise<string[]> {
  const { databaseUrl, redisUrl, slack } = house.world.config
  const { out } = await shell(['doctor'], {
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
    SLACK_API_URL: slack.apiUrl,
    SLACK_BOT_TOKEN: slack.botToken,
    SLACK_APP_TOKEN: slack.appToken,
  })
  const lines = out.split('\n').map((line) => line.replace(/ +/g, ' '))
  return lines.filter((line) => line.split(' ')[1] === 'Messages')
}

const failedMessages = () => house.world.db('outbox').where({ outcome: 'failed' }).pluck('id')

test('where all messages arrived, doctor says so', async () => {
  expect(await doctor()).toEqual(['ok Messages none was refused for good, and none waits for another try'])
})

test('in words alone an alert says what, whose it is, when, and what to type instead of pressing a button', async () => {
  await refuse('invalid_blocks', 'Words only', { times: 1 })
  await alertAbout('Words only')
  const alert = await inChannel(/Words only stops working/)
  expect(alert.blocks).toEqual([])
  expect(alert.text).toMatch(
    /^🟠 Warning · \u2068Words only\u2069 stops working on <!date\^\d+\^[^|]*\|2026-/,
  )
  expect(alert.text).toMatch(/Owner: <@U0ADA00001>\n`tml_[0-9a-f]{4}\.\.\.` · never used/)
  expect(alert.text).toMatch(/Type `\/keys show tml_[0-9a-f]{4}\.\.\.`/)
})

describe('what Slack refuses for good is tried once as it is and once in words, then set aside:', () => {
  test.each([
    'invalid_blocks',
    'invalid_blocks_format',
    'invalid_arguments',
    'invalid_attachments',
    'invalid_metadata_format',
    'metadata_too_large',
    'msg_blocks_too_long',
    'msg_too_long',
    'no_text',
    'too_many_attachments',
  ])('%s', async (error) => {
    const refused = `Error ${error} refused`
    await refuse(error, refused, { messages: ['[ERROR] bad [json-pointer:/blocks/1]'] })
    const keyId = await alertAbout(refused)
    const message = await messageAbout(keyId)
    expect(message).toMatchObject({ outcome: 'failed', attempts: 1 })
    expect(message.last_error).toBe(`${error}: bad [json-pointer:/blocks/1]`)
    const tries = await calls('chat.postMessage', refused)
    expect(tries).toHaveLength(2)
    const next = `Behind ${error}`
    await alertAbout(next)
    await inChannel(`${next} stops working`)
  })

  test('what cannot even be put into a message', async () => {
    const place = {
      workspaceId: workspace.id,
      subjectId: workspace.id,
      destination: 'channel:security-alerts',
    }
    await house.world.db.transaction((trx) =>
      put(
        trx,
        [{ ...place, source: 'digest', mode: 'once', step: 'torn' }],
        house.calendar.now(),
        house.world.random,
      ),
    )
    await alertAbout('Behind a torn digest')
    await inChannel('Behind a torn digest stops working')
    expect(await house.world.db('outbox').where({ step: 'torn' }).first()).toMatchObject({
      outcome: 'failed',
    })
  })

  test('what ends while the next is being claimed holds up nothing behind it', async () => {
    await deliverWaiting(messenger)
    const { db, calendar, random } = { ...house.world, calendar: house.calendar }
    const place = { workspaceId: workspace.id, subjectId: workspace.id }
    const torn = { ...place, destination: 'channel:security-alerts', source: 'digest', mode: 'once' } as const
    await db.transaction((trx) => put(trx, [{ ...torn, step: 'torn again' }], calendar.now(), random))
    await plant(house.world, workspace.id, [{ name: 'Freed meanwhile', endsInDays: 7 }])
    await reconcileWorkspace(house.world, workspace)
    const isOver = async () =>
      expect((await db('outbox').where({ step: 'torn again' }).first()).completed_at).not.toBeNull()
    let claims = 0
    // The answer to the second claim is on its way until what the first one claimed has ended.
    const slow = new Proxy(db, {
      get(target, name) {
        if (name !== 'raw') return Reflect.get(target, name)
        return (sql: string, bindings: never) => {
          const answer = target.raw(sql, bindings)
          if (!sql.includes('with recursive places') || ++claims !== 2) return answer
          return answer.then((claimed) => vi.waitFor(isOver, { timeout: 40_000 }).then(() => claimed))
        }
      },
    })
    await deliverWaiting({ ...messenger, world: { ...house.world, db: slow } })
    expect(claims).toBeGreaterThan(2)
    await inChannel('Freed meanwhile stops working')
  })

  test('doctor counts them and says since when, what Slack said and what to do', async () => {
    const { length: n } = await failedMessages()
    expect(await doctor()).toEqual([
      expect.stringMatching(
        new RegExp(
          `^warn Messages ${n} messages were refused for good and nobody read them, the oldest of 2026-\\d\\d-\\d\\d \\d\\d:\\d\\d UTC to channel:security-alerts; Slack said: invalid_blocks: bad .*; put right what it says, then: keywarden messages send-again`,
        ),
      ),
    ])
  })
})

describe('an error that nobody knows', () => {
  test('is tried a bounded number of times, at last in words, and then the next message has its turn', async () => {
    await refuse('brand_new_error', 'Unknown refusal')
    const keyId = await alertAbout('Unknown refusal')
    await alertAbout('Behind the unknown')
    expect((await messageAbout(keyId)).completed_at).toBeNull()
    await triedAgain(12)
    expect(await messageAbout(keyId)).toMatchObject({ outcome: 'failed', last_error: 'brand_new_error' })
    const tries = await calls('chat.postMessage', 'Unknown refusal')
    expect(tries.length).toBeGreaterThan(4)
    expect(tries.length).toBeLessThan(12)
    expect(tries.at(-2)!.args.blocks).not.toEqual([])
    expect(tries.at(-1)!.args.blocks).toEqual([])
    await inChannel('Behind the unknown stops working')
  })

  test('that passes costs nothing: the message arrives as it is', async () => {
    await refuse('brand_new_error', 'Passing refusal', { times: 3 })
    await alertAbout('Passing refusal')
    await triedAgain(4)
    const alert = await inChannel('Passing refusal stops working')
    expect(findButton(alert.blocks, 'Rotate')).toBeDefined()
  })
})

describe('what says nothing about the message loses none, however long it lasts:', () => {
  test.each<[string, Partial<Fault>]>([
    ['a token that is refused', { error: 'invalid_auth' }],
    ['a token that was revoked', { error: 'token_revoked' }],
    ['an app that was removed', { error: 'account_inactive' }],
    ['a scope that is missing', { error: 'missing_scope' }],
    ['an organisation that asks for a login', { error: 'org_login_required' }],
    ["Slack's own trouble", { error: 'internal_error' }],
    ['a team on its way to an organisation', { error: 'team_added_to_org' }],
    ['too many messages', { error: 'message_limit_exceeded' }],
    ['a page instead of an answer', { error: '<html>Back soon</html>' }],
    ['an answer of 500', { kind: 'server_error' }],
    ['an answer of 429', { kind: 'ratelimited', retryAfterSeconds: 1 }],
    ['a connection that breaks', { kind: 'drop_before' }],
  ])('%s', async (what, how) => {
    const name = `Through ${what}`
    const times = 10
    await refuse('', name, { times, ...how })
    const keyId = await alertAbout(name)
    await triedAgain(times)
    const tries = await calls('chat.postMessage', name)
    expect(tries.map(({ reply }) => reply.ok === true)).toEqual([...Array(times).fill(false), true])
    const alert = await inChannel(`${name} stops working`)
    expect(findButton(alert.blocks, 'Rotate')).toBeDefined()
    expect(await messageAbout(keyId)).toMatchObject({ outcome: 'arrived' })
  })

  test('meanwhile doctor says how many wait, since when, and what Slack says', async () => {
    await refuse('token_revoked', 'Waits for a token', { times: 5 })
    await alertAbout('Waits for a token')
    await alertAbout('Waits for a token too')
    expect((await doctor())[1]).toMatch(
      /^warn Messages 2 wait for another try, the oldest of 2026-\S+ \S+ UTC to channel:security-alerts; the last answer: .*token_revoked; none of them is given up/,
    )
    await triedAgain(6)
    await inChannel('Waits for a token too stops working')
  })
})

test('where many share a message, each has its reply though the message itself goes in words', async () => {
  house.slack.refuseBlocks(['section'])
  const names = ['Alpha', 'Beta', 'Gamma', 'Delta', 'Epsilon'].map((name) => `Shared ${name}`)
  await lookedAt(...names.map((name) => ({ name, endsInDays: 7 })))
  const shared = await inChannel('keys stop working soon')
  expect(shared.blocks).toEqual([])
  for (const name of names) expect(shared.text).toContain(name)
  expect(shared.text).toContain('Type `/keys inbox alerts` instead.')
  const replies = messagesIn(await house.as('manager').screen(), security).filter(
    ({ threadTs, blocks }) => threadTs === shared.ts && blocks.length > 0,
  )
  expect(replies).toHaveLength(names.length)
  house.slack.refuseBlocks([])
})

test('a day of checkpoints whose message somebody deleted begins another message', async () => {
  await setPolicyOf(house, { auditChannel: 'general' })
  const body = { workspace: 'Platform', day: '2026-12-01', seq: 1, signed: 'kwc1.one.two' }
  const checkpoint = async (at: string, seq: number) => {
    const place = { workspaceId: workspace.id, subjectId: 'a day', destination: 'channel:general' }
    const message = {
      ...place,
      source: 'checkpoint',
      mode: 'thread' as const,
      step: at,
      body: { ...body, at, seq },
    }
    await house.world.db.transaction((trx) => put(trx, [message], house.calendar.now(), house.world.random))
    await triedAgain(3)
  }
  const posted = async () =>
    messagesIn(await house.as('owner').screen(), 'general').filter((one) =>
      said(one).includes('kwc1.one.two'),
    )
  await checkpoint('2026-12-01T01:00:00.000Z', 1)
  const [first] = await posted()
  await fetch(`${house.slack.apiUrl}chat.delete`, {
    method: 'POST',
    headers: { authorization: `Bearer ${house.slack.botToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ channel: first!.channel, ts: first!.ts }),
  })
  await checkpoint('2026-12-01T02:00:00.000Z', 2)
  await checkpoint('2026-12-01T03:00:00.000Z', 3)
  expect((await posted()).map(({ threadTs }) => threadTs !== undefined)).toEqual([false, true])
  await setPolicyOf(house, { auditChannel: '' })
})

test('a checkpoint in words alone still holds the line that is copied', async () => {
  await refuse('invalid_blocks', 'kwc1.three.four', { times: 1 })
  const body = {
    workspace: 'Platform',
    day: '2026-12-02',
    at: '2026-12-02T01:00:00.000Z',
    seq: 9,
    signed: 'kwc1.three.four',
  }
  const message = {
    workspaceId: workspace.id,
    subjectId: 'another day',
    destination: 'channel:general',
    source: 'checkpoint',
    mode: 'thread' as const,
  }
  await house.world.db.transaction((trx) =>
    put(trx, [{ ...message, step: body.at, body }], house.calendar.now(), house.world.random),
  )
  await triedAgain(1)
  const found = messagesIn(await house.as('owner').screen(), 'general').find((one) =>
    one.text.includes('kwc1.three.four'),
  )
  expect(found!.text).toContain('```\nkwc1.three.four\n```')
})

describe('beside a worker', () => {
  let before: TestHouse
  beforeAll(async () => {
    before = house
    await move(processRoles)
  })
  afterAll(async () => {
    await house.drop()
    house = before
  })

  test('where a plan has no charts the digest comes in words, and the critical alert behind it comes', async () => {
    const [keyId] = await plant(house.world, workspace.id, [{ name: 'Payroll export', endsInDays: 14 }])
    await use(house.world.db, [{ keyId: keyId!, at: house.calendar.now(), requests: 1_200 }])
    house.slack.refuseBlocks(['data_visualization', 'table'])
    house.calendar.advance({ days: 5, minutes: 0 })
    await house.keywarden.runTimetable()
    const expiresAt = new Date(house.calendar.now().getTime() + 20 * 3_600_000)
    await lookedAt({ name: 'Ends tomorrow', expiresAt })
    expect(said(await inChannel('Ends tomorrow stops working'))).toContain('never used')
    const digest = await inChannel('open finding')
    expect(digest.blocks).toEqual([])
    const words = said(digest)
    expect(words).toMatch(/1,200 requests with 1 key, .*By day: Mon 0, Tue 0, Wed 1,200/)
    expect(words).toMatch(/🔵 Notice · <http[^|>]+\|Payroll export> stops working within 14 days/)
    expect(words).toContain('Payroll export · 1,200 · 0 · 100%')
    const [whole, plainly] = await calls('chat.postMessage', 'open finding')
    expect([whole!.reply.error, plainly!.reply.ok]).toEqual(['invalid_blocks', true])
    house.slack.refuseBlocks([])
  })

  describe('a message that failed', () => {
    const at = async (path: string) => (await fetchOperations(`${house.keywarden.url}${path}`)).text()
    const failed =
      /Slack refused 1 message, and nobody read it\. The last, of .* to #security-alerts: invalid_blocks/

    test('is counted by a scrape and named by /readyz, which stays ready', async () => {
      await refuse('invalid_blocks', 'Counted', { times: 2 })
      await alertAbout('Counted')
      await expect.poll(async () => (await failedMessages()).length).toBe(1)
      expect(await at('/metrics')).toContain('\nkeywarden_messages{state="failed"} 1\n')
      expect(JSON.parse(await at('/readyz'))).toMatchObject({
        status: 'ready',
        failed: [
          expect.stringMatching(/^1 message was refused for good and nobody read it; .* invalid_blocks/),
        ],
      })
    })

    test('stands on Home of owners and of nobody else', async () => {
      const home = async (person: 'owner' | 'manager') => {
        await house.as(person).home()
        return (await homeWith(house.as(person), /Needs attention/)).blocks
      }
      expect(said(await home('owner'))).toMatch(failed)
      expect(said(await home('manager'))).not.toMatch(failed)
    })

    test('is sent again by an owner once Slack takes it, as the audit says', async () => {
      const owner = house.as('owner')
      const home = (await owner.screen()).home!
      await owner.click({ at: { view: home.id }, ...findButton(home.blocks, 'Send again')! })
      await inChannel('Counted stops working')
      expect(await failedMessages()).toEqual([])
      const [event] = await house.world.db('audit_events').where({ event: 'message.sent-again' })
      expect(event).toMatchObject({ body: expect.stringContaining('"details":{"messages":1}') })
    })
  })
})
