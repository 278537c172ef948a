import { parse } from 'csv-parse/sync'
import type { Message } from 'local-slack/contract'
import { controlsIn, findButton, messagesIn, textOf } from 'local-slack/inspect'
import sharp from 'sharp'
import { beforeAll, expect, test, vi } from 'vitest'
import { recentOf } from '../../src/usage/recent.ts'
import {
  answerTo,
  counted,
  general,
  house,
  makeKey,
  openDialog,
  people,
  press,
  said,
  submitAndSee,
  useHouse,
} from '../setup/house.ts'
import { chooseFromMenu, dialogWith, directMessages, received } from '../setup/seen.ts'

let token: string
let tally: Tally

/** The platform's own count of the key's requests. */
type Tally = { requests: number; refused: number; failed: number; endpoints: Map<string, number> }
function counts(): Tally {
  const sums: Tally = { requests: 0, refused: 0, failed: 0, endpoints: new Map() }
  for (const [whom, times] of house.platform.answeredTo) {
    const [key, method, path, status] = whom.split(' ') as [string, string, string, string]
    if (key !== token) continue
    sums.requests += times
    if (status === '401' || status === '403') sums.refused += times
    if (status === '404' || status === '500') sums.failed += times
    sums.endpoints.set(`${method} ${path}`, (sums.endpoints.get(`${method} ${path}`) ?? 0) + times)
  }
  return sums
}

const call = async (method: string, path: string, ip: string, userAgent: string): Promise<number> => {
  const headers = { authorization: `Bearer ${token}`, 'x-forwarded-for': ip, 'user-agent': userAgent }
  const response = await fetch(house.platform.url + path, { method, headers })
  await response.arrayBuffer()
  return response.status
}

useHouse()
beforeAll(async () => {
  const manager = house.as('manager')
  token = await makeKey(manager, { name: 'Salesforce CRM' })
  // The key and the credential are read once before all come.
  expect(await call('GET', '/v1/contacts/0', '203.0.113.7', 'python-requests/2.31')).toBe(200)
  await Promise.all([
    ...Array.from({ length: 22 }, (_, i) =>
      call('GET', `/v1/contacts/${i + 1}`, '203.0.113.7', 'python-requests/2.31'),
    ),
    ...Array.from({ length: 4 }, () =>
      call('GET', '/v1/contacts/missing', '203.0.113.9', 'python-requests/2.31'),
    ),
    call('GET', '/v1/agents/broken', '2001:db8::1', 'curl/8.5.0'),
    ...Array.from({ length: 3 }, () => call('POST', '/v1/contacts', '198.51.100.1', 'curl/8.5.0')),
  ])
  tally = counts()
  await house.platform.report()
  await counted(house, tally.requests)
  // The outcomes of the last requests are written a moment later than their number.
  const { db, clock } = house.world
  const { id } = await db('keys').first('id')
  const isReported = async () => (await recentOf(db, id, clock.now())).some(({ code }) => code === '500')
  await vi.waitFor(async () => expect(await isReported()).toBe(true), 40_000)
})

const isPanel = (message: Message) => findButton(message.blocks, 'Export CSV') !== undefined

/** The latest panel in the direct messages, once it says this. */
const panelThat = (says: string | RegExp): Promise<Message> =>
  house
    .as('manager')
    .waitFor((screen) =>
      directMessages(screen).findLast((one) => isPanel(one) && new RegExp(says).test(said(one))),
    )

const pictureOf = (message: Message) =>
  message.blocks.find((block) => block.type === 'image') as unknown as
    | { slack_file: { id: string; hidden?: boolean }; alt_text: string }
    | undefined

test('what the panel says is what the platform counted, to the last request', async () => {
  const answer = await answerTo(house.as('manager'), 'usage Salesforce CRM')
  expect(tally).toMatchObject({ requests: 31, refused: 3, failed: 5 })
  expect(said(answer)).toContain(`${tally.requests} requests in the last 7 days, none in the 7 days before.`)
  const panel = await panelThat('Salesforce CRM')
  const words = said(panel)
  const { requests, refused, failed } = tally
  const answers = requests - refused
  expect(words).toContain(`${requests} requests in the last 7 days`)
  expect(words).toContain(
    `${answers - failed} of ${requests} requests succeeded; ${failed} failed, ${refused} were refused.`,
  )
  expect(pictureOf(panel)!.alt_text).toContain(
    `succeeded ${answers - failed}, refused ${refused}, failed ${failed}.`,
  )
  const contacts = [...tally.endpoints].filter(([name]) => /GET \/v1\/contacts\/./.test(name))
  const sum = contacts.reduce((all, [, n]) => all + n, 0)
  expect(words).toContain(`GET /v1/contacts/{id} ${sum} ( 87% )`)
  expect(words).toContain('POST /v1/contacts 3 ( 9.7% ), 3 refused')
  expect(words).toMatch(/First used on .*, last on /s)
  expect(words).toMatch(/From 3 networks:\s+203\.0\.113\.0\/24\s+87%/)
  expect(words).toMatch(/By 2 clients:\s+python-requests\s+87%\s*,\s+curl\s+13%/)
})

test('the last requests stand in a table: outcome, endpoint, network, client', async () => {
  const panel = await panelThat('Salesforce CRM')
  const table = panel.blocks.find((block) => block.type === 'table')!
  expect(table.rows).toHaveLength(9)
  const cells = textOf([table])
  expect(cells).toContain('Last requests\nOutcome\nEndpoint\nNetwork\nClient')
  expect(cells).toMatch(/(200 succeeded|404 failed)\nGET .*\n203\.0\.113\.0\/24\npython-requests/)
})

test('the picture is one that the asker can see, and the channel holds none of it', async () => {
  const panel = await panelThat('Salesforce CRM')
  const { slack_file } = pictureOf(panel)!
  expect(slack_file.hidden).toBeUndefined()
  const file = await fetch(`${house.slack.url}/files/${slack_file.id}`)
  expect((await sharp(Buffer.from(await file.arrayBuffer())).metadata()).format).toBe('png')
  const others = await house.as('member').screen()
  expect(JSON.stringify(others)).not.toContain(slack_file.id)
  const answer = messagesIn(await house.as('manager').screen(), general).at(-1)!
  expect(answer.ephemeral).toBe(true)
  expect(answer.blocks.some((block) => block.type === 'image')).toBe(false)
})

test.each([
  ['24 hours', 31],
  ['90 days', 31],
])('another range takes the place of the one shown:%s', async (range, requests) => {
  const before = await panelThat('Salesforce CRM')
  await press(house.as('manager'), before, range)
  const panel = await panelThat(`${requests} requests in the last ${range}`)
  expect(panel.ts).toBe(before.ts)
  expect(pictureOf(panel)!.alt_text).toContain(`last ${range}`)
  expect(directMessages(await house.as('manager').screen()).filter(isPanel)).toHaveLength(1)
})

test('a range can be typed, with a hint instead of a name', async () => {
  const { hint } = await house.world.db('keys').first('hint')
  const manager = house.as('manager')
  const before = await panelThat('Salesforce CRM')
  const answer = await answerTo(manager, `usage ${hint} 30d`)
  expect(said(answer)).toContain('31 requests in the last 30 days')
  expect((await panelThat('31 requests in the last 30 days')).ts).toBe(before.ts)
})

test('however often and wherever it is asked for, a key has one panel: it is edited, and the answer links to it', async () => {
  const manager = house.as('manager')
  const dm = house.slack.dmOf(people.manager).id
  const panel = await panelThat('Salesforce CRM')
  const link = new RegExp(`/archives/${dm}/p${panel.ts.replace('.', '')}`)
  const answer = await answerTo(manager, 'usage Salesforce CRM 24h')
  expect(JSON.stringify(answer.blocks)).toMatch(link)
  // Also where it stands further up.
  await manager.command({ channel: dm, text: '/keys usage Salesforce CRM 7d' })
  await manager.waitFor((screen) =>
    messagesIn(screen, dm).find((one) => one.ephemeral && link.test(JSON.stringify(one.blocks))),
  )
  expect(directMessages(await manager.screen()).filter(isPanel)).toHaveLength(1)
  // One that somebody deleted is posted anew.
  await house.world.db('usage_panels').update({ ts: '1.000001' })
  await answerTo(manager, 'usage Salesforce CRM 24h')
  await vi.waitFor(
    async () => expect(directMessages(await manager.screen()).filter(isPanel)).toHaveLength(2),
    40_000,
  )
})

test('all recent requests can be paged, each on one page, the latest first', async () => {
  const manager = house.as('manager')
  const dm = house.slack.dmOf(people.manager).id
  await press(manager, await panelThat('Salesforce CRM'), 'All 31 recent requests')
  const pageThat = (words: string) =>
    manager.waitFor((screen) => messagesIn(screen, dm).findLast((one) => said(one).includes(words)))
  const rowsOf = (page: Message) => page.blocks.find((block) => block.type === 'table')!.rows.slice(1)
  const first = await pageThat('requests 1-20 of the last 31')
  expect(rowsOf(first)).toHaveLength(20)
  expect(findButton(first.blocks, 'Newer')).toBeUndefined()
  await press(manager, first, 'Older')
  const last = await pageThat('requests 21-31 of the last 31')
  expect(last.ts).toBe(first.ts)
  expect(rowsOf(last)).toHaveLength(11)
  expect(findButton(last.blocks, 'Older')).toBeUndefined()
  await press(manager, last, 'Newer')
  expect(rowsOf(await pageThat('requests 1-20 of the last 31'))).toEqual(rowsOf(first))
})

test('View usage in the list leads there', async () => {
  const manager = house.as('manager')
  const list = await answerTo(manager, 'list')
  await panelThat('last 24 hours')
  await chooseFromMenu(manager, list, 'Salesforce CRM', 'View usage')
  await panelThat('last 7 days')
})

test('the export is a file for the asker alone, and its columns add up to what the platform counted', async () => {
  const manager = house.as('manager')
  await press(manager, await panelThat('Salesforce CRM'), 'Export CSV')
  const file = await manager.waitFor(
    (screen) => directMessages(screen).findLast((one) => one.files)?.files?.[0],
  )
  expect(file.name).toMatch(/^usage-tml_\w{4}-(24h|7d|30d|90d)\.csv$/)
  const rows: Record<string, string>[] = parse(await (await fetch(file.url)).text(), {
    bom: true,
    columns: true,
  })
  const sum = (column: string) => rows.reduce((all, row) => all + Number(row[column]), 0)
  expect(sum('requests')).toBe(tally.requests)
  expect(sum('refused')).toBe(tally.refused)
  expect(sum('outcomes')).toBe(tally.requests - tally.refused)
  expect(sum('failed')).toBe(tally.failed)
})

test('before a key is paused, ended or rotated, what hangs on it is said: the last 24 hours, from where, the last use, who has it', async () => {
  const manager = house.as('manager')
  const holders = await openDialog(manager, 'holders Salesforce CRM')
  await submitAndSee(manager, holders, { person: people.member, why: 'On call in October' })
  await manager.close(holders.id)
  for (const verb of ['deactivate', 'revoke', 'rotate']) {
    const dialog = await openDialog(manager, `${verb} Salesforce CRM`)
    const words = said(dialog.blocks)
    expect(words).toContain(`Held by ${people.manager}, ${people.member}.`)
    if (verb !== 'rotate')
      expect(words).toContain('refused at once, so the programs that send them will start failing.')
    expect(words.match(/requests in the last 24 hours/g)).toHaveLength(1)
    expect(words).toMatch(
      /31 requests in the last 24 hours, from( (203\.0\.113|198\.51\.100)\.0\/24,?| 2001:db8::\/48,?){3}/,
    )
    expect(words).toMatch(/31 requests so far, the last on/)
    await manager.close(dialog.id)
  }
})

test('what was done to the key is marked in its picture', async () => {
  const manager = house.as('manager')
  await submitAndSee(manager, await openDialog(manager, 'deactivate Salesforce CRM'), {})
  expect(await call('GET', '/v1/contacts', '203.0.113.7', 'python-requests/2.31')).toBe(401)
  tally = counts()
  await counted(house, tally.requests)
  await answerTo(manager, 'usage Salesforce CRM')
  const panel = await panelThat('4 were refused')
  expect(pictureOf(panel)!.alt_text).toMatch(/Revealed 2026-11-25.*Deactivated 2026-11-25/)
  expect(said(panel)).toContain('refused: paused')
})

test('a member sees the usage of their own keys, and of no others', async () => {
  const answer = await answerTo(house.as('member'), 'usage Salesforce CRM')
  expect(said(answer)).toMatch(/No (such key here|key is called)/)
})

test('a key that was never used says so, with nothing to draw', async () => {
  const manager = house.as('manager')
  await makeKey(manager, { name: 'Fresh' })
  const answer = await answerTo(manager, 'usage Fresh')
  expect(said(answer)).toContain('No request in the last 7 days, nor in the 7 days before.')
  const panel = await panelThat('Fresh')
  expect(said(panel)).toContain('Never used so far.')
  expect(pictureOf(panel)).toBeUndefined()
})

test('without a key the whole workspace: its busiest keys, the silent ones, and scopes that nobody needs', async () => {
  const manager = house.as('manager')
  const wide = await makeKey(manager, { name: 'Zendesk Sync', scopes: ['read', 'write'] })
  const silent = await makeKey(manager, { name: 'Old Widget' })
  expect(silent).not.toBe(wide)
  house.calendar.advance({ days: 8, minutes: 0 })
  const headers = { authorization: `Bearer ${wide}` }
  for (let i = 0; i < 7; i++) await fetch(`${house.platform.url}/v1/contacts`, { headers })
  await house.platform.report()
  await counted(house, tally.requests + 7)
  const answer = await answerTo(manager, 'usage')
  expect(said(answer)).toContain('7 requests in the last 7 days')
  const view = await received(manager, 'Usage of Platform')
  const words = said(view)
  expect(words).toContain(
    `7 requests in the last 7 days, ${Math.round((1 - 7 / tally.requests) * 100)}% less than in the 7 days before (${tally.requests}).`,
  )
  expect(words).toContain('1 key was used.')
  expect(words).toMatch(/Busiest keys Requests Refused Success rate Zendesk Sync 7 0 100%/)
  expect(words).toMatch(
    /2 active keys without a request in the last 7 days: .*(Fresh|Old Widget) \(never used\), .*(Fresh|Old Widget) \(never used\)/,
  )
  expect(words).toContain('1 key did not use all of its scopes in the last 30 days:')
  expect(words).toContain('Zendesk Sync used only read; write is unused.')
  expect(pictureOf(view)!.alt_text).toContain('succeeded 7, refused 0, failed 0')
  await press(manager, view, 'Rotate with changes')
  const form = await dialogWith(manager, 'Rotate key', 'Zendesk Sync')
  expect(said(form.blocks)).toContain('Scopes')
  await manager.close(form.id)
  await press(manager, view, '30 days')
  const month = await received(manager, `${tally.requests + 7} requests in the last 30 days`)
  expect(month.ts).toBe(view.ts)
  expect(said(month)).toContain('2 keys were used.')
})

test('a member who names no key is asked which of theirs', async () => {
  const answer = await answerTo(house.as('member'), 'usage')
  expect(said(answer)).not.toMatch(/requests/)
})

test('where files are not permitted everything is said in words, and the export comes as text', async () => {
  house.slack.withdrawScope('files:write')
  const manager = house.as('manager')
  await answerTo(manager, 'usage Salesforce CRM 30d')
  const panel = await panelThat(/[▁▂▃▄▅▆▇█]·* at most/)
  expect(pictureOf(panel)).toBeUndefined()
  expect(said(panel)).toContain(`${tally.requests} requests in the last 30 days`)
  await press(manager, panel, 'Export CSV')
  const text = await received(manager, 'at,workspace,key_id,key,endpoint,requests,refused')
  expect(said(text)).toContain('Slack does not let me upload files here')
  expect(controlsIn(text.blocks)).toEqual([])
})
