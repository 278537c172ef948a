import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { csvHead, csvLines } from '../foundation/csv.ts'
import type { Entry, LeftOut, Link } from './chain.ts'
import { type EvidenceLine, readEvidenceLine } from './evidence-file.ts'

export const formats = ['csv', 'jsonl'] as const
export type Format = (typeof formats)[number]

/** The fields of an event's text, for people and programs that do not want to parse it. */
type Readable = {
  at: string
  event: string
  actor: { kind: string; id: string; role?: string }
  keyId?: string
  details?: Record<string, unknown>
}

const columns = [
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
] as const
type Row = Record<(typeof columns)[number], string>

/** How an export in that format begins. */
export const headOf = (format: Format): string => (format === 'csv' ? csvHead(columns) : '')

/** Events as lines. In CSV nothing that somebody typed can be read as a formula. */
export function linesOf(links: readonly Link[], format: Format): string {
  if (format === 'jsonl') return links.map((link) => `${JSON.stringify(objectOf(link))}\n`).join('')
  return csvLines(links.map((link) => columns.map((column) => rowOf(link)[column])))
}

/** So many digests are a cell that every spreadsheet takes. */
export const digestsPerLine = 400

/**
 * Events that are left out, as a line of an export: their digests alone, at most `digestsPerLine`. In CSV they take the
 * place of the text.
 */
export function leftOutLine({ workspace, seq, digests }: LeftOut, format: Format): string {
  if (format === 'jsonl') return `${JSON.stringify({ workspace, seq, leftOut: digests })}\n`
  const cells: Partial<Row> = { workspace, seq: String(seq), event: leftOutEvent, body: digests.join(' ') }
  return csvLines([columns.map((column) => cells[column] ?? '')])
}

const leftOutEvent = '(left out)'

function objectOf({ workspace, seq, previousHash, hash, body }: Link) {
  const { at, event, actor, keyId, details } = JSON.parse(body) as Readable
  return { workspace, seq, at, event, actor, keyId, details, previousHash, hash, body }
}

function rowOf({ workspace, seq, previousHash, hash, body }: Link): Row {
  const { at, event, actor, keyId, details } = JSON.parse(body) as Readable
  return {
    workspace,
    seq: String(seq),
    at,
    event,
    actor: actor.kind === 'member' ? actor.id : `${actor.kind}:${actor.id}`,
    role: actor.role ?? '',
    key: keyId ?? '',
    details: details ? JSON.stringify(details) : '',
    previous_hash: previousHash,
    hash,
    body,
  }
}

const hex = z.string().regex(/^[0-9a-f]{64}$/, 'is not a SHA-256')
/** It is printed: a file cannot bring a line end or a terminal's commands by it. */
const workspaceId = z.string().regex(/^[\w-]{1,100}$/, 'is not the id of a workspace')
const link = z.object({
  workspace: workspaceId,
  seq: z.number().int().positive(),
  previousHash: hex,
  hash: hex,
  body: z.string(),
})

const leftOut = z.strictObject({
  workspace: workspaceId,
  seq: z.number().int().positive(),
  digests: z.array(hex).min(1).max(digestsPerLine),
})

const readLeftOut = (value: unknown): LeftOut | string => {
  const read = leftOut.safeParse(value)
  return read.success ? read.data : 'what is left out is not told by digests'
}

/** An event out of one line of a JSON Lines export, events that are left out, or a line of evidence; or why it is none. */
export function readObject(line: string): Entry | LeftOut | EvidenceLine | string {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return 'it is not complete JSON'
  }
  if (typeof value === 'object' && value !== null && 'leftOut' in value) {
    const { leftOut: digests, ...rest } = value
    return keysIn(line) === keysOf(value) ? readLeftOut({ ...rest, digests }) : 'a field stands there twice'
  }
  const evidence = readEvidenceLine(value)
  if (evidence !== undefined) return keysIn(line) === keysOf(value) ? evidence : 'a field stands there twice'
  const entry = readLink(value)
  if (typeof entry === 'string') return entry
  if (keysIn(line) !== keysOf(value)) return 'a field stands there twice'
  return withContradiction(entry, () => {
    const expected = JSON.parse(JSON.stringify(objectOf(entry))) as Record<string, unknown>
    const stands = value as Record<string, unknown>
    const fields = new Set([...Object.keys(expected), ...Object.keys(stands)])
    return [...fields].find((field) => !isDeepStrictEqual(expected[field], stands[field]))
  })
}

/** How many keys are written in a JSON text. Of one that stands there twice, parsers show one, and people see the other. */
const keysIn = (json: string): number =>
  [...json.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)].filter(([, colon]) => colon !== undefined).length

/** How many keys a value has, with all that it holds. */
const keysOf = (value: unknown): number =>
  typeof value === 'object' && value !== null
    ? Object.values(value).reduce<number>(
        (sum, one) => sum + keysOf(one),
        Array.isArray(value) ? 0 : Object.keys(value).length,
      )
    : 0

/** An event out of one record of a CSV export, or events that are left out; or why it is none. */
export function readRow(record: Record<string, string | undefined>): Entry | LeftOut | string {
  const { workspace, seq = '', previous_hash: previousHash, hash, body } = record
  if (!/^[1-9][0-9]{0,15}$/.test(seq)) return 'seq is not a number'
  if (record.event === leftOutEvent)
    return readLeftOut({ workspace, seq: Number(seq), digests: body?.split(' ') })
  const entry = readLink({ workspace, seq: Number(seq), previousHash, hash, body })
  if (typeof entry === 'string') return entry
  return withContradiction(entry, () => {
    const expected = rowOf(entry)
    // A cell that might be read as a formula stands behind an apostrophe.
    const says = (column: keyof Row) =>
      [expected[column], `'${expected[column]}`].includes(record[column] ?? '')
    return columns.find((column) => !says(column))
  })
}

function readLink(value: unknown): Link | string {
  const read = link.safeParse(value)
  if (read.success) return read.data
  const issue = read.error.issues[0]!
  return `${String(issue.path[0] ?? 'it')} ${issue.message.replace(/^Invalid input: /, 'is wrong: ')}`
}

/** Columns that repeat the text must agree with it, or their reader is deceived. */
function withContradiction(entry: Entry, differing: () => string | undefined): Entry {
  try {
    const column = differing()
    const named = column && /^[\w-]{1,40}$/.test(column) ? column : 'a field'
    return column ? { ...entry, contradiction: `${named} does not say what its text says` } : entry
  } catch {
    return { ...entry, contradiction: 'its text cannot be read' }
  }
}
