import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { pipeline } from 'node:stream'
import { CsvError, parse } from 'csv-parse'
import { linesIn } from '../foundation/lines.ts'
import type { Entry, LeftOut } from './chain.ts'
import { type Format, readObject, readRow } from './formats.ts'

/** A line that holds no event. */
export type Damage = { line: number; damaged: string }

/** Thrown for a file that was never an export of the audit. */
export class NotAnExport extends Error {
  override name = 'NotAnExport'
}

/** Reads an export as it stands: its events, and those that it says it leaves out. @throws NotAnExport, or what the file system says */
export async function* readExport(path: string): AsyncGenerator<Entry | LeftOut | Damage> {
  yield* (await formatOf(path)) === 'jsonl' ? readJsonLines(path) : readCsv(path)
}

async function formatOf(path: string): Promise<Format> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(16), 0, 16, 0)
    return buffer
      .toString('utf8', 0, bytesRead)
      .replace(/^\ufeff/, '')
      .trimStart()
      .startsWith('{')
      ? 'jsonl'
      : 'csv'
  } finally {
    await file.close()
  }
}

async function* readJsonLines(path: string): AsyncGenerator<Entry | LeftOut | Damage> {
  let line = 0
  for await (const text of linesIn(path)) {
    line++
    if (text.trim() === '') continue
    const read = readObject(text.replace(/^\ufeff/, ''))
    yield typeof read === 'string' ? { line, damaged: read } : { ...read, line }
  }
}

async function* readCsv(path: string): AsyncGenerator<Entry | LeftOut | Damage> {
  const parser = pipeline(
    createReadStream(path),
    parse({
      bom: true,
      columns: checkHeader,
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
      max_record_size: 4_000_000,
    }),
    // The loop below throws the error.
    () => undefined,
  )
  try {
    for await (const { info, record } of parser) {
      const read = readRow(record)
      yield typeof read === 'string' ? { line: info.lines, damaged: read } : { ...read, line: info.lines }
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    yield { line: Number(error.lines ?? 0), damaged: 'it is not complete CSV' }
  }
}

function checkHeader(header: string[]): string[] {
  const missing = ['workspace', 'seq', 'previous_hash', 'hash', 'body'].filter(
    (name) => !header.includes(name),
  )
  if (missing.length > 0)
    throw new NotAnExport(`This is not an export of the audit: it has no column ${missing.join(', ')}.`)
  const twice = header.find((name, i) => header.indexOf(name) < i)
  if (twice !== undefined)
    throw new NotAnExport(`This is not an export of the audit: it has two columns ${twice}.`)
  return header
}
