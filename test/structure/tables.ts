import { readdirSync, readFileSync } from 'node:fs'
import { roomOf } from './ranks.ts'
import { type AstNode, lineOf, nodesIn, type Source } from './source.ts'

/** One place in the code that reads or writes a table. */
export type Access = { room: string; table: string; kind: 'read' | 'write'; at: string }

const writes = [
  /\binsert\s+into\s+([a-z_]+)/gi,
  /\bupdate\s+(?:only\s+)?([a-z_]+)(?:\s+(?:as\s+)?[a-z_]+)?\s+set\b/gi,
  /\bdelete\s+from\s+([a-z_]+)/gi,
  /\btruncate\s+(?:table\s+)?([a-z_]+)/gi,
]
const reads = [
  /(?<!delete\s)(?<!distinct\s)\bfrom\s+(?:only\s+)?([a-z_]+)/gi,
  /\bjoin\s+(?:lateral\s+)?([a-z_]+)/gi,
]
const writing = new Set(['insert', 'update', 'delete', 'del', 'increment', 'decrement', 'truncate'])
const joining = new Set(['join', 'innerJoin', 'leftJoin', 'leftOuterJoin', 'from', 'into', 'table'])

const schema = new URL('../../schema/', import.meta.url)

/** The SQL files of the schema, by name. */
export function readSchema(folder = ''): Map<string, string> {
  const files = readdirSync(new URL(folder, schema)).filter((file) => file.endsWith('.sql'))
  return new Map(files.map((file) => [file, readFileSync(new URL(folder + file, schema), 'utf8')]))
}

/** Each table with the room that owns it: the one that its file is named after. */
export function ownersOf(files: ReadonlyMap<string, string>): Map<string, string> {
  return new Map(
    [...files].flatMap(([file, sql]) =>
      [...sql.matchAll(/create (?:unlogged )?table ([a-z_]+)/g)].map(
        ([, table]) => [table!, file.split('.')[0]!] as const,
      ),
    ),
  )
}

/** Every access to one of these tables: in SQL text, and through the query builder's calls. */
export function accessesOf(sources: readonly Source[], tables: ReadonlySet<string>): Access[] {
  return sources.flatMap((source) => {
    const room = roomOf(source.path) ?? source.path
    return [...nodesIn(source.statements)].flatMap(({ node }) =>
      [...inSql(node), ...inCalls(node)]
        .filter(({ table }) => tables.has(table))
        .map((access) => ({ ...access, room, at: lineOf(source, node) })),
    )
  })
}

type Touched = Pick<Access, 'table' | 'kind'>

/** Accesses in one piece of SQL. */
export function inText(text: string): Touched[] {
  const found = (patterns: RegExp[], kind: Access['kind']) =>
    patterns.flatMap((pattern) => [...text.matchAll(pattern)].map((match) => ({ table: match[1]!, kind })))
  return [...found(writes, 'write'), ...found(reads, 'read')]
}

function inSql(node: AstNode): Touched[] {
  if (node.type === 'TemplateLiteral') {
    const parts = node.quasis as { value: { raw: string } }[]
    return inText(parts.map(({ value }) => value.raw).join(' '))
  }
  return node.type === 'Literal' && typeof node.value === 'string' ? inText(node.value) : []
}

const literal = (node: AstNode | undefined): string | undefined =>
  node?.type === 'Literal' && typeof node.value === 'string' ? /^\w+/.exec(node.value)?.[0] : undefined

/** `db('keys').where(...).update(...)`: the innermost call names the table, those around it say what is done. */
function inCalls(node: AstNode): Touched[] {
  if (node.type !== 'CallExpression') return []
  const callee = node.callee as AstNode
  const [first] = node.arguments as AstNode[]
  const table = literal(first)
  if (callee.type === 'MemberExpression') {
    const method = String((callee.property as AstNode).name)
    if (joining.has(method)) return table ? [{ table, kind: 'read' }] : []
    if (!writing.has(method)) return table && method === 'trx' ? [{ table, kind: 'read' }] : []
    const root = rootOf(callee.object as AstNode)
    return root ? [{ table: root, kind: 'write' }] : []
  }
  return table ? [{ table, kind: 'read' }] : []
}

function rootOf(node: AstNode): string | undefined {
  if (node.type !== 'CallExpression') return undefined
  const callee = node.callee as AstNode
  const table = literal((node.arguments as AstNode[])[0])
  if (callee.type === 'Identifier') return table
  const method = String((callee.property as AstNode)?.name)
  if (callee.type === 'MemberExpression' && (method === 'trx' || method === 'db') && table) return table
  return callee.type === 'MemberExpression' ? rootOf(callee.object as AstNode) : undefined
}
