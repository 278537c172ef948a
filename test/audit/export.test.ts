import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { beginning, hashOf, type Link } from '../../src/audit/chain.ts'
import { exportEvents } from '../../src/audit/export.ts'
import { type Format, formats, linesOf } from '../../src/audit/formats.ts'
import { recordAll } from '../../src/audit/record.ts'
import {
  isIntact,
  type Verification,
  type VerifyOptions,
  verdictOf,
  verifyFile,
} from '../../src/audit/verify.ts'
import { deactivate } from '../../src/keys/state.ts'
import { openRecords, type Records } from '../setup/records.ts'

let records: Records
let folder: string
const awkward = '=cmd|"/C calc"!A1, \u2028 next\n"quoted" \u202e @SUM(1) \u{1f511} <!channel>'
beforeAll(async () => {
  records = await openRecords()
  folder = await mkdtemp(join(tmpdir(), 'keywarden-export-'))
  const { key } = await records.key({ name: '=1+1 Salesforce' })
  await records.act((act) => deactivate(act, key.workspaceId, key.id, awkward))
  await records.key({ name: 'Zapier' })
})
afterAll(async () => {
  await records.drop()
  await rm(folder, { recursive: true })
})

async function exported(format: Format, filter: Parameters<typeof exportEvents>[2] = {}): Promise<string> {
  let text = ''
  for await (const piece of exportEvents(records.world.db, [records.workspace.id], filter, format))
    text += piece
  return text
}

async function verifyText(text: string, options: Partial<VerifyOptions> = {}): Promise<Verification> {
  const path = join(folder, 'export')
  await writeFile(path, text)
  return verifyFile(path, { witnesses: new Map(), partial: false, ...options })
}

const breaksOf = ({ chains, damages }: Verification) => [
  ...chains.flatMap(({ breaks }) => breaks.map(({ kind, from, line }) => `${kind} ${from} line ${line}`)),
  ...damages.map(({ line, damaged }) => `line ${line}: ${damaged}`),
]

test.each(formats)('an export as %s is intact, awkward words included', async (format) => {
  const verification = await verifyText(await exported(format))
  expect(breaksOf(verification)).toEqual([])
  expect(isIntact(verification)).toBe(true)
  expect(verification.chains[0]).toMatchObject({ events: 7, last: 7 })
})

test('both formats say the same in columns that can be read without the text', async () => {
  const rows = parse(await exported('csv'), { bom: true, columns: true }) as Record<string, string>[]
  const objects = (await exported('jsonl'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(rows.map((row) => row.event)).toEqual(objects.map((object) => object.event))
  const row = rows.find(({ event }) => event === 'key.deactivated')!
  expect(row).toMatchObject({ actor: 'U0ADA00001', role: 'owner', key: expect.stringMatching(/^key_/) })
  expect(JSON.parse(row.details!)).toEqual({ reason: awkward })
  expect(objects.find(({ event }) => event === 'key.deactivated')).toMatchObject({
    actor: { kind: 'member', id: 'U0ADA00001', role: 'owner' },
    details: { reason: awkward },
  })
})

test('no cell begins with what a spreadsheet takes for a formula', async () => {
  await records.act((act) =>
    recordAll(
      { ...act, actor: { kind: 'operator', id: 'x' } },
      ['=1+1', '+1', '-1', '@A1', '\t=1', '\r=1'].map((keyId) => ({
        event: 'key.edited',
        workspaceId: records.workspace.id,
        keyId,
      })),
    ),
  )
  const text = await exported('csv')
  const rows = parse(text, { bom: true }) as string[][]
  expect(rows.flat().filter((cell) => /^[=+\-@\t\r]/.test(cell))).toEqual([])
  expect(rows.flat().filter((cell) => cell.startsWith("'"))).toHaveLength(6)
  expect(isIntact(await verifyText(text))).toBe(true)
})

test.each(formats)('every tampering with a file as %s is found on its line', async (format) => {
  const whole = await exported(format)
  const lines = whole.split(/(?<=\n)/)
  const first = format === 'csv' ? 1 : 0
  const event = (seq: number) => lines[first + seq - 1]!
  const without = (seq: number) => lines.toSpliced(first + seq - 1, 1).join('')
  const line = (seq: number) => first + seq
  const found = async (text: string) => breaksOf(await verifyText(text))

  expect(await found(whole.replaceAll('Zapier', 'Zappier'))).toEqual([`altered 6 line ${line(6)}`])
  expect(await found(whole.replace('key.deactivated', 'key.activated'))).toEqual([
    `altered 5 line ${line(5)}`,
  ])
  expect(await found(without(4))).toEqual(['removed 4 line undefined'])
  expect(await found(without(4).replace(event(5), event(5) + event(4)))).toEqual([
    `reordered 4 line ${line(5)}`,
  ])
  expect(await found(whole.replace(event(4), event(4) + event(4)))).toEqual([`inserted 4 line ${line(5)}`])
  expect((await found(whole.slice(0, -9))).join()).toMatch(
    new RegExp(`line ${lines.length - 1}: |not complete`),
  )
})

test('a file that is no export is refused in words', async () => {
  await expect(verifyText('name,secret\na,b\n')).rejects.toThrow(
    'This is not an export of the audit: it has no column workspace, seq, previous_hash, hash, body.',
  )
  expect(isIntact(await verifyText(''))).toBe(false)
  expect(breaksOf(await verifyText('{"workspace":1}\n{}\nnonsense'))).toEqual([
    expect.stringMatching(/^line 1: workspace is wrong/),
    expect.stringMatching(/^line 2: /),
    'line 3: it is not complete JSON',
  ])
})

test('a partial export holds what was asked for and is verified as partial', async () => {
  const { key } = await records.key({ name: 'Partial' })
  const about = await exported('jsonl', { keyId: key.id })
  expect(
    about
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).event),
  ).toEqual(['key.issued', 'key.revealed'])
  const last = JSON.parse(about.trim().split('\n').at(-1)!) as Link
  const witnesses = new Map([
    [last.workspace, new Map([[last.seq, { hash: last.hash, by: 'the checkpoint' }]])],
  ])
  const partial = { partial: true, witnesses }
  expect(verdictOf(await verifyText(about, partial))).toBe('intact')
  expect(verdictOf(await verifyText(about, { partial: true }))).toBe('unproven')
  expect(isIntact(await verifyText(about, { partial: true }))).toBe(false)
  expect(isIntact(await verifyText(about))).toBe(false)
  // One chain proves nothing about another.
  const open = { workspace: 'ws_elsewhere', seq: 1, previousHash: beginning, body: last.body }
  const both = about + linesOf([{ ...open, hash: hashOf(open) }], 'jsonl')
  expect(verdictOf(await verifyText(both, partial))).toBe('unproven')
  const now = records.calendar.now()
  expect(await exported('jsonl', { from: new Date(now.getTime() + 1_000) })).toBe('')
  expect(await exported('jsonl', { to: new Date(now.getTime() - 3_600_000) })).toBe('')
  const all = await exported('jsonl')
  expect(await exported('jsonl', { from: new Date(now.getTime() - 3_600_000), to: now })).toBe(all)
})

test('a long chain comes in pieces of bounded size, and what is appended meanwhile is left out', async () => {
  const { workspace, world } = records
  const many = Array.from({ length: 3_000 }, () => ({
    event: 'policy.set' as const,
    workspaceId: workspace.id,
  }))
  await records.act((act) => recordAll(act, many))
  const [{ seq }] = await world.db('audit_heads').select('seq')
  const pieces: string[] = []
  for await (const piece of exportEvents(world.db, [workspace.id], {}, 'jsonl')) {
    pieces.push(piece)
    await records.act((act) => recordAll(act, many.slice(0, 10)))
  }
  expect(pieces.map((piece) => piece.split('\n').length - 1)).toEqual([1_000, 1_000, 1_000, seq - 3_000])
})

test('a workspace that is not in the file is missed when it is asked for', async () => {
  const whole = await exported('jsonl')
  const elsewhere = { workspaces: ['ws_elsewhere'] }
  expect(isIntact(await verifyText(whole, elsewhere))).toBe(false)
  const witnesses = new Map([['ws_elsewhere', new Map([[3, { hash: 'x', by: 'the checkpoint' }]])]])
  expect(breaksOf(await verifyText(whole, { witnesses }))).toEqual(['truncated 1 line undefined'])
  expect(isIntact(await verifyText(whole, { witnesses, workspaces: [records.workspace.id] }))).toBe(true)
  expect(await readFile(join(folder, 'export'), 'utf8')).toBe(whole)
})
