import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { pipeline } from 'node:stream'
import { CsvError, parse } from 'csv-parse'
import { linesIn } from '../foundation/lines.ts'
import type { Entry, LeftOut } from './chain.ts'
import { checkEvidence, type EvidenceCheck, type EvidenceHead } from './evidence-file.ts'
import { type Format, readObject, readRow } from './formats.ts'

/** A line that holds no event. */
export type Damage = { line: number; damaged: string }

/** Thrown for a file that was never an export of the audit. */
export class NotAnExport extends Error {
  override name = 'NotAnExport'
}

/** A part of a file: an event, events that it leaves out, a damage, or the beginning of evidence. */
export type Read = Entry | LeftOut | Damage | { evidence: EvidenceHead }

/**
 * Reads an export as it stands: its events, those that it says it leaves out, and for evidence how it begins; what its
 * sample contradicts is damage. @throws NotAnExport, or what the file system says
 */
export async function* readExport(path: string): AsyncGenerator<Read> {
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

async function* readJsonLines(path: string): AsyncGenerator<Read> {
  let line = 0
  let evidence: EvidenceCheck | undefined
  for await (const text of linesIn(path)) {
    line++
    if (text.trim() === '') continue
    const read = readObject(text.replace(/^\ufeff/, ''))
    if (typeof read === 'string') yield { line, damaged: read }
    else if ('evidence' in read && line === 1) {
      evidence = checkEvidence(read.evidence)
      yield read
    } else if ('evidence' in read || 'population' in read || 'sample' in read) {
      if (evidence) evidence.add(read, line)
      else yield { line, damaged: 'the file does not begin as evidence' }
    } else {
      if ('body' in read) evidence?.see(read)
      yield { ...read, line }
    }
  }
  if (evidence) yield* evidence.end()
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
