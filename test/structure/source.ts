import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { parseSync } from 'oxc-parser'

/** Path from the project's root, with forward slashes -> text. */
export type Tree = ReadonlyMap<string, string>

export type AstNode = { type: string; start: number } & Record<string, unknown>
export type Source = { path: string; text: string; statements: AstNode[]; comments: string[] }

/** How one file names another. Only `value` and `dynamic` are still there when the program runs. */
export type Import = { from: string; to: string; kind: 'value' | 'type' | 'dynamic' }

const root = new URL('../../', import.meta.url)

/** Every TypeScript file of ours under these folders. */
export function readTree(...folders: string[]): Tree {
  const files = folders.flatMap((folder) =>
    readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' }).map((name) =>
      posix.join(folder, name.replaceAll('\\', '/')),
    ),
  )
  const sources = files.filter((file) => /\.tsx?$/.test(file) && !file.includes('node_modules/')).sort()
  return new Map(sources.map((file) => [file, readFileSync(new URL(file, root), 'utf8')]))
}

export function parse(tree: Tree): Source[] {
  return [...tree].map(([path, text]) => {
    const { program, comments, errors } = parseSync(path, text)
    if (errors.length > 0) throw new Error(`${path}: ${errors[0]!.message}`)
    const statements = program.body as unknown as AstNode[]
    return { path, text, statements, comments: comments.map((comment) => comment.value) }
  })
}

/** Every node below these, in reading order, each with the node that holds it. */
export function* nodesIn(value: unknown, parent?: AstNode): Generator<{ node: AstNode; parent?: AstNode }> {
  if (Array.isArray(value)) for (const one of value) yield* nodesIn(one, parent)
  else if (isNode(value)) {
    yield { node: value, parent }
    for (const one of Object.values(value)) yield* nodesIn(one, value)
  }
}

const isNode = (value: unknown): value is AstNode =>
  typeof value === 'object' && value !== null && typeof (value as AstNode).type === 'string'

export const lineOf = ({ path, text }: Source, node: AstNode): string =>
  `${path}:${text.slice(0, node.start).split('\n').length}`

const importing: Record<string, (node: AstNode) => Import['kind']> = {
  ImportDeclaration: (node) => (node.importKind === 'type' ? 'type' : 'value'),
  ExportAllDeclaration: (node) => (node.exportKind === 'type' ? 'type' : 'value'),
  ExportNamedDeclaration: (node) => (node.exportKind === 'type' ? 'type' : 'value'),
  ImportExpression: () => 'dynamic',
  TSImportType: () => 'type',
  TSExternalModuleReference: () => 'value',
}

/**
 * Everything that a file imports: statements, re-exports, `import('...')` in types and in code. Files of the
 * project are named by their path, packages by theirs; a dynamic import whose address is computed is `<computed>`.
 */
export function importsOf({ path, statements }: Source): Import[] {
  return [...nodesIn(statements)].flatMap(({ node }) => {
    const kind = importing[node.type]?.(node)
    const named = (node.source ?? node.expression) as { type: string; value?: unknown } | null
    if (!kind || !named) return []
    const to = typeof named.value === 'string' ? resolved(path, named.value) : '<computed>'
    return [{ from: path, to, kind }]
  })
}

const resolved = (from: string, to: string): string =>
  to.startsWith('.') ? posix.join(posix.dirname(from), to) : to
