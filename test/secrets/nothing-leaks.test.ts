import { messagesIn } from 'local-slack/inspect'
import { calls } from 'local-slack/person'
import pino from 'pino'
import { beforeAll, expect, test } from 'vitest'
import { fetchOperations } from '../../sandbox/operations.ts'
import {
  answerTo,
  callPlatform,
  general,
  house,
  makeKey,
  openDialog,
  said,
  submitAndSee,
  useHouse,
} from '../setup/house.ts'
import { dumpPostgres, dumpRedis } from './dump.ts'

/** Without scrubber or redaction: what the product tries to log, not what is left of it. */
const logged: string[] = []
const rawLog = pino({ level: 'debug' }, { write: (line) => logged.push(line) })

const tokens: string[] = []
useHouse({ log: rawLog })
beforeAll(async () => {
  await live()
})

/** Everything that is done with a key, and what goes wrong on the way. */
async function live(): Promise<void> {
  const manager = house.as('manager')
  const token = await makeKey(manager, { name: 'Salesforce CRM', expires: '7' })
  tokens.push(token, await makeKey(manager, { name: 'Zapier', scopes: ['read', 'write'] }))
  for (const path of ['/v1/contacts', '/v1/agents', '/nowhere']) await callPlatform(house, token, path)
  await callPlatform(house, `${token.slice(0, -1)}?`)
  await answerTo(manager, 'list')
  await submitAndSee(manager, await openDialog(manager, 'deactivate Salesforce CRM'), {})
  await callPlatform(house, token)
  await answerTo(manager, 'activate Salesforce CRM')
  await house.keywarden.runTimetable()
  const end = await openDialog(manager, 'revoke Salesforce CRM')
  await submitAndSee(manager, end, { confirm: token.slice(4, 8) })
  await callPlatform(house, token)
}

/** The token in every form in which it could lie about. */
const forms = (token: string): string[] => [
  token,
  token.slice('tml_'.length),
  Buffer.from(token).toString('hex'),
  Buffer.from(token).toString('base64').slice(0, -2),
]

const found = (text: string): string[] => tokens.flatMap(forms).filter((form) => text.includes(form))

test('after a whole journey no token is in the log, even before it is scrubbed', () => {
  expect(logged.length).toBeGreaterThan(0)
  expect(found(logged.join('\n'))).toEqual([])
})

test('no token is in any table, and a search there finds what is', async () => {
  const dump = await dumpPostgres(house.world.config.databaseUrl)
  expect(found(dump)).toEqual([])
  expect(dump).toContain(`${tokens[0]!.slice(0, 8)}...`)
  expect(dump).toContain('key.revealed')
  expect(dump).toMatch(/token_hash": "\\\\x[0-9a-f]{64}"/)
})

test('no token is in Redis, and a search there finds what is', async () => {
  const dump = await dumpRedis(house.world.config.redisUrl)
  expect(found(dump)).toEqual([])
  expect(dump).toContain('expiring-keys')
})

test('no token and no name is in the metrics', async () => {
  const metrics = await (await fetchOperations(`${house.keywarden.url}/metrics`)).text()
  expect(metrics).toMatch(/keywarden_verifies_total\{code="VALID"\} \d/)
  expect(found(metrics)).toEqual([])
  expect(metrics).not.toMatch(/tml_|Salesforce/)
})

test('each token went to Slack in one call, which put it into its dialog', async () => {
  const all = await calls(house.slack.url)
  const showing = all.filter((call) => found(JSON.stringify(call.args)).length > 0)
  expect(showing.map((call) => call.method)).toEqual(['views.update', 'views.update'])
})

test('no message of any channel or person holds a token', async () => {
  for (const who of ['owner', 'manager', 'member'] as const)
    expect(found(JSON.stringify((await house.as(who).screen()).messages))).toEqual([])
})

test('a whole token that somebody pastes is neither stored, nor logged, nor said again', async () => {
  const [, token] = tokens
  const manager = house.as('manager')
  const before = (await calls(house.slack.url)).length
  for (const text of [
    `show ${token}`,
    `revoke "${token}"`,
    `${token}`,
    `list https://a.example/?key=${token}`,
  ]) {
    const answer = said(await answerTo(manager, text))
    expect(answer).toContain('That is a whole key. Anyone who saw it can use it.')
  }
  const after = (await calls(house.slack.url)).slice(before)
  expect(found(JSON.stringify([after, messagesIn(await manager.screen(), general), logged]))).toEqual([])
  expect(found(await dumpPostgres(house.world.config.databaseUrl))).toEqual([])
})

test('a body that makes no sense is refused without repeating what it holds', async () => {
  const [, token] = tokens
  const headers = { authorization: `Bearer ${house.serviceToken}`, 'content-type': 'application/json' }
  const bodies = [
    `${token}`,
    `{"key": ${token}}`,
    `{"key": ["${token}"]}`,
    `{"key": "x", "scope": "${token}"}`,
  ]
  for (const body of bodies) {
    const response = await fetch(`${house.keywarden.url}/v1/verify`, { method: 'POST', headers, body })
    expect(response.status).toBe(400)
    expect(found(await response.text())).toEqual([])
  }
  expect(found(logged.join('\n'))).toEqual([])
})
