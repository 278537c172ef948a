import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hashOf, type Link } from '../../src/audit/chain.ts'
import { takeCheckpoint } from '../../src/audit/checkpoint.ts'
import { type Format, formats, headOf, linesOf } from '../../src/audit/formats.ts'
import { readExport } from '../../src/audit/read-export.ts'
import { activate, deactivate } from '../../src/keys/state.ts'
import { openRecords, type Records } from '../setup/records.ts'
import { type Ran, shell } from '../setup/shell.ts'

let records: Records
let folder: string
let env: Record<string, string>
let proof: string[]
/** Events 1 and 2 are the workspace's, 3, 4, 7 and 10 about Salesforce CRM, 5, 6, 8 and 9 about Zapier. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keywarden-partial-'))
  const checkpoints = join(folder, 'checkpoints.jsonl')
  records = await openRecords({ KEYWARDEN_AUDIT_CHECKPOINTS: checkpoints })
  env = { DATABASE_URL: records.database.url, KEYWARDEN_AUDIT_CHECKPOINTS: checkpoints }
  const [one, other] = [await records.key({ name: 'Salesforce CRM' }), await records.key({ name: 'Zapier' })]
  for (const [change, { key }] of [
    [deactivate, one],
    [deactivate, other],
    [activate, other],
    [activate, one],
  ] as const)
    await records.act((act) => change(act, key.workspaceId, key.id, 'asked for'))
  await takeCheckpoint(records.world)
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

const verify = async (text: string, ...choices: string[]): Promise<Ran> =>
  shell(['audit', 'verify', await save('export', text), ...choices], {})

async function exported(format: Format, ...choices: string[]): Promise<string> {
  const { code, out } = await shell(['audit', 'export', '--format', format, ...choices], env)
  expect(code).toBe(0)
  return out
}

/** Changes an event and makes its hash fit, as anyone with the file can; `follow` makes the next ones fit too. */
async function rewritten(text: string, seq: number, format: Format, follow = false): Promise<string> {
  const links: Link[] = []
  for await (const entry of readExport(await save('genuine', text))) {
    if ('damaged' in entry) throw new Error(entry.damaged)
    if ('digests' in entry || 'evidence' in entry) continue
    const before = links.at(-1)
    const previousHash = follow && before?.seq === entry.seq - 1 ? before.hash : entry.previousHash
    const body = entry.seq === seq ? entry.body.replace('U0ADA00001', 'U0MALLORY1') : entry.body
    const link = { workspace: entry.workspace, seq: entry.seq, previousHash, body }
    links.push({ ...link, hash: hashOf(link) })
  }
  const forged = headOf(format) + linesOf(links, format)
  expect(forged).not.toBe(text)
  return forged
}

/** The events with these numbers alone. */
const pick = (text: string, ...seqs: number[]): string =>
  seqs.map((seq) => text.split('\n')[seq - 1]).join('\n')

describe.each(formats)('of an export as %s', (format) => {
  test('by key, with digests in the place of what is left out, every event is proven', async () => {
    const about = await exported(format, '--key', 'Salesforce CRM')
    const { code, out, err } = await verify(about, '--partial', ...proof)
    expect([code, err]).toEqual([0, ''])
    expect(out).toMatch(
      /^ws_\w+: proven; 4 events, the last is 10; the checkpoint of .* vouches for event 10\n/,
    )
    expect(out).toMatch(/Intact\.\n$/)
    expect(about).not.toContain('Zapier')
  })

  test('by time, what comes before and after the events is not needed to prove them', async () => {
    const [moment] = await records.world.db('audit_events').where({ seq: 7 }).pluck('at')
    const until = await exported(format, '--to', new Date(moment.getTime() + 1).toISOString())
    const { code, out } = await verify(until, '--partial', ...proof)
    expect([code, out]).toEqual([0, expect.stringMatching(/: proven; \d+ events, .*\n(.*\n)*Intact\.\n$/)])
  })

  test('an event that was rewritten with a new hash is never called intact', async () => {
    const about = await exported(format, '--key', 'Salesforce CRM')
    for (const seq of [3, 4, 7]) {
      const forged = await rewritten(about, seq, format, true)
      const bare = await verify(forged, '--partial', ...proof)
      expect(bare).toMatchObject({ code: 3, out: expect.not.stringMatching(/intact/i) })
      const event = forged.split('\n').find((line) => line.includes('U0MALLORY1'))!
      const own = new RegExp(format === 'csv' ? `,${seq},` : `"seq":${seq},`)
      const lines = about.split('\n').map((line) => (own.test(line) ? event : line))
      const among = await verify(lines.join('\n'), '--partial', ...proof)
      expect(among).toMatchObject({ code: 1, out: expect.stringMatching(/NOT INTACT\.\n$/) })
    }
  })

  test('a digest that was changed is a break, and one that is missing leaves events unproven', async () => {
    const about = await exported(format, '--key', 'Salesforce CRM')
    const digests = /(?<=leftOut":\["|\(left out\),*)[0-9a-f]{64}/
    const changed = about.replace(digests, (digest) => digest.replaceAll(/[0-9]/g, '0'))
    expect(changed).not.toBe(about)
    expect((await verify(changed, '--partial', ...proof)).code).toBe(1)
    const without = about
      .split('\n')
      .filter((line) => !/left ?out/i.test(line))
      .join('\n')
    expect(await verify(without, '--partial', ...proof)).toMatchObject({
      code: 3,
      out: expect.stringMatching(/not proven {2}events 3 to 4, 7\n(.*\n)*NOT PROVEN: 3 of 4 events\.\n$/),
    })
  })

  test('an export that was made before there were digests verifies as it did then', async () => {
    const at = (name: string) => new URL(`../audit/fixtures/${name}`, import.meta.url).pathname
    const past = ['--checkpoints', at('checkpoints.jsonl'), '--public-key', at('public-key.pem')]
    const whole = await shell(['audit', 'verify', at(`whole.${format}`), ...past], {})
    expect(whole).toMatchObject({
      code: 0,
      out: expect.stringMatching(/: intact; 10 events.*\n(.*\n)*Intact\.\n$/),
    })
    const about = await shell(['audit', 'verify', at(`by-key.${format}`), '--partial', ...past], {})
    expect(about).toMatchObject({ code: 3, out: expect.stringContaining('NOT PROVEN: 3 of 4 events.') })
  })

  test('the event that is vouched for cannot be rewritten', async () => {
    const about = await exported(format, '--key', 'Salesforce CRM')
    const forged = await verify(await rewritten(about, 10, format), '--partial', ...proof)
    expect(forged.code).toBe(1)
    expect(forged.out).toMatch(/the checkpoint of .* has another hash for event 10\n(.*\n)*NOT INTACT\.\n$/)
  })
})

test('an event that its successor follows cannot be rewritten', async () => {
  const whole = await exported('jsonl')
  const run = pick(whole, 7, 8, 9, 10)
  const genuine = await verify(run, '--partial', ...proof)
  expect(genuine.out).toMatch(/: proven; 4 events, the last is 10; .*\n(.*\n)*Intact\.\n$/)
  expect(genuine.code).toBe(0)
  for (const unproven of [[], proof]) {
    const forged = await verify(await rewritten(run, 8, 'jsonl'), '--partial', ...unproven)
    expect(forged.code).toBe(1)
    expect(forged.out).toContain('altered     events 8 to 9')
    expect(forged.out).toMatch(/NOT INTACT\.\n$/)
  }
  const follows = await verify(await rewritten(run, 8, 'jsonl', true), '--partial', ...proof)
  expect(follows.code).toBe(1)
})

test('without checkpoints no event of a partial export is proven', async () => {
  const about = await exported('jsonl', '--key', 'Zapier')
  const { code, out } = await verify(about, '--partial')
  expect(code).toBe(3)
  expect(out).toContain('not proven  events 5 to 6, 8 to 9\n')
  expect(out).toMatch(/NOT PROVEN: 4 of 4 events\.\n$/)
  expect(out).not.toMatch(/intact/i)
})

test('a run of events that ends before the checkpoint is not proven by it', async () => {
  const { code, out } = await verify(pick(await exported('jsonl'), 1, 2, 3, 4, 5), '--partial', ...proof)
  expect([code, out]).toEqual([
    3,
    expect.stringMatching(/not proven {2}events 1 to 5\n(.*\n)*NOT PROVEN: 5 of 5/),
  ])
})

test('a whole export is not called intact before a checkpoint has it', async () => {
  const whole = await exported('jsonl')
  const forged = await rewritten(whole, 7, 'jsonl', true)
  for (const text of [whole, forged]) {
    const { code, out } = await verify(text)
    expect(code).toBe(0)
    expect(out).not.toMatch(/intact/i)
    expect(out).toContain(': unbroken; 10 events, the last is 10\n')
    expect(out).toContain('or rewritten from any event on, would not show.\nUnbroken.\n')
  }
  expect(await verify(forged, ...proof)).toMatchObject({ code: 1 })
  expect((await verify(whole, ...proof)).out).toMatch(/: intact; 10 events, .*\nIntact\.\n$/s)
})

test('what is younger than the newest checkpoint is counted, in a file and in the database', async () => {
  await records.key({ name: 'Younger' })
  const file = await verify(await exported('jsonl'), ...proof)
  const database = await shell(['audit', 'verify'], env)
  for (const { code, out } of [file, database]) {
    expect(code).toBe(0)
    expect(out).toMatch(/: unbroken; 12 events, the last is 12; .* vouches up to event 10\n/)
    expect(out).toMatch(/No checkpoint vouches for 2 of 12 events: .* would not show\.\nUnbroken\.\n$/)
  }
  await takeCheckpoint(records.world)
  expect(await shell(['audit', 'verify'], env)).toMatchObject({
    code: 0,
    out: expect.stringMatching(/\nIntact\.\n$/),
  })
})

test('nothing from a file writes to the terminal: no command of its own, no line, no direction', async () => {
  const whole = await exported('jsonl')
  const evil = '\u001b[2K\u001b[1A\r\u202e\nIntact.'
  const field = JSON.stringify(evil)
  for (const text of [
    whole.replaceAll('{"workspace"', `{${field}:1,"workspace"`),
    whole.replaceAll(/"workspace":"[^"]+"/g, `"workspace":${field}`),
    `${JSON.stringify({ workspace: evil, seq: 1, leftOut: ['0'.repeat(64)] })}\n`,
    `workspace,seq,previous_hash,hash,body,"${evil}","${evil}"\n`,
  ]) {
    const { code, out, err } = await verify(text, '--partial', ...proof)
    expect(code).toBe(1)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it has to find control characters
    expect(out + err).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/)
    expect(out + err).not.toMatch(/^Intact\.$/m)
  }
})

test('the help says what each exit code is', async () => {
  const { out } = await shell(['audit', 'verify', '--help'], {})
  expect(out).toMatch(/0 nothing is wrong, 1 something is, 2 misused, 3 .* not proven/)
})

test('what stands twice, once as it was and once forged, is not called intact', async () => {
  const forged = (await exported('jsonl')).replaceAll('{"workspace"', '{"event":"key.revoked","workspace"')
  const nested = (await exported('jsonl')).replaceAll('"actor":{', '"actor":{"id":"U0MALLORY1",')
  for (const text of [forged, nested]) {
    const { code, out } = await verify(text, '--partial', ...proof)
    expect([code, out]).toEqual([1, expect.stringContaining('line 1: a field stands there twice\n')])
  }
  const [head = '', ...rows] = (await exported('csv')).split('\n')
  const column = [
    head.replace('event', 'event,event'),
    ...rows.map((row) => row.replace(/Z/, 'Z,key.revoked')),
  ]
  const { code, err } = await verify(column.join('\n'), '--partial', ...proof)
  expect([code, err]).toEqual([1, expect.stringContaining('it has two columns event')])
})
