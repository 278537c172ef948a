import { readdirSync, readFileSync } from 'node:fs'
import { roomOf } from './ranks.ts'
import { type AstNode, lineOf, nodesIn, type Source } from './source.ts'

/** One place in the code that reads or writes a table. */
export type Access = { room: string; table: string; kind: 'read' | 'write'; at: string }

/** A table's name as SQL writes it: with its schema, with quotes, or plain. */
const name = String.raw`(?:public\.)?"?([a-z_]+)"?`
const patterns = (...texts: string[]) => texts.map((text) => new RegExp(text.replaceAll('NAME', name), 'gi'))
const writes = patterns(
  String.raw`\binsert\s+into\s+NAME`,
  String.raw`\bupdate\s+(?:only\s+)?NAME(?:\s+(?:as\s+)?[a-z_]+)?\s+set\b`,
  String.raw`\bdelete\s+from\s+(?:only\s+)?NAME`,
  String.raw`\btruncate\s+(?:table\s+)?NAME`,
  String.raw`\bmerge\s+into\s+NAME`,
  String.raw`\bcopy\s+NAME\s+(?:\(|from)`,
)
const reads = patterns(
  String.raw`(?<!delete\s)(?<!distinct\s)\bfrom\s+(?:only\s+)?NAME`,
  String.raw`\bjoin\s+(?:lateral\s+)?NAME`,
  String.raw`\bfrom\s+[a-z_]+(?:\s+(?:as\s+)?[a-z_]+)?\s*,\s*(?!lateral)NAME`,
)
/** SQL whose table is put in when it runs: nobody can read there which one it is. */
const computed = /\b(?:insert\s+into|update|delete\s+from|truncate|merge\s+into)\s*(?:\?\?|$)/i
const writing = new Set(['insert', 'update', 'delete', 'del', 'increment', 'decrement', 'truncate', 'upsert'])
const naming = new Set(['from', 'into', 'table', 'trx', 'db', 'batchInsert'])
const joining = new Set(['join', 'innerJoin', 'leftJoin', 'leftOuterJoin'])

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
    const builders = buildersIn(source)
    return [...nodesIn(source.statements)].flatMap(({ node }) =>
      [...inSql(node), ...inCalls(node, builders)]
        .filter(({ table }) => tables.has(table))
        .map((access) => ({ ...access, room, at: lineOf(source, node) })),
    )
  })
}

/** Each place where a table that is written is computed, so that no test can tell whose it is. */
export const computedTables = (sources: readonly Source[]): string[] =>
  sources.flatMap((source) =>
    [...nodesIn(source.statements)].flatMap(({ node }) =>
      piecesOf(node).some(
        (piece, i, all) => computed.test(piece) && (i < all.length - 1 || piece.includes('??')),
      )
        ? [lineOf(source, node)]
        : [],
    ),
  )

type Touched = Pick<Access, 'table' | 'kind'>

/** Accesses in one piece of SQL. */
export function inText(text: string): Touched[] {
  const found = (wanted: RegExp[], kind: Access['kind']) =>
    wanted.flatMap((pattern) => [...text.matchAll(pattern)].map((match) => ({ table: match[1]!, kind })))
  return [...found(writes, 'write'), ...found(reads, 'read')]
}

/** The literal parts of a text: of a template those between its expressions. */
function piecesOf(node: AstNode): string[] {
  if (node.type === 'TemplateLiteral')
    return (node.quasis as { value: { raw: string } }[]).map(({ value }) => value.raw)
  return node.type === 'Literal' && typeof node.value === 'string' ? [node.value] : []
}

const inSql = (node: AstNode): Touched[] => inText(piecesOf(node).join(' '))

const literal = (node: AstNode | undefined): string | undefined =>
  node?.type === 'Literal' && typeof node.value === 'string' ? /^\w+/.exec(node.value)?.[0] : undefined

const isCall = (node: AstNode | undefined): node is AstNode & { callee: AstNode; arguments: AstNode[] } =>
  node?.type === 'CallExpression'

const methodOf = (callee: AstNode): string | undefined =>
  callee.type === 'MemberExpression' ? String((callee.property as AstNode).name) : undefined

/** The tables that a call names itself: `db('keys')`, `act.trx('keys')`, `.from('keys')`, `.batchInsert('keys')`. */
function namedBy(node: AstNode): string[] {
  if (!isCall(node)) return []
  const method = methodOf(node.callee)
  const table = literal(node.arguments[0])
  return table && (method === undefined || naming.has(method)) ? [table] : []
}

/** The tables of a chain of calls, from its root on; a variable stands for the chain that it was given. */
function chainTables(node: AstNode | undefined, builders: ReadonlyMap<string, string[]>): string[] {
  if (node?.type === 'Identifier') return builders.get(String(node.name)) ?? []
  if (!isCall(node)) return []
  const callee = node.callee
  const before = callee.type === 'MemberExpression' ? chainTables(callee.object as AstNode, builders) : []
  return [...before, ...namedBy(node)]
}

/** Variables that hold a query, with its tables. */
function buildersIn(source: Source): Map<string, string[]> {
  const builders = new Map<string, string[]>()
  for (const { node } of nodesIn(source.statements)) {
    if (node.type !== 'VariableDeclarator' || (node.id as AstNode).type !== 'Identifier') continue
    const tables = chainTables(node.init as AstNode | undefined, builders)
    if (tables.length > 0) builders.set(String((node.id as AstNode).name), tables)
  }
  return builders
}

function inCalls(node: AstNode, builders: ReadonlyMap<string, string[]>): Touched[] {
  if (!isCall(node)) return []
  const method = methodOf(node.callee)
  const read = (tables: string[]): Touched[] => tables.map((table) => ({ table, kind: 'read' }))
  const write = (tables: string[]): Touched[] => tables.map((table) => ({ table, kind: 'write' }))
  if (method === 'batchInsert') return write(namedBy(node))
  if (method && joining.has(method)) return read([literal(node.arguments[0]) ?? ''])
  if (!method || !writing.has(method)) {
    // `.into('keys')` after `.insert(...)`: the write is before the name.
    const isInto = method === 'into'
    return isInto ? write(namedBy(node)) : read(namedBy(node))
  }
  return write(chainTables((node.callee as AstNode & { object: AstNode }).object, builders))
}

/** The rooms of the schema's functions: each belongs to the room whose tables it writes. */
export function functionOwners(
  functions: ReadonlyMap<string, string>,
  owners: ReadonlyMap<string, string>,
): Map<string, string> {
  return new Map(
    [...functions].flatMap(([file, sql]) => {
      const written = inText(sql).find(({ table, kind }) => kind === 'write' && owners.has(table))
      return written ? [[file.replace('.sql', ''), owners.get(written.table)!] as const] : []
    }),
  )
}

/** Calls of a function of the schema from another room than the one whose tables it writes. */
export const foreignCalls = (sources: readonly Source[], functions: ReadonlyMap<string, string>): string[] =>
  sources.flatMap((source) =>
    [...nodesIn(source.statements)].flatMap(({ node }) =>
      piecesOf(node)
        .flatMap((text) => [...text.matchAll(/\b([a-z_]+)\(/g)].map(([, called]) => called!))
        .filter((called) => functions.has(called) && functions.get(called) !== roomOf(source.path))
        .map((called) => `${lineOf(source, node)} calls ${called} of ${functions.get(called)}`),
    ),
  )
