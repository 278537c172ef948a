import { parse } from 'csv-parse/sync'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { exportUsage } from '../../src/usage/reports/export.ts'
import { workspaceSummaryOf, workspaceTrafficOf } from '../../src/usage/reports/workspace.ts'
import { rollUp } from '../../src/usage/roll-up.ts'
import { scopeBits } from '../../src/verification/decide.ts'
import { exerciseOf, leastScopes } from '../../src/verification/exercised.ts'
import { defaultRows, scopeTable } from '../../src/verification/scope-table.ts'
import { plant } from '../setup/plant.ts'
import { openRecords, type Records } from '../setup/records.ts'
import { shell } from '../setup/shell.ts'
import { use } from '../setup/use.ts'

const dayMs = 86_400_000
let records: Records
let now: Date
let ids: Record<string, string>
const ago = (days: number) => new Date(now.getTime() - days * dayMs)
const routes = scopeTable(defaultRows)

beforeAll(async () => {
  records = await openRecords()
  now = records.calendar.now()
  const { world, workspace } = records
  const keys = [
    { name: 'Reader', scopes: ['read'] },
    { name: 'Writer that reads', scopes: ['read', 'write'] },
    { name: 'Writer that writes', scopes: ['read', 'write'] },
    { name: 'Talker', scopes: ['read', 'conversations'] },
    { name: 'Rough', scopes: ['read', 'write'] },
    { name: '=Silent(1)', scopes: ['write'] },
    { name: 'Never', scopes: ['read'] },
    { name: 'Ended', scopes: ['read'], status: 'revoked' as const },
  ].map((key) => ({ ...key, revealedAt: ago(60) }))
  const planted = await plant(world, workspace.id, keys)
  ids = Object.fromEntries(keys.map(({ name }, i) => [name, planted[i]!]))
  const once = (name: string, days: number, endpoint: string, requests = 1) => ({
    ...{ keyId: ids[name]!, at: ago(days), endpoint, requests },
  })
  await use(world.db, [
    once('Reader', 0, 'GET /v1/contacts', 50),
    once('Reader', 2, 'GET /v1/contacts', 50),
    once('Reader', 9, 'GET /v1/contacts', 11),
    once('Writer that reads', 1, 'scope:read', 7),
    { ...once('Writer that reads', 1, 'POST /v1/contacts', 3), refused: true },
    once('Writer that writes', 1, 'POST /v1/contacts', 2),
    once('Writer that writes', 1, 'GET /v1/contacts', 2),
    once('Talker', 1, 'POST /v1/conversations/{id}/messages', 1),
    once('Talker', 1, 'GET /v1/conversations/{id}', 1),
    once('Rough', 1, 'other', 1),
    { ...once('Ended', 1, 'GET /v1/contacts', 5), refused: true },
    { keyId: ids.Reader!, at: ago(1), endpoint: 'GET /v1/contacts', outcomes: 4, status: 5 },
  ])
  for (const [name, days] of [
    ['Reader', 0],
    ['Writer that reads', 1],
    ['Writer that writes', 1],
    ['Talker', 1],
    ['Rough', 1],
    ['=Silent(1)', 20],
  ] as const)
    await world.db('key_usage').insert({
      ...{ key_id: ids[name], requests: 1, first_used_at: ago(50), last_used_at: ago(days) },
    })
})
afterAll(() => records.drop())

test('a workspace shows its totals beside those before, its busiest keys and its silent ones', async () => {
  for (const isSummedUp of [false, true]) {
    if (isSummedUp) await rollUp(records.world.db, now)
    const summary = await workspaceSummaryOf(records.world.db, records.workspace.id, '7d', now)
    expect(summary.totals).toEqual({ requests: 122, refused: 8, outcomes: 4, failed: 4 })
    expect(summary.before.requests).toBe(11)
    expect(summary.keysUsed).toBe(6)
    expect(summary.top.map(({ name, requests }) => [name, requests])).toEqual([
      ['Reader', 100],
      ['Writer that reads', 10],
      ['Ended', 5],
      ['Writer that writes', 4],
      ['Talker', 2],
      ['Rough', 1],
    ])
    expect(summary.silent).toEqual({
      count: 2,
      keys: [
        { keyId: ids['=Silent(1)'], name: '=Silent(1)', lastUsedAt: ago(20) },
        { keyId: ids.Never, name: 'Never', lastUsedAt: undefined },
      ],
    })
    const days = await workspaceTrafficOf(records.world.db, records.workspace.id, ago(9), now, 'day')
    expect(days.reduce((sum, day) => sum + day.requests, 0)).toBe(133)
    expect(days.map((day) => day.at.getTime())).toEqual(days.map((day) => day.at.getTime()).sort())
  }
})

test('a workspace that nobody used says so in numbers', async () => {
  const summary = await workspaceSummaryOf(records.world.db, 'ws_none', '30d', now)
  expect(summary).toMatchObject({ totals: { requests: 0 }, keysUsed: 0, top: [], silent: { count: 0 } })
})

test('a write key that has only ever read is told from one that writes, and doubt is no suggestion', async () => {
  const period = { from: ago(30), to: now }
  const exercise = await exerciseOf(records.world.db, records.workspace.id, period, routes)
  expect(exercise.wide).toEqual({
    count: 2,
    keys: [
      {
        keyId: ids.Talker,
        name: 'Talker',
        scopes: ['read', 'conversations'],
        exercised: ['conversations'],
      },
      {
        keyId: ids['Writer that reads'],
        name: 'Writer that reads',
        scopes: ['read', 'write'],
        exercised: ['read'],
      },
    ],
  })
  expect(exercise.unknown).toBe(1)
  const scope = (name: string) => exercise.scopes.find((one) => one.scope === name)
  expect(scope('write')).toEqual({ scope: 'write', keys: 4, exercised: 1 })
  expect(scope('conversations')).toEqual({ scope: 'conversations', keys: 1, exercised: 1 })
  expect(scope('read')).toEqual({ scope: 'read', keys: 6, exercised: 3 })
})

test('the fewest scopes that explain all that a key did are found, the narrower ones first', () => {
  const needs = (...scopes: Parameters<typeof scopeBits>[0][]) => scopes.map((one) => scopeBits(one))
  expect(leastScopes(['read', 'write', 'agents'], needs(['write', 'agents'], ['read', 'agents']))).toEqual([
    'agents',
  ])
  expect(leastScopes(['read', 'write'], needs(['read'], ['write']))).toEqual(['read', 'write'])
  expect(leastScopes(['read', 'write'], [])).toEqual([])
  expect(leastScopes(['read', 'write'], [undefined])).toBeUndefined()
  expect(leastScopes(['read'], needs(['agents']))).toBeUndefined()
})

async function pieces(from: AsyncGenerator<string>): Promise<string> {
  let text = ''
  for await (const piece of from) text += piece
  return text
}

test('an export has a line per key, day and endpoint, adds up to what is shown, and holds no formula', async () => {
  const { db } = records.world
  const whose = { workspaceIds: [records.workspace.id], from: ago(30), to: now }
  const text = await pieces(exportUsage(db, { ...whose, step: 'day' }))
  expect(text.startsWith('\ufeffat,workspace,key_id,key,endpoint,requests,')).toBe(true)
  const lines: Record<string, string>[] = parse(text, { bom: true, columns: true })
  const sum = lines.reduce((total, line) => total + Number(line.requests), 0)
  expect(sum).toBe(133)
  expect(lines.filter(({ key }) => key === 'Reader')).toHaveLength(4)
  await use(db, [{ keyId: ids['=Silent(1)']!, at: ago(0.01), requests: 1 }])
  const one = await pieces(exportUsage(db, { ...whose, keyId: ids['=Silent(1)']!, step: 'hour' }))
  expect(one.split('\r\n')[1]).toContain(`,'=Silent(1),other,1,0,0,0`)
})

test('the shell exports the use of one key or of all, by day or hour', async () => {
  const env = { DATABASE_URL: records.database.url }
  const one = await shell(['usage', 'export', '--key', 'Talker'], env)
  expect(one).toMatchObject({ code: 0, err: '' })
  expect(parse(one.out, { bom: true, columns: true })).toHaveLength(2)
  const all = await shell(['usage', 'export', '--by', 'hour', '--from', '2020-01-01'], env)
  expect(parse(all.out, { bom: true, columns: true }).length).toBeGreaterThan(9)
  const wrong = await shell(['usage', 'export', '--by', 'week'], env)
  expect(wrong.code).toBe(2)
})
