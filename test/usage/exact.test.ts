import { parse } from 'csv-parse/sync'
import pMap from 'p-map'
import { expect, test } from 'vitest'
import { weekOfUse } from '../../src/findings/digest-use.ts'
import { readPolicy } from '../../src/policy/policy.ts'
import { last24hOf } from '../../src/usage/last-24h.ts'
import { type Range, ranges } from '../../src/usage/range.ts'
import { recentOf } from '../../src/usage/recent.ts'
import { exportUsage } from '../../src/usage/reports/export.ts'
import { workspaceSummaryOf } from '../../src/usage/reports/workspace.ts'
import { summaryOf } from '../../src/usage/summary.ts'
import { counted, house, makeKey, openDialog, submitAndSee, useHouse } from '../setup/house.ts'

useHouse()

type Answers = { requests: number; refused: number; endpoints: Map<string, number> }

/** The platform's own count of its verifications of a key: it answers 404 without one. */
function answersTo(token: string): Answers {
  const answers: Answers = { requests: 0, refused: 0, endpoints: new Map() }
  for (const [whom, times] of house.platform.answeredTo) {
    const [key, method, path, status] = whom.split(' ') as [string, string, string, string]
    if (key !== token || status === '404') continue
    answers.requests += times
    if (status !== '200') answers.refused += times
    const endpoint = `${method} ${path}`
    answers.endpoints.set(endpoint, (answers.endpoints.get(endpoint) ?? 0) + times)
  }
  return answers
}

async function call(token: string, method: string, path: string): Promise<void> {
  const response = await fetch(house.platform.url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, 'user-agent': 'crm-sync/2.1' },
  })
  await response.arrayBuffer()
}

const idOf = async (name: string): Promise<string> =>
  (await house.world.db('keys').where({ name }).first('id')).id

/** Every place that shows numbers of these keys says what the platform counted. */
async function expectExact(tokens: ReadonlyMap<string, string>, range: Range): Promise<void> {
  await house.platform.report()
  const { db, clock } = house.world
  const now = clock.now()
  const all = { requests: 0, refused: 0 }
  const [workspace] = await db('workspaces').limit(1).pluck('id')
  let text = ''
  const from = new Date(now.getTime() - 100 * 86_400_000)
  for await (const piece of exportUsage(db, { workspaceIds: [workspace], from, to: now, step: 'day' }))
    text += piece
  const lines: Record<string, string>[] = parse(text, { bom: true, columns: true })
  for (const [name, token] of tokens) {
    const keyId = await idOf(name)
    const { requests, refused, endpoints } = answersTo(token)
    expect(requests).toBeGreaterThan(0)
    const summary = await summaryOf(db, keyId, range, now)
    expect(summary.totals).toEqual({ requests, refused, outcomes: requests - refused, failed: 0 })
    expect(new Map(summary.endpoints.map((one) => [one.endpoint, one.requests]))).toEqual(endpoints)
    expect((await db('key_usage').where({ key_id: keyId }).first()).requests).toBe(requests)
    const ofKey = lines.filter((line) => line.key_id === keyId)
    expect(ofKey.reduce((sum, line) => sum + Number(line.requests), 0)).toBe(requests)
    all.requests += requests
    all.refused += refused
  }
  const summary = await workspaceSummaryOf(db, workspace, range, now)
  expect(summary.totals).toMatchObject(all)
  const digest = await weekOfUse(db, { id: workspace, policy: readPolicy({}) }, mondayAfter)
  expect(digest.requests).toBe(all.requests)
  const sum = (part: 'ok' | 'refused' | 'failed') => digest.days.reduce((total, day) => total + day[part], 0)
  expect([sum('refused'), sum('ok') + sum('failed')]).toEqual([all.refused, all.requests - all.refused])
}

/** The house's calendar begins on a Wednesday; all requests of these tests are in the week before this day. */
const mondayAfter = '2026-11-30'

test('every number shown is the one that the platform counted for itself, to the last request', async () => {
  const owner = house.as('owner')
  const tokens = new Map<string, string>()
  for (const name of ['Salesforce CRM', 'HubSpot export']) tokens.set(name, await makeKey(owner, { name }))
  const calls = [...tokens.values()].flatMap((token, which) =>
    Array.from(
      { length: 150 + which * 37 },
      (_, i) => () =>
        call(
          token,
          i % 7 === 0 ? 'POST' : 'GET',
          ['/v1/contacts', '/v1/conversations', '/v1/nowhere'][i % 3]!,
        ),
    ),
  )
  await pMap(calls, (send) => send(), { concurrency: 20 })
  await house.platform.report()
  const dialog = await openDialog(owner, 'revoke HubSpot export')
  await submitAndSee(owner, dialog, { confirm: 'HubSpot export' })
  for (let i = 0; i < 20; i++) await call(tokens.get('HubSpot export')!, 'GET', '/v1/agents')
  const answered = [...tokens.values()].reduce((sum, token) => sum + answersTo(token).requests, 0)
  await counted(house, answered)
  for (const range of ranges) await expectExact(tokens, range)
  for (const [name, token] of tokens) {
    const lastDay = await last24hOf(house.world.db, await idOf(name), house.world.clock.now())
    expect(lastDay.requests).toBe(answersTo(token).requests)
  }
  const recent = await recentOf(house.world.db, await idOf('HubSpot export'), house.world.clock.now())
  expect(recent.slice(0, 20).map(({ code, client }) => [code, client])).toEqual(
    Array.from({ length: 20 }, () => ['REVOKED', 'crm-sync']),
  )

  // Three days later hours and days are summed up, and more comes on top.
  house.calendar.advance({ days: 3, minutes: 20 })
  await house.keywarden.runTimetable()
  expect(await house.world.db('usage_days').count()).not.toEqual([{ count: 0 }])
  for (let i = 0; i < 30; i++) await call(tokens.get('Salesforce CRM')!, 'GET', '/v1/contacts')
  await counted(house, answered + 30)
  for (const range of ranges.filter((one) => one !== '24h')) await expectExact(tokens, range)
  const day = await summaryOf(house.world.db, await idOf('Salesforce CRM'), '24h', house.world.clock.now())
  expect(day.totals.requests).toBe(30)
})
