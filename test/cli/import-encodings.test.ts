import { afterAll, beforeAll, expect, test } from 'vitest'
import { csvLines } from '../../src/foundation/csv.ts'
import { header, type Importing, lineOf, openImporting, sha256, soon } from './importing.ts'

let importing: Importing
beforeAll(async () => {
  importing = await openImporting()
})
afterAll(() => importing.drop())

const row = (i: number, name: string, between = ',') =>
  [sha256(`encoded-${i}`), 'enco', name, 'read', 'U0ADA00001', soon].join(between)
const file = (name: string, between = ',') =>
  `${header.replaceAll(',', between)}\n${row(1, 'Plain', between)}\n${row(2, name, between)}\n`

test.each<[string, Buffer, RegExp]>([
  [
    'Windows-1252',
    Buffer.from(file('Müller & Söhne'), 'latin1'),
    /^Line 3 of \S+ is not UTF-8\. Save it as UTF-8/,
  ],
  [
    'half a character at the end',
    Buffer.from(`${file('x')}ü`).subarray(0, -1),
    /^Line 4 of \S+ is not UTF-8/,
  ],
  [
    'UTF-16 with its mark',
    Buffer.from(`\ufeff${file('Müller')}`, 'utf16le'),
    /is UTF-16, or no text\. Save it as UTF-8/,
  ],
  [
    'UTF-16 of the other order',
    Buffer.from(`\ufeff${file('Müller')}`, 'utf16le').swap16(),
    /is UTF-16, or no text/,
  ],
  ['UTF-16 without a mark', Buffer.from(file('Müller'), 'utf16le'), /is UTF-16, or no text/],
])('a file in %s is refused with a sentence, and nothing is imported', async (_what, bytes, error) => {
  const before = await importing.count()
  const ran = await importing.run(bytes)
  expect([ran.code, ran.out]).toEqual([1, ''])
  expect(ran.err).toMatch(error)
  expect(await importing.count()).toBe(before)
})

test('a line that is not UTF-8 is named far into a long file', async () => {
  const rows = Array.from({ length: 1_500 }, (_, i) => row(i, `Größe ${i}`))
  const text = Buffer.concat([
    Buffer.from(`${header}\n${rows.join('\n')}\n`),
    Buffer.from(row(9_999, 'Süd'), 'latin1'),
  ])
  expect((await importing.run(text, '--dry-run')).err).toMatch(/^Line 1502 of /)
})

test.each([
  ['semicolons', ';'],
  ['tabs', '\t'],
  ['commas', ','],
])('cells between %s are read, with the names that they hold', async (_what, between) => {
  const ran = await importing.run(file(`"Comma, semicolon; and ""quotes"""`, between), '--dry-run')
  expect(ran).toMatchObject({ code: 0, err: '' })
  expect(lineOf(ran, 3)[0]).toContain('ok Comma, semicolon; and "quotes"')
})

test('a header that lacks columns says between what it was read', async () => {
  expect((await importing.run('sha256;hint;name\n')).err).toBe(
    'The header lacks scopes, owner. It was read as columns between semicolons.\n',
  )
  expect((await importing.run('sha256|hint|name|scopes|owner\n')).err).toMatch(
    /It was read as one column\.\n$/,
  )
})

test('what a file calls its columns does not reach the terminal raw', async () => {
  const { err } = await importing.run(`${header},\u001b[2K\u202Eevil\n`)
  expect(err).toMatch(/^There is no column \[2kevil\./)
})

test.each([
  ['=1+1', "'=1+1"],
  ['+1', "'+1"],
  ['-1', "'-1"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['\t=1', "'\t=1"],
  ['\r=1', `"'\r=1"`],
  ['\n=1', '"\n=1"'],
  ['＝1', "'＝1"],
])('an exported cell that holds %j cannot be read as a formula', (cell, written) => {
  expect(csvLines([[cell]])).toBe(`${written}\r\n`)
})
