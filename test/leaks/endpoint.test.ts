import { randomBytes } from 'node:crypto'
import { beforeAll, expect, test } from 'vitest'
import { perform } from '../../src/acts/perform.ts'
import { generateToken, hashToken } from '../../src/keys/token.ts'
import { createServiceToken } from '../../src/workspaces/service-tokens.ts'
import { callPlatform, house, makeKey, useHouse } from '../setup/house.ts'
import { plant } from '../setup/plant.ts'
import { must } from '../setup/records.ts'
import { setPolicyOf } from '../setup/seen.ts'

useHouse({ roles: ['bot', 'verify', 'worker'] })

let scanner: string
let workspace: { id: string; account_id: string }

async function newScanner(name: string): Promise<string> {
  const account = { id: workspace.account_id, workspaceId: workspace.id }
  const operator = { kind: 'operator', id: 'test' } as const
  const make = (act: Parameters<Parameters<typeof perform>[2]>[0]) =>
    createServiceToken(act, account, name, house.world.random, 'leaks')
  return must(await perform(house.world, operator, make)).secret
}

beforeAll(async () => {
  workspace = await house.world.db('workspaces').first('id', 'account_id')
  scanner = await newScanner('GitHub scan')
})

const token = () => generateToken('tml_', (n) => randomBytes(n)).open()

async function send(body: unknown, secret = scanner) {
  const response = await fetch(`${house.keywarden.url}/v1/leaks`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return { status: response.status, body: await response.text(), headers: response.headers }
}

const findings = () => house.world.db('findings').where({ kind: 'leaked' }).whereNull('resolved_at')

test('a scanner’s report is answered alike for tokens of this account, of another one, of revoked keys and of nobody', async () => {
  const { db, clock } = house.world
  const [mine, foreign, over, nobody] = [token(), token(), token(), token()]
  await plant(house.world, workspace.id, [
    { name: 'Mine', tokenHash: hashToken(mine) },
    { name: 'Over', tokenHash: hashToken(over), status: 'revoked' },
  ])
  const now = clock.now()
  await db('accounts').insert({ id: 'acc_other', slack_team_id: 'T0OTHER', name: 'Other', created_at: now })
  const other = {
    id: 'ws_other',
    account_id: 'acc_other',
    name: 'Other',
    name_folded: 'other',
    created_at: now,
  }
  await db('workspaces').insert(other)
  await plant(house.world, 'ws_other', [{ name: 'Foreign', tokenHash: hashToken(foreign) }])

  const answers = []
  for (const [id, one] of Object.entries({ mine, foreign, over, nobody })) {
    const { status, body } = await send({ id, leaks: [{ token: one, where: `https://example.com/${one}` }] })
    answers.push([status, body.replace(id, 'ID')])
  }
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
  expect(answers[0]).toEqual([202, '{"id":"ID","received":1}'])
  await expect.poll(async () => (await findings()).length).toBe(1)
  const [finding] = await findings()
  expect(finding).toMatchObject({ severity: 'critical', facts: { isWhole: true, reports: 1 } })
  expect(finding.facts.places).toMatchObject([
    { scanner: 'GitHub scan', evidence: 'scanner', where: 'https://example.com/...' },
  ])
  expect(await db('leaks').pluck('workspace_id')).toEqual([workspace.id])
})

test('a report that is sent again changes nothing, and another one under its id is refused', async () => {
  const again = token()
  await plant(house.world, workspace.id, [{ name: 'Again', tokenHash: hashToken(again) }])
  const report = { id: 'twice', leaks: [{ token: again }] }
  const both = await Promise.all([send(report), send(report)])
  expect(both.map(({ status }) => status)).toEqual([202, 202])
  expect((await send(report)).body).toBe('{"id":"twice","received":1}')
  const events = await house.world.db('audit_events').where({ event: 'leak.reported' })
  expect(events.filter(({ body }: { body: string }) => body.includes('scanner'))).toHaveLength(2)
  expect(await send({ ...report, leaks: [{ token: token() }] })).toMatchObject({
    status: 422,
    body: expect.stringContaining('KEY_REUSED'),
  })
  // Another scanner may use the same id.
  expect((await send({ ...report, leaks: [{ token: token() }] }, await newScanner('Other'))).status).toBe(202)
})

test('a service token has one right: a scanner cannot verify, and the platform cannot report', async () => {
  const platform = await send({ id: 'x', leaks: [{ token: token() }] }, house.serviceToken)
  expect(platform.status).toBe(401)
  const verify = await fetch(`${house.keywarden.url}/v1/verify`, {
    method: 'POST',
    headers: { authorization: `Bearer ${scanner}`, 'content-type': 'application/json' },
    body: JSON.stringify({ key: token() }),
  })
  expect(verify.status).toBe(401)
})

test('a thousand tokens fit in a report, more do not, and what is wrong is named without being repeated', async () => {
  const many = (count: number) => Array.from({ length: count }, () => ({ token: token() }))
  expect((await send({ id: 'many', leaks: many(1_000) })).status).toBe(202)
  for (const body of [
    { id: 'more', leaks: many(1_001) },
    { id: 'none', leaks: [] },
    { id: '', leaks: many(1) },
    { leaks: many(1) },
    { id: 'no text', leaks: [{ token: 7 }] },
    { id: 'long', leaks: [{ token: `tml_${'z'.repeat(5_000)}` }] },
    7,
  ]) {
    const answer = await send(body)
    expect([answer.status, JSON.parse(answer.body).error.code]).toEqual([400, 'BAD_REQUEST'])
    expect(answer.body).not.toMatch(/tml_|zzz/)
  }
})

test('a scanner sends sixty reports a minute; then it is asked to wait', async () => {
  const hasty = await newScanner('Hasty')
  let last = await send({}, hasty)
  // A minute may turn meanwhile, and allow as many again.
  for (let n = 1; n <= 121 && last.status === 400; n++) last = await send({}, hasty)
  expect(last.status).toBe(429)
  expect(JSON.parse(last.body).error.code).toBe('RATE_LIMITED')
  expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0)
})

test('a token that a scanner found is refused by every verifier where policy says so', async () => {
  await setPolicyOf(house, { leaked: { person: {}, scanner: { read: 'revoke' }, pasted: {} } })
  const found = await makeKey(house.as('manager'), { name: 'Found' })
  expect(await callPlatform(house, found)).toBe(200)
  const eager = await newScanner('Eager')
  expect((await send({ id: 'found', leaks: [{ token: found }] }, eager)).status).toBe(202)
  await expect.poll(() => callPlatform(house, found)).toBe(401)
  await expect
    .poll(
      async () => (await house.world.db('leaks').where({ did: 'revoke' }).first('receipt'))?.receipt?.state,
    )
    .toBe('confirmed')
})
