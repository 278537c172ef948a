import { isUtf8 } from 'node:buffer'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { pipeline } from 'node:stream'
import { CsvError, parse } from 'csv-parse'
import { linesIn } from '../foundation/lines.ts'
import { type AdoptionFields, adoptionFields } from '../keys/adoption.ts'

/** One line of the file: its fields, or what is wrong with it. */
export type ImportLine = { line: number } & ({ fields: AdoptionFields } | { wrong: string })

/** Thrown when the file as a whole is unusable. */
export class NotAnImport extends Error {
  override name = 'NotAnImport'
}

/** An import locks the audit's chain while it writes, so its size is limited. */
const maxLines = 2_000

/**
 * Reads a file of keys in UTF-8: CSV with a header, its cells separated by commas, semicolons or tabs, or JSON Lines.
 * @throws NotAnImport, or the file system's error
 */
export async function readImport(path: string): Promise<ImportLine[]> {
  await checkUtf8(path)
  const head = await headOf(path)
  if (head === '') throw new NotAnImport(`${path} is empty.`)
  const lines: ImportLine[] = []
  for await (const line of head.startsWith('{') ? readObjects(path) : readRows(path, separatorIn(head))) {
    lines.push(line)
    if (lines.length > maxLines)
      throw new NotAnImport(`${path} has more than ${maxLines} keys. Split it and import the parts.`)
  }
  if (lines.length === 0) throw new NotAnImport(`${path} has no keys.`)
  return lines
}

/** @throws NotAnImport with the line, since characters of another encoding would end up in names */
async function checkUtf8(path: string): Promise<void> {
  const check = (bytes: Buffer, line: number) => {
    if (line === 1 && (bytes.includes(0) || /^(fffe|feff)/.test(bytes.toString('hex', 0, 2))))
      throw new NotAnImport(`${path} is UTF-16, or no text. ${advice}`)
    if (!isUtf8(bytes)) throw new NotAnImport(`Line ${line} of ${path} is not UTF-8. ${advice}`)
  }
  let [line, rest] = [1, Buffer.alloc(0)]
  for await (const chunk of createReadStream(path)) {
    const bytes = Buffer.concat([rest, chunk as Buffer])
    let from = 0
    for (let feed = bytes.indexOf(0x0a); feed >= 0; feed = bytes.indexOf(0x0a, from)) {
      check(bytes.subarray(from, feed), line++)
      from = feed + 1
    }
    rest = bytes.subarray(from)
  }
  check(rest, line)
}

const advice = 'Save it as UTF-8; Excel calls that CSV UTF-8.'

/** The beginning of the first line. */
async function headOf(path: string): Promise<string> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(1_024), 0, 1_024, 0)
    const text = buffer.toString('utf8', 0, bytesRead).replace(/^\ufeff/, '')
    return text.trimStart().split(/[\r\n]/)[0] ?? ''
  } finally {
    await file.close()
  }
}

const separators = { ',': 'commas', ';': 'semicolons', '\t': 'tabs' } as const
type Separator = keyof typeof separators

/** The separator that a header has most often. */
const separatorIn = (header: string): Separator =>
  (Object.keys(separators) as Separator[]).reduce((best, one) =>
    header.split(one).length > header.split(best).length ? one : best,
  )

async function* readRows(path: string, delimiter: Separator): AsyncGenerator<ImportLine> {
  const options = {
    bom: true,
    delimiter,
    columns: (header: string[]) =>
      checkColumns(
        header.map((name) => name.trim().toLowerCase()),
        separators[delimiter],
      ),
    info: true,
    raw: true,
    skip_empty_lines: true,
    relax_column_count: true,
    max_record_size: 100_000,
  }
  const parser = pipeline(createReadStream(path), parse(options), () => undefined)
  try {
    let passed = 1
    for await (const { info, raw, record } of parser) {
      const line = passed + 1 + lineEndsIn(/^[\r\n]*/.exec(raw)![0])
      passed += lineEndsIn(raw)
      if (info.error) yield { line, wrong: 'it has another number of cells than the header' }
      else yield { line, fields: { ...blank, ...record } }
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    yield { line: Number(error.lines ?? 0), wrong: 'it is not complete CSV' }
  }
}

/** The parser counts a CR LF within a cell as two line ends. */
const lineEndsIn = (raw: string): number => raw.replaceAll('\r\n', '\n').match(/[\r\n]/g)?.length ?? 0

const blank = Object.fromEntries(adoptionFields.map((field) => [field, ''])) as AdoptionFields
const needed = ['sha256', 'hint', 'name', 'scopes', 'owner'] as const

function checkColumns(header: string[], between: string): string[] {
  const secret = header.find((name) => /^(token|key|secret|value|api.?key)$/.test(name))
  if (secret)
    throw new NotAnImport(
      `The column ${secret} looks like tokens. Keywarden takes their hashes alone: printf %s "$TOKEN" | sha256sum`,
    )
  const missing = needed.filter((name) => !header.includes(name))
  if (missing.length > 0)
    throw new NotAnImport(
      `The header lacks ${missing.join(', ')}. It was read as ${header.length === 1 ? 'one column' : `columns between ${between}`}.`,
    )
  const unknown = header.find((name) => !isField(name))
  if (unknown !== undefined)
    throw new NotAnImport(
      `There is no column ${unknown || '(empty)'}. Known are ${adoptionFields.join(', ')}.`,
    )
  const twice = header.find((name, i) => header.indexOf(name) !== i)
  if (twice) throw new NotAnImport(`The column ${twice} is there twice.`)
  return header
}

async function* readObjects(path: string): AsyncGenerator<ImportLine> {
  let line = 0
  for await (const text of linesIn(path)) {
    line++
    const bare = text.replace(/^\ufeff/, '').trim()
    if (bare !== '') yield { line, ...readObject(bare) }
  }
}

function readObject(text: string): { fields: AdoptionFields } | { wrong: string } {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { wrong: 'it is not complete JSON' }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { wrong: 'it is not an object' }
  const fields = { ...blank }
  for (const [name, given] of Object.entries(value)) {
    if (!isField(name)) return { wrong: `there is no field ${name}; known are ${adoptionFields.join(', ')}` }
    const words = inWords(given)
    if (words === undefined) return { wrong: `${name} is not a text` }
    fields[name] = words
  }
  return { fields }
}

const isField = (name: string): name is keyof AdoptionFields =>
  (adoptionFields as readonly string[]).includes(name)

/** Converts a value to text: numbers as text, lists as words, null as empty; undefined for anything else. */
function inWords(value: unknown): string | undefined {
  if (value === null) return ''
  if (typeof value === 'string' || typeof value === 'number') return String(value)
  return Array.isArray(value) && value.every((one) => typeof one === 'string') ? value.join(' ') : undefined
}
