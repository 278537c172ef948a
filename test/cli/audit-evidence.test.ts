import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { revealShown } from '../../sandbox/reveal-shown.ts'
import { takeCheckpoint } from '../../src/audit/checkpoint.ts'
import { systemRandom } from '../../src/foundation/random.ts'
import { revoke } from '../../src/keys/state.ts'
import { changeStatusInBulk } from '../../src/keys/status-in-bulk.ts'
import { confirmChange } from '../../src/leases/confirm.ts'
import type { Actor } from '../../src/members/actor.ts'
import { approveRequest } from '../../src/slack/conversations/request.ts'
import { makeRequest } from '../../src/workspaces/requests.ts'
import { openRecords, type Records } from '../setup/records.ts'
import { keywarden, type Ran, shell } from '../setup/shell.ts'

let records: Records
let folder: string
let env: Record<string, string>
let proof: string[]
const ids = new Map<string, string>()
const moments: Record<'before' | 'requested' | 'ended', Date> = {} as never

/**
 * One key that Dana requested and that was approved, used and revoked; two that end together; one that was made and is
 * there still.
 */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keywarden-evidence-'))
  const checkpoints = join(folder, 'checkpoints.jsonl')
  records = await openRecords({ KEYWARDEN_AUDIT_CHECKPOINTS: checkpoints })
  env = { DATABASE_URL: records.database.url, KEYWARDEN_AUDIT_CHECKPOINTS: checkpoints }
  const { world, workspace, calendar } = records
  const dana: Actor = { kind: 'member', id: 'U0DANA0004', role: 'member', workspaceId: workspace.id }
  const day = () => calendar.advance({ days: 1, minutes: 0 })
  // The shell's clock is the database's, so that all of it is past for it.
  calendar.advance({ days: -10, minutes: 0 })
  moments.before = calendar.now()
  day()
  for (const name of ['Pair one', 'Pair two', 'Lasting']) ids.set(name, (await records.key({ name })).key.id)
  const draft = {
    ...{ name: 'Requested', description: '', integration: '', scopes: ['read' as const] },
    ...{ lifetimeDays: 90, ownerId: dana.id, allowedNetworks: [], limitPerMinute: null },
  }
  const request = await records.act(
    (act) => makeRequest(act, workspace, draft, 'A report', systemRandom),
    dana,
  )
  const approved = await records.act((act) => approveRequest(act, workspace, request, systemRandom))
  const requested = approved.keyId!
  ids.set('Requested', requested)
  const deps = { random: systemRandom, tokenPrefix: world.config.tokenPrefix, timeZone: 'UTC' }
  await records.act((act) => revealShown(act, workspace.id, requested, deps), dana)
  await world.db('key_usage').insert({
    ...{ key_id: requested, requests: 7, first_used_at: calendar.now(), last_used_at: calendar.now() },
  })
  day()
  moments.requested = calendar.now()
  day()
  await records.act((act) => revoke(act, workspace.id, requested, 'done'))
  await confirmChange(world, [requested])
  const pair = [ids.get('Pair one')!, ids.get('Pair two')!]
  await records.act((act) =>
    changeStatusInBulk(act, 'revoke', workspace.id, new Map(pair.map((id) => [id, 'unused']))),
  )
  await confirmChange(world, pair)
  day()
  moments.ended = calendar.now()
  day()
  await takeCheckpoint(world)
  const publicKey = await save('key.pem', (await shell(['audit', 'public-key'], env)).out)
  proof = ['--checkpoints', checkpoints, '--public-key', publicKey]
})
afterAll(async () => {
  await records.drop()
  await rm(folder, { recursive: true })
})

async function save(name: string, text: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, text)
  return path
}

const evidence = (at: Date, ...choices: string[]): Promise<Ran> =>
  shell(['audit', 'evidence', '--at', at.toISOString(), ...choices], env)

const verify = async (text: string): Promise<Ran> =>
  shell(['audit', 'verify', await save('evidence.jsonl', text), ...proof], {})

const linesOf = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

test('evidence of a past day counts the keys that stood then, draws by a printed seed and verifies offline', async () => {
  const { code, out, err } = await evidence(moments.requested)
  expect(code).toBe(0)
  const [, seed] = /4 of the 4 keys of Platform just before .*, drawn with seed ([0-9a-f]{16})\.\n$/.exec(
    err,
  )!
  const [begins, population] = linesOf(out)
  expect(begins.evidence).toMatchObject({ population: 4, seed, at: moments.requested.toISOString() })
  expect(population.population).toEqual([...ids.values()].sort())
  const verified = await verify(out)
  expect([verified.code, verified.err]).toEqual([0, ''])
  expect(verified.out).toMatch(/: proven; \d+ events/)
  expect(verified.out).toContain('Evidence: 4 of the 4 keys of ws_')
  expect(verified.out).toContain(`drawn with seed ${seed}.`)
  expect(verified.out).toMatch(/Intact\.\n$/)
  expect((await evidence(moments.requested, '--seed', seed!)).out).toBe(out)
})

test('each sample has its request, decision, reveal, use, end and receipt as numbers of events in the file', async () => {
  const lines = linesOf((await evidence(moments.requested)).out)
  const { steps, use } = lines.find(({ sample }) => sample?.key === ids.get('Requested')).sample
  const named = Object.fromEntries(
    Object.entries(steps).map(([step, seq]) => [
      step,
      lines.find((line) => line.seq === seq && line.body)?.event,
    ]),
  )
  expect(named).toEqual({
    request: 'request.made',
    decision: 'request.approved',
    issued: 'key.issued',
    reveal: 'key.revealed',
    end: 'key.revoked',
    receipt: 'key.change-confirmed',
  })
  expect(use).toMatchObject({ requests: 7 })
  const pair = lines.find(({ sample }) => sample?.key === ids.get('Pair two')).sample
  const receipt = lines.find(({ seq, body }) => seq === pair.steps.receipt && body)
  expect(receipt.details.of).toEqual([ids.get('Pair one'), ids.get('Pair two')].sort())
  const lasting = lines.find(({ sample }) => sample?.key === ids.get('Lasting')).sample
  expect(lasting).toMatchObject({ steps: { request: null, end: null, receipt: null }, use: null })
})

test('who was not there on that day is not in the population', async () => {
  const populationAt = async (at: Date) =>
    linesOf((await evidence(at)).out).flatMap(({ population }) => population ?? [])
  expect(await populationAt(moments.before)).toEqual([])
  expect(await populationAt(moments.ended)).toEqual([ids.get('Lasting')])
})

test('a sample smaller than the population is drawn, and nothing is said of the other keys', async () => {
  const { out } = await evidence(moments.requested, '--samples', '1', '--seed', 'auditor-2026')
  const lines = linesOf(out)
  const drawn = lines.flatMap(({ sample }) => sample?.key ?? [])
  expect(drawn).toHaveLength(1)
  const about = new Set(lines.flatMap(({ keyId, body }) => (body && keyId ? [keyId] : [])))
  expect([...about]).toEqual(drawn)
  expect(await verify(out)).toMatchObject({
    code: 0,
    out: expect.stringContaining('Evidence: 1 of the 4 keys'),
  })
})

/** A seed with which that key is drawn, whatever its id. */
async function seedThatDraws(key: string): Promise<string> {
  for (let n = 2027; ; n++) {
    const { out } = await evidence(moments.requested, '--samples', '3', '--seed', `auditor-${n}`)
    if (out.includes(`"sample":{"key":"${key}"`)) return `auditor-${n}`
  }
}

test('a file in which somebody changed the draw, a life, the population or an event is not intact', async () => {
  // Three of four: two of them have a reveal at least, and one key is not drawn.
  const { out } = await evidence(moments.requested, '--samples', '3', '--seed', 'auditor-2026')
  const lines = out.trim().split('\n')
  const drawn = linesOf(out).flatMap(({ sample }) => sample?.key ?? [])
  const other = [...ids.values()].find((id) => !drawn.includes(id))!
  const changed = {
    'another seed': out.replace('auditor-2026', await seedThatDraws(other)),
    'another key': out.replace(`"sample":{"key":"${drawn[0]}"`, `"sample":{"key":"${other}"`),
    'no reveal': out.replace(/"reveal":\d+/, '"reveal":null'),
    'a smaller population': out.replace(`"${other}",`, '').replace(`,"${other}"`, ''),
    'a missing sample': lines.filter((line) => !line.includes(`"sample":{"key":"${drawn[1]}"`)).join('\n'),
    'a changed event': out.replaceAll('U0ADA00001', 'U0MALLORY1'),
    'a field twice': out.replace('"samples":3', '"samples":1,"samples":3'),
    'a sample before the beginning': lines.slice(2).join('\n'),
  }
  for (const [what, text] of Object.entries(changed)) {
    expect(text, what).not.toBe(out)
    expect(await verify(text), what).toMatchObject({ code: 1, out: expect.stringMatching(/NOT INTACT\.\n$/) })
  }
})

test('what cannot be asked for is refused, with what can', async () => {
  const future = new Date(Date.now() + 400 * 86_400_000).toISOString()
  const run = (...choices: string[]) => keywarden(['audit', 'evidence', ...choices], env)
  expect(await run('--at', future)).toMatchObject({ code: 1, err: expect.stringContaining('not over yet') })
  expect(await run('--samples', '0')).toMatchObject({ code: 2, err: expect.stringContaining('whole number') })
  expect(await run('--seed', 'two words')).toMatchObject({ code: 2, err: expect.stringContaining('letters') })
})
