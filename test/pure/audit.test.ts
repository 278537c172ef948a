import { createHash, createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { beginning, hashOf, hasItsHash, type Link } from '../../src/audit/chain.ts'
import {
  appendLine,
  readCheckpoints,
  requireAppendable,
  signedLine,
} from '../../src/audit/checkpoint-file.ts'
import { evidenceLine } from '../../src/audit/evidence-file.ts'
import { digestsPerLine, headOf, leftOutLine, linesOf, readObject, readRow } from '../../src/audit/formats.ts'
import { asWord, linesFromWords } from '../../src/audit/posted-checkpoint.ts'
import type { Read } from '../../src/audit/read-export.ts'
import {
  existingKey,
  isSigned,
  publicKeyFingerprint,
  publicPem,
  signingKey,
  signText,
} from '../../src/audit/signing.ts'
import { isIntact, type Verification, verdictOf, verifyEntries } from '../../src/audit/verify.ts'
import { readWitnesses } from '../../src/audit/witnesses.ts'
import { csvHead } from '../../src/foundation/csv.ts'
import { chainOf, five } from '../audit/chains.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keywarden-pure-audit-'))
})
afterAll(() => rm(folder, { recursive: true }))

const pair = generateKeyPairSync('ed25519')
const other = generateKeyPairSync('ed25519')
const at = new Date('2026-03-01T08:00:00.000Z')
const headsAt = (seq: number) => [{ workspace: 'ws_1', seq, hash: 'a'.repeat(64) }]

async function read(lines: string[], keys = [pair.publicKey]) {
  const found = []
  for await (const one of readCheckpoints(lines, keys)) found.push(one)
  return found
}

describe('a checkpoint', () => {
  const line = signedLine({ at, heads: headsAt(7) }, pair.privateKey)

  test('is read again with its time and heads, from a line or as a word among others', async () => {
    const checkpoint = { at, heads: headsAt(7) }
    expect(await read([line])).toEqual([{ line: 1, checkpoint }])
    const word = asWord(line)
    expect(word).toMatch(/^kwc1\.[\w-]+\.[\w-]+$/)
    expect(linesFromWords(`08:00 ${word} and “${word}”`)).toEqual([line, line])
    expect(await read(['', 'nothing here', `Bot 08:00 ${word}`])).toEqual([{ line: 3, checkpoint }])
    expect(linesFromWords('kwc1.only')).toEqual([])
    expect(await read([`  ${line}`])).toEqual([{ line: 1, checkpoint }])
  })

  test('that a crash cut short is no lie, and no evidence', async () => {
    expect(await read([line.slice(0, -5), 'kwc1.cut'])).toEqual([
      { line: 1, torn: true },
      { line: 2, torn: true },
    ])
    expect(await read(['{}', '{"body":1,"signature":"x"}'])).toEqual([
      { line: 1, torn: true },
      { line: 2, torn: true },
    ])
  })

  test('that somebody changed or signed is forged, and says how', async () => {
    const changed = line.replace('08:00', '09:00')
    expect(await read([changed])).toEqual([{ line: 1, forged: 'its signature is wrong' }])
    const fingerprint = publicKeyFingerprint(pair.publicKey)
    expect(fingerprint).toMatch(/^[0-9a-f]{16}$/)
    expect(await read([line], [other.publicKey])).toEqual([
      { line: 1, forged: `it is signed with another key (${fingerprint})` },
    ])
    const signed = (text: string) =>
      JSON.stringify({ body: text, signature: signText(text, pair.privateKey) })
    const body = JSON.parse(JSON.parse(line).body)
    // As much as a fingerprint has, whatever stands there in its place.
    expect(await read([signed(JSON.stringify({ ...body, key: 'x'.repeat(1_000) }))])).toEqual([
      { line: 1, forged: `it is signed with another key (${'x'.repeat(16)})` },
    ])
    for (const wrong of [
      'x',
      '{}',
      JSON.stringify({ ...body, version: 2 }),
      JSON.stringify({ ...body, at: 'today' }),
      JSON.stringify({ ...body, heads: [{ workspace: 'ws_1', seq: 0, hash: 'a' }] }),
    ])
      expect(await read([signed(wrong)])).toEqual([{ line: 1, forged: 'what is signed is not a checkpoint' }])
  })

  test('vouches for the heads it names, and contradicts another about the same event', async () => {
    const file = join(folder, 'checkpoints')
    const later = signedLine({ at: new Date(at.getTime() + 60_000), heads: headsAt(9) }, pair.privateKey)
    const liar = signedLine({ at, heads: [{ ...headsAt(7)[0]!, hash: 'b'.repeat(64) }] }, pair.privateKey)
    await writeFile(file, [line, later, '{"torn', line.replace('08', '07'), liar].join('\n'))
    const vouching = await readWitnesses([file], [pair.publicKey], [asWord(line)])
    expect(vouching).toMatchObject({
      ...{ count: 4, newest: new Date(at.getTime() + 60_000), torn: [{ path: file, line: 3 }] },
      forged: [
        { path: file, line: 4, why: 'its signature is wrong' },
        {
          ...{ path: file, line: 5 },
          why: 'it contradicts the checkpoint of 2026-03-01 08:00 UTC about event 7 of ws_1',
        },
      ],
    })
    expect(vouching.witnesses.get('ws_1')).toEqual(
      new Map([
        [7, { hash: 'a'.repeat(64), by: 'the checkpoint of 2026-03-01 08:00 UTC' }],
        [9, { hash: 'a'.repeat(64), by: 'the checkpoint of 2026-03-01 08:01 UTC' }],
      ]),
    )
    const pasted = await readWitnesses([], [other.publicKey], [asWord(line)])
    expect(pasted.forged).toMatchObject([{ path: 'what was pasted', line: 1 }])
    expect(await readWitnesses([], [])).toMatchObject({ count: 0, newest: undefined, torn: [], forged: [] })
  })

  test('is appended as a line of its own, also after one that was cut short', async () => {
    const file = join(folder, 'new', 'appended')
    await appendLine(file, 'one')
    await appendLine(file, 'two')
    await writeFile(file, 'cut', { flag: 'a' })
    await appendLine(file, 'three')
    expect(await readFile(file, 'utf8')).toBe('one\ntwo\ncut\nthree\n')
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect((await stat(join(folder, 'new'))).mode & 0o777).toBe(0o700)
  })

  test('needs a file that can be written, which shows at the start', async () => {
    await requireAppendable(join(folder, 'other', 'file'))
    await requireAppendable(join(folder, 'other', 'file'))
    expect((await stat(join(folder, 'other'))).mode & 0o777).toBe(0o700)
    await writeFile(join(folder, 'nowhere'), '')
    await expect(requireAppendable(join(folder, 'nowhere', 'file'))).rejects.toThrow(
      `Checkpoints of the audit cannot be written to ${join(folder, 'nowhere', 'file')} (EEXIST). Let this user write to that folder, or name another file with KEYWARDEN_AUDIT_CHECKPOINTS.`,
    )
    await symlink('loop', join(folder, 'loop'))
    await expect(requireAppendable(join(folder, 'loop'))).rejects.toThrow('(ELOOP)')
  })
})

describe('a signature', () => {
  test('is of that text by that key, and of nothing else', () => {
    const signature = signText('text', pair.privateKey)
    expect(isSigned('text', signature, pair.publicKey)).toBe(true)
    expect(isSigned('Text', signature, pair.publicKey)).toBe(false)
    expect(isSigned('text', signature, other.publicKey)).toBe(false)
    expect(publicPem(pair.privateKey)).toBe(pair.publicKey.export({ type: 'spki', format: 'pem' }))
    expect(publicKeyFingerprint(pair.publicKey)).not.toBe(publicKeyFingerprint(other.publicKey))
  })

  test('is made with the configured key, else with that of the file, which is made once for its owner alone', async () => {
    const pem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const audit = (more: object) =>
      ({ checkpoints: undefined, key: undefined, keyFile: undefined, ...more }) as never
    expect(publicPem((await existingKey(audit({ key: pem })))!)).toBe(publicPem(pair.privateKey))
    expect(publicPem(await signingKey(audit({ key: pem })))).toBe(publicPem(pair.privateKey))
    expect(await existingKey(audit({}))).toBeUndefined()
    const keyFile = join(folder, 'keys', 'audit.pem')
    expect(await existingKey(audit({ keyFile }))).toBeUndefined()
    const [one, two] = await Promise.all([signingKey(audit({ keyFile })), signingKey(audit({ keyFile }))])
    expect(publicPem(one)).toBe(publicPem(two))
    expect(publicPem(createPrivateKey(await readFile(keyFile, 'utf8')))).toBe(publicPem(one))
    expect((await stat(keyFile)).mode & 0o777).toBe(0o600)
    expect((await stat(join(folder, 'keys'))).mode & 0o777).toBe(0o700)
    // No draft of the one or the other is left.
    expect(await readdir(join(folder, 'keys'))).toEqual(['audit.pem'])
    expect(publicPem(await signingKey(audit({ keyFile })))).toBe(publicPem(one))
    await expect(signingKey(audit({}))).rejects.toMatchObject({
      name: 'SigningError',
      message: 'There is no key that signs checkpoints. Set KEYWARDEN_AUDIT_CHECKPOINTS to a file.',
    })
    await writeFile(join(folder, 'nonsense'), 'x')
    await expect(existingKey(audit({ keyFile: join(folder, 'nonsense') }))).rejects.toThrow(
      `${join(folder, 'nonsense')} holds no Ed25519 private key. Name another file with KEYWARDEN_AUDIT_KEY_FILE.`,
    )
    await expect(existingKey(audit({ keyFile: folder }))).rejects.toThrow('EISDIR')
  })
})

const body = {
  ...{
    at: '2026-03-01T08:00:00.000Z',
    event: 'key.issued',
    actor: { kind: 'member', id: 'U1', role: 'owner' },
  },
  ...{ keyId: 'key_1', details: { name: '=1+1' } },
}
const linkOf = (text: string, seq = 1): Link => {
  const link = { workspace: 'ws_1', seq, previousHash: beginning, body: text }
  return { ...link, hash: hashOf(link) }
}

describe('an event as a line', () => {
  const link = linkOf(JSON.stringify(body))
  const bare = linkOf(
    JSON.stringify({ at: body.at, event: 'review.begun', actor: { kind: 'job', id: 'reviews' } }),
  )
  const json = linesOf([link], 'jsonl').trim()
  const columns = headOf('csv').replace('\ufeff', '').trim().split(',')
  const record = (text: string) => {
    const cells = [...text.trim().matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].map(([, cell]) =>
      cell!.replace(/^"(.*)"$/s, '$1').replaceAll('""', '"'),
    )
    return Object.fromEntries(columns.map((column, i) => [column, cells[i]]))
  }
  const row = record(linesOf([link], 'csv'))

  test('repeats in columns what its text says, and is read again', () => {
    expect(columns).toEqual([
      ...[
        'workspace',
        'seq',
        'at',
        'event',
        'actor',
        'role',
        'key',
        'details',
        'previous_hash',
        'hash',
        'body',
      ],
    ])
    expect(headOf('csv')).toBe(csvHead(columns))
    expect(headOf('jsonl')).toBe('')
    expect(row).toMatchObject({ event: 'key.issued', actor: 'U1', role: 'owner', key: 'key_1' })
    expect(row.details).toBe('{"name":"=1+1"}')
    expect(readRow(row)).toEqual(link)
    expect(readObject(json)).toEqual(link)
    expect(JSON.parse(json)).toMatchObject({ ...body, workspace: 'ws_1', seq: 1 })
    const job = record(linesOf([bare], 'csv'))
    expect(job).toMatchObject({ actor: 'job:reviews', role: '', key: '', details: '' })
    expect(readRow(job)).toEqual(bare)
    expect(readObject(linesOf([bare], 'jsonl'))).toEqual(bare)
    expect(linesOf([link, bare], 'jsonl')).toBe(linesOf([link], 'jsonl') + linesOf([bare], 'jsonl'))
    // An empty cell may be gone.
    expect(readRow({ ...job, role: undefined })).toEqual(bare)
  })

  test.each(['at', 'event', 'actor', 'role', 'key', 'details'])(
    'whose column %s says something else is found',
    (column) => {
      expect(readRow({ ...row, [column]: 'other' })).toMatchObject({
        contradiction: `${column} does not say what its text says`,
      })
      expect(readRow({ ...row, [column]: `'${row[column]}` })).toEqual(link)
    },
  )

  test('whose field says something else, or which has one more, is found', () => {
    const changed = { ...JSON.parse(json), event: 'key.revoked' }
    expect(readObject(JSON.stringify(changed))).toMatchObject({
      contradiction: 'event does not say what its text says',
    })
    expect(readObject(JSON.stringify({ ...JSON.parse(json), note: 1 }))).toMatchObject({
      contradiction: 'note does not say what its text says',
    })
    expect(readObject(JSON.stringify({ ...JSON.parse(json), 'a\nb': 1 }))).toMatchObject({
      contradiction: 'a field does not say what its text says',
    })
    expect(readObject(linesOf([link], 'jsonl').replace('"seq"', '"event":"x","seq"'))).toBe(
      'a field stands there twice',
    )
    // A value is no field, also if a comma and a colon stand in its neighbours.
    const nothing = linkOf(JSON.stringify({ ...body, details: { before: null, of: ['a', ':b'] } }))
    expect(readObject(linesOf([nothing], 'jsonl'))).toEqual(nothing)
    const unreadable = linkOf('no json')
    expect(readObject(JSON.stringify(unreadable))).toMatchObject({ contradiction: 'its text cannot be read' })
  })

  test.each([
    ['{"workspace":"ws_1"', 'it is not complete JSON'],
    ['{}', 'workspace is wrong: expected string, received undefined'],
    ['[]', 'it is wrong: expected object, received array'],
    ['null', 'it is wrong: expected object, received null'],
    ['"leftOut"', 'it is wrong: expected object, received string'],
    [JSON.stringify({ ...linkOf('x'), hash: 'x' }), 'hash is not a SHA-256'],
    [JSON.stringify({ ...linkOf('x'), workspace: 'a b' }), 'workspace is not the id of a workspace'],
    [
      JSON.stringify({ ...linkOf('x'), workspace: 'w'.repeat(101) }),
      'workspace is not the id of a workspace',
    ],
  ])('%j is none: %s', (text, why) => {
    expect(readObject(text)).toBe(why)
  })

  test('without a number is none', () => {
    for (const seq of ['', '0', '01', '1.5', 'x', '1'.repeat(17)])
      expect(readRow({ ...row, seq })).toBe('seq is not a number')
    expect(readRow({ ...row, seq: undefined })).toBe('seq is not a number')
    for (const seq of ['2', '12', '1'.repeat(16)])
      expect(readRow({ ...row, seq })).not.toBe('seq is not a number')
    expect(readRow({ ...row, hash: undefined })).toMatch(/^hash is wrong/)
  })

  test('has its hash over the digest of its text, or over the text as once', () => {
    expect(hasItsHash(link)).toBe(true)
    expect(hasItsHash({ ...link, body: `${link.body} ` })).toBe(false)
    expect(hasItsHash({ ...link, seq: 2 })).toBe(false)
    const { workspace, seq, previousHash, body: text } = link
    const once = createHash('sha256').update(`${workspace}\n${seq}\n${previousHash}\n${text}`).digest('hex')
    expect(hasItsHash({ ...link, hash: once })).toBe(true)
    expect(hasItsHash({ ...link, hash: once, body: `${text} ` })).toBe(false)
  })

  test('stands beside lines of evidence, which have no field twice either', () => {
    const line = evidenceLine({ population: ['key_1'] }).trim()
    expect(readObject(line)).toEqual({ population: ['key_1'] })
    expect(readObject(line.replace('{', '{"population":["key_2"],'))).toBe('a field stands there twice')
  })
})

describe('events that are left out', () => {
  const digests = ['a'.repeat(64), 'b'.repeat(64)]
  const leftOut = { workspace: 'ws_1', seq: 3, digests }

  test('are a line with their digests, in both formats', () => {
    expect(readObject(leftOutLine(leftOut, 'jsonl').trim())).toEqual(leftOut)
    const cells = leftOutLine(leftOut, 'csv').trim()
    expect(cells).toBe(`ws_1,3,,(left out),,,,,,,${digests.join(' ')}`)
    expect(readRow({ workspace: 'ws_1', seq: '3', event: '(left out)', body: digests.join(' ') })).toEqual(
      leftOut,
    )
  })

  test.each([
    [{ ...leftOut, digests: [] }],
    [{ ...leftOut, digests: ['x'] }],
    [{ ...leftOut, seq: 0 }],
    [{ ...leftOut, workspace: 'a b' }],
    [{ ...leftOut, digests: Array(401).fill('a'.repeat(64)) }],
  ])('are none as %j', (wrong) => {
    const why = 'what is left out is not told by digests'
    expect(readObject(leftOutLine(wrong, 'jsonl').trim())).toBe(why)
  })

  test('are at most four hundred a line, with no field twice and no other', () => {
    expect(digestsPerLine).toBe(400)
    const many = { ...leftOut, digests: Array(400).fill('a'.repeat(64)) }
    expect(readObject(leftOutLine(many, 'jsonl').trim())).toEqual(many)
    const line = leftOutLine(leftOut, 'jsonl').trim()
    expect(readObject(line.replace('"seq":3', '"seq":3,"seq":3'))).toBe('a field stands there twice')
    expect(readObject(line.replace('"seq":3', '"seq":3,"more":1'))).toBe(
      'what is left out is not told by digests',
    )
    expect(readRow({ workspace: 'ws_1', seq: '3', event: '(left out)' })).toBe(
      'what is left out is not told by digests',
    )
  })
})

describe('the verdict on chains', () => {
  const chain = (events: number, proven: number, breaks: unknown[] = []) =>
    ({ workspace: 'ws_1', events, proven, breaks, last: events, unproven: [] }) as never
  const of = (more: Partial<Verification>): Verification => ({
    ...{ chains: [chain(3, 3)], damages: [], gaveUp: false, partial: false },
    ...more,
  })

  test.each([
    ['intact', of({})],
    ['intact', of({ partial: true })],
    ['intact', of({ chains: [chain(3, 3), chain(0, 0)] })],
    ['unbroken', of({ chains: [chain(3, 2)] })],
    ['unbroken', of({ chains: [chain(3, 3), chain(3, 2)] })],
    ['unproven', of({ chains: [chain(3, 2)], partial: true })],
    ['broken', of({ damages: [{ line: 1, damaged: 'x' }] })],
    ['broken', of({ chains: [chain(3, 3), chain(1, 1, [{}])] })],
    ['broken', of({ chains: [] })],
    ['broken', of({ chains: [chain(0, 0)] })],
  ] as const)('%s', (verdict, verification) => {
    expect(verdictOf(verification)).toBe(verdict)
    expect(isIntact(verification)).toBe(verdict === 'intact' || verdict === 'unbroken')
  })

  async function* these<T>(...all: T[]) {
    yield* all
  }
  const witnesses = new Map([['ws_1', new Map([[5, { hash: five[4]!.hash, by: 'w' }]])]])

  test('is of each chain, of the workspaces that are asked about', async () => {
    const elsewhere = chainOf(['x']).map((link) => ({ ...link, workspace: 'ws_2' }))
    const id = five[0]!.workspace
    const all = await verifyEntries(these(...five, ...elsewhere), { witnesses: new Map(), partial: false })
    expect(all.chains.map((one) => [one.workspace, one.events])).toEqual([
      [id, 5],
      ['ws_2', 1],
    ])
    const some = await verifyEntries(these(...five, ...elsewhere), {
      ...{ witnesses: new Map(), partial: false, workspaces: [id] },
    })
    expect(some.chains.map((one) => one.workspace)).toEqual([id])
  })

  test('is that a chain was cut off whole where somebody vouched for it and no event is there', async () => {
    const gone = await verifyEntries(these(), { witnesses, partial: false })
    expect(gone.chains).toMatchObject([{ workspace: 'ws_1', events: 0, breaks: [{ kind: 'truncated' }] }])
    expect((await verifyEntries(these(), { witnesses, partial: true })).chains).toEqual([])
    const asked = await verifyEntries(these(), { witnesses: new Map(), partial: false, workspaces: ['ws_9'] })
    expect(asked.chains).toMatchObject([{ workspace: 'ws_9', events: 0 }])
  })

  test('is given up after a thousand damages', async () => {
    const damages = Array.from({ length: 1_001 }, (_, line) => ({ line, damaged: 'x' }))
    const verification = await verifyEntries(these(...damages), { witnesses, partial: false })
    expect([verification.damages.length, verification.gaveUp, verification.chains]).toEqual([1_000, true, []])
    const fewer = await verifyEntries(these(...damages.slice(0, 999)), {
      witnesses: new Map(),
      partial: false,
    })
    expect(fewer.gaveUp).toBe(false)
  })

  test('goes on from the digests of events that are left out', async () => {
    const digests = five.slice(1, 4).map(({ body: text }) => createHash('sha256').update(text).digest('hex'))
    const leftOut = { workspace: 'ws_1', seq: 2, digests }
    const parts = these<Read>(five[0]!, leftOut, five[4]!)
    const verification = await verifyEntries(parts, { witnesses, partial: true })
    expect(verification.chains).toMatchObject([{ events: 2, proven: 2, last: 5 }])
    expect(verdictOf(verification)).toBe('intact')
  })

  test('of evidence is that of a part', async () => {
    const evidence = { version: 1, workspace: 'ws_1', at: '', seed: 's', population: 0, samples: 1 } as const
    const verification = await verifyEntries(these<Read>({ evidence }, five[2]!), {
      witnesses: new Map(),
      partial: false,
    })
    expect(verification).toMatchObject({ partial: true, evidence, damages: [] })
    expect(verdictOf(verification)).toBe('unproven')
  })
})
