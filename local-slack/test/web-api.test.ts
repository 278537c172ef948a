import { LogLevel, WebClient } from '@slack/web-api'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Calendar } from '../contract.ts'
import { advance, calls, fault, person, runAction } from '../person.ts'
import type { LocalSlack } from '../slack.ts'
import { ada, bruno, general, plain, security, startProbe } from './bolt.ts'

const stranger = 'U0IVO00009'
let slack: LocalSlack
let client: WebClient
let now = new Date('2027-03-01T09:00:00Z')

beforeEach(async () => {
  now = new Date('2027-03-01T09:00:00Z')
  slack = await startProbe({
    clock: { now: () => now },
    async onAdvance({ days, minutes }) {
      now = new Date(now.getTime() + days * 86_400_000 + minutes * 60_000)
    },
  })
  client = clientWith(slack.botToken)
})
afterEach(() => slack.close())

function clientWith(token: string | undefined): WebClient {
  return new WebClient(token, {
    slackApiUrl: slack.apiUrl,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    logLevel: LogLevel.ERROR,
  })
}

describe('who may ask', () => {
  test('no token, a wrong one, a method that is not there, a scope that is missing', async () => {
    await expect(clientWith(undefined).auth.test()).rejects.toThrow('not_authed')
    await expect(clientWith('xoxb-other').auth.test()).rejects.toThrow('invalid_auth')
    await expect(client.apiCall('keys.revoke')).rejects.toThrow('unknown_method')
    await expect(client.team.info()).rejects.toMatchObject({
      data: { error: 'missing_scope', needed: 'team:read' },
    })
    const { ok, user_id, response_metadata } = await client.auth.test()
    expect({ ok, user_id }).toEqual({ ok: true, user_id: slack.botUserId })
    expect(response_metadata!.scopes).toContain('chat:write')
  })

  test('an uninstalled app is told so', async () => {
    await slack.uninstall()
    await expect(client.auth.test()).rejects.toThrow('account_inactive')
  })

  test('JSON bodies are as good as forms', async () => {
    const response = await fetch(`${slack.apiUrl}chat.postMessage`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${slack.botToken}`,
        'content-type': 'application/json; charset=utf-8',
      },
      body: JSON.stringify({
        channel: general,
        text: 'hi',
        blocks: [{ type: 'section', text: plain('hi') }],
      }),
    })
    expect(await response.json()).toMatchObject({ ok: true, message: { blocks: [{ type: 'section' }] } })
  })
})

describe('where a message may go', () => {
  test.each([
    ['a channel that the bot is not in', 'C0RANDOM01', 'not_in_channel'],
    ['a private channel that it is not in', 'C0LEADS001', 'channel_not_found'],
    ['an archived channel', 'C0OLDNEWS1', 'is_archived'],
    ['nowhere', 'C0NOWHERE0', 'channel_not_found'],
  ])('not to %s', async (_where, channel, error) => {
    await expect(client.chat.postMessage({ channel, text: 'hi' })).rejects.toThrow(error)
  })

  test('to a channel by name, and to a person, whose screen alone shows it', async () => {
    await client.chat.postMessage({ channel: '#security-alerts', text: 'to all' })
    await client.chat.postMessage({ channel: bruno, text: 'to Bruno' })
    const his = await person(slack.url, bruno).screen()
    const hers = await person(slack.url, ada).screen()
    const texts = (screen: typeof his) =>
      Object.values(screen.messages)
        .flat()
        .map((one) => one.text)
    expect(texts(his).sort()).toEqual(['to Bruno', 'to all'])
    expect(texts(hers)).toEqual(['to all'])
  })

  test('an ephemeral message reaches a member of the channel only, and is gone after a reload', async () => {
    const post = (user: string) => client.chat.postEphemeral({ channel: security, user, text: 'secret' })
    await expect(post(stranger)).rejects.toThrow('user_not_in_channel')
    await post(ada)
    const seen = async (id: string) => (await person(slack.url, id).screen()).messages[security]
    expect(await seen(ada)).toMatchObject([{ text: 'secret', ephemeral: true }])
    expect(await seen(bruno)).toEqual([])
    slack.reload(ada)
    expect(await seen(ada)).toEqual([])
  })

  test('an empty message goes nowhere', async () => {
    await expect(client.chat.postMessage({ channel: general, text: '' })).rejects.toThrow('no_text')
  })
})

describe('messages', () => {
  test('keep their order and are unique though the calendar stands still or goes back', async () => {
    const first = await client.chat.postMessage({ channel: general, text: '1' })
    now = new Date('2026-01-01T00:00:00Z')
    const second = await client.chat.postMessage({ channel: general, text: '2' })
    expect(Number(second.ts)).toBeGreaterThan(Number(first.ts))
    expect(first.ts).toMatch(/^1803891600\.\d{6}$/)
  })

  test('hold a thread whose parent counts its replies, and a tombstone when it is deleted', async () => {
    const { ts } = await client.chat.postMessage({ channel: general, text: 'parent' })
    const reply = (text: string, reply_broadcast: boolean) =>
      client.chat.postMessage({ channel: general, thread_ts: ts!, text, reply_broadcast })
    await reply('quiet', false)
    await reply('loud', true)
    const { messages } = await client.conversations.history({ channel: general })
    expect(messages!.map((one) => one.text)).toEqual(['loud', 'parent'])
    expect(messages![1]).toMatchObject({ reply_count: 2 })
    await client.chat.delete({ channel: general, ts: ts! })
    const thread = await client.conversations.replies({ channel: general, ts: ts! })
    expect(thread.messages!.map((one) => one.text)).toEqual(['This message was deleted.', 'quiet', 'loud'])
  })

  test('lose their blocks to a new text alone, and are marked as edited only then', async () => {
    const blocks = [{ type: 'divider' as const }]
    const seen = async () => (await person(slack.url, ada).screen()).messages[general]!.at(-1)!
    const { ts } = await client.chat.postMessage({ channel: general, text: 'a', blocks })
    await client.chat.update({ channel: general, ts: ts!, text: 'b', blocks })
    expect(await seen()).toMatchObject({ text: 'b', edited: false, blocks: [{ type: 'divider' }] })
    await client.chat.update({ channel: general, ts: ts!, text: 'c' })
    expect(await seen()).toMatchObject({ text: 'c', edited: true, blocks: [] })
  })

  test("can be changed only by their author, and not once they're gone", async () => {
    await person(slack.url, ada).say({ channel: general, text: 'mine' })
    const mine = (await person(slack.url, ada).screen()).messages[general]!.at(-1)!
    const update = (ts: string) => client.chat.update({ channel: general, ts, text: 'yours' })
    await expect(update(mine.ts)).rejects.toThrow('cant_update_message')
    await expect(update('1.000000')).rejects.toThrow('message_not_found')
    const { ts } = await client.chat.postMessage({ channel: general, text: 'a' })
    await update(ts!)
    await client.chat.delete({ channel: general, ts: ts! })
    await expect(update(ts!)).rejects.toThrow('message_not_found')
  })

  test('carry metadata, which the history gives back when asked', async () => {
    const metadata = { event_type: 'alert', event_payload: { outbox: 'O1' } }
    await client.chat.postMessage({ channel: general, text: 'a', metadata })
    const ask = (include_all_metadata: boolean) =>
      client.conversations.history({ channel: general, include_all_metadata, limit: 1 })
    expect((await ask(true)).messages![0]!.metadata).toEqual(metadata)
    expect((await ask(false)).messages![0]!.metadata).toBeUndefined()
  })

  test('more than the limit a second are told to wait', async () => {
    slack.limitPosts({ perSecond: 1, burst: 2 })
    const post = (channel: string) => client.chat.postMessage({ channel, text: 'a' })
    await post(general)
    await post(general)
    await expect(post(general)).rejects.toMatchObject({ retryAfter: 1 })
    await expect(post(security)).resolves.toMatchObject({ ok: true })
  })
})

describe('people and channels', () => {
  test('users.info says of each what they are', async () => {
    const info = async (user: string) => (await client.users.info({ user })).user!
    expect(await info(ada)).toMatchObject({ is_primary_owner: true, is_owner: true, is_admin: true })
    expect(await info(bruno)).toMatchObject({ is_admin: false, is_restricted: false, tz: 'Europe/Lisbon' })
    expect(await info('U0HANA0008')).toMatchObject({ is_restricted: true })
    const foreign = await info(stranger)
    expect(foreign).toMatchObject({ is_stranger: true })
    expect(foreign.team_id).not.toBe(slack.teamId)
    expect(await info(slack.botUserId)).toMatchObject({ is_bot: true })
    expect((await info(bruno)).profile!.email).toBe('bruno@acme.example')
    await expect(info('U0NOBODY00')).rejects.toThrow('user_not_found')
  })

  test('lists come in pages', async () => {
    const ids: string[] = []
    for await (const page of client.paginate('users.list', { limit: 4 })) {
      ids.push(...(page as unknown as { members: { id: string }[] }).members.map((one) => one.id))
    }
    expect(ids).toEqual(slack.people().map((one) => one.id))
  })

  test('a shared or archived channel says so, and the bot is out when it was removed', async () => {
    const info = async (channel: string) => (await client.conversations.info({ channel })).channel
    expect(await info('C0GLOBEX01')).toMatchObject({ is_ext_shared: true, is_archived: false })
    await slack.archiveChannel(security)
    expect(await info(security)).toMatchObject({ is_archived: true, is_member: true })
    await slack.removeFromChannel(general, slack.botUserId)
    await expect(client.chat.postMessage({ channel: general, text: 'a' })).rejects.toThrow('not_in_channel')
  })
})

describe('faults', () => {
  const post = () => client.chat.postMessage({ channel: general, text: 'once' })
  const posted = async () => (await person(slack.url, ada).screen()).messages[general]!.length

  test.each([
    ['drop_before', 0],
    ['drop_after', 1],
    ['server_error', 0],
    ['error', 0],
  ] as const)('%s fails the call and leaves %i messages', async (kind, left) => {
    await fault(slack.url, { method: 'chat.postMessage', times: 1, kind, error: 'fatal_error' })
    await expect(post()).rejects.toThrow()
    expect(await posted()).toBe(left)
    await post()
    expect(await posted()).toBe(left + 1)
  })

  test('late answers with what was so when it was asked, slow with what is so by then', async () => {
    const usersBy = async (kind: 'late' | 'slow', change: readonly string[]) => {
      await fault(slack.url, { method: 'usergroups.users.list', times: 1, kind, afterMs: 300 })
      const before = (await calls(slack.url)).length
      const answer = client.usergroups.users.list({ usergroup: 'S0PLATFORM' })
      await expect.poll(async () => (await calls(slack.url)).length).toBe(before + 1)
      await slack.setUsergroup('S0PLATFORM', change)
      return (await answer).users
    }
    await slack.setUsergroup('S0PLATFORM', [ada])
    expect(await usersBy('late', [])).toEqual([ada])
    expect(await usersBy('slow', [ada])).toEqual([ada])
  })

  test('ratelimited names its wait, and hang never answers', async () => {
    await fault(slack.url, {
      method: 'chat.postMessage',
      times: 1,
      kind: 'ratelimited',
      retryAfterSeconds: 7,
    })
    await expect(post()).rejects.toMatchObject({ retryAfter: 7 })
    await fault(slack.url, { method: 'chat.postMessage', times: 1, kind: 'hang' })
    const hasty = new WebClient(slack.botToken, {
      slackApiUrl: slack.apiUrl,
      retryConfig: { retries: 0 },
      timeout: 100,
      logLevel: LogLevel.ERROR,
    })
    await expect(hasty.chat.postMessage({ channel: general, text: 'a' })).rejects.toThrow('timeout')
    expect(await posted()).toBe(0)
  })

  test('an error says what Slack says beside it, and meets the calls that it is about', async () => {
    await fault(slack.url, {
      method: 'chat.postMessage',
      times: 1,
      kind: 'error',
      error: 'invalid_blocks',
      messages: ['[ERROR] must be more than 0 characters [json-pointer:/blocks/0/text/text]'],
      about: 'twice',
    })
    await post()
    await expect(client.chat.postMessage({ channel: general, text: 'twice' })).rejects.toMatchObject({
      data: {
        error: 'invalid_blocks',
        response_metadata: { messages: [expect.stringContaining('more than 0 characters')] },
      },
    })
    await client.chat.postMessage({ channel: general, text: 'twice' })
    expect(await posted()).toBe(2)
  })

  test('a workspace without some blocks refuses messages that hold them, at any depth, as Slack does', async () => {
    const task = { type: 'task_card' as const, task_id: 'one', title: 'One' }
    const plan = { type: 'plan' as const, title: 'All', tasks: [task] }
    const blocks = [{ type: 'divider' as const }, plan]
    const sent = () => client.chat.postMessage({ channel: general, text: 'once', blocks })
    const { ts } = await sent()
    for (const [type, path] of [
      ['plan', '/blocks/1'],
      ['task_card', '/blocks/1/tasks/0'],
    ]) {
      slack.refuseBlocks([type!])
      const problem = `unsupported type: ${type} [json-pointer:${path}/type]`
      const refusal = {
        data: {
          error: 'invalid_blocks',
          errors: [problem],
          response_metadata: { messages: [`[ERROR] ${problem}`] },
        },
      }
      await expect(sent()).rejects.toMatchObject(refusal)
      await expect(
        client.chat.update({ channel: general, ts: ts!, text: 'once', blocks }),
      ).rejects.toMatchObject(refusal)
    }
    expect(await posted()).toBe(1)
    await client.chat.postMessage({ channel: general, text: 'in words' })
    slack.refuseBlocks([])
    await sent()
    expect(await posted()).toBe(3)
  })

  test('every call is on record with its arguments and reply, without the token', async () => {
    const blocks = [{ type: 'divider' as const }]
    await client.chat.postMessage({ channel: general, text: 'once', blocks })
    const [call] = await calls(slack.url, 'chat.postMessage')
    expect(call).toMatchObject({ args: { channel: general, text: 'once', blocks }, reply: { ok: true } })
    expect(JSON.stringify(call)).not.toContain(slack.botToken)
  })
})

test('the calendar moves when asked, and screens show it', async () => {
  const before = await person(slack.url, ada).screen()
  const moved = await advance(slack.url, { advanceDays: 90 })
  expect(moved).toEqual({ now: '2027-05-30T09:00:00.000Z' })
  const after = await person(slack.url, ada).screen(before.version)
  expect(after.now).toBe(moved.now)
})

test('the button that is offered on the page is named beside the calendar, and does its work', async () => {
  await expect(runAction(slack.url)).rejects.toThrow('No action is offered here')
  const calendar = async () => (await (await fetch(`${slack.url}/calendar`)).json()) as Calendar
  expect(await calendar()).toEqual({ now: now.toISOString() })
  let ran = 0
  slack.offerAction({
    label: 'Break a thing',
    minutes: 5,
    async run() {
      ran += 1
    },
  })
  expect((await calendar()).action).toEqual({ label: 'Break a thing', minutes: 5 })
  await runAction(slack.url)
  expect(ran).toBe(1)
})

test('who waits in vain is shown what the person does see', async () => {
  await client.chat.postMessage({ channel: security, text: 'A key is idle' })
  const waiting = person(slack.url, ada).waitFor((screen) => screen.modals[0], 0.2)
  await expect(waiting).rejects.toThrow(/ada at [\s\S]*#security-alerts Probe: A key is idle/)
})

test('a method with a limit of its own answers 429 above it, and others go on', async () => {
  slack.limitMethod('chat.update', { perMinute: 2 })
  const { channel, ts } = await client.chat.postMessage({ channel: general, text: 'one' })
  const edit = () => client.chat.update({ channel: channel!, ts: ts!, text: 'two' })
  await edit()
  await edit()
  await expect(edit()).rejects.toMatchObject({ retryAfter: 30 })
  expect((await client.chat.postMessage({ channel: general, text: 'three' })).ok).toBe(true)
})
