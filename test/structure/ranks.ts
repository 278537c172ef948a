import { type Import, importsOf, type Source } from './source.ts'

/** DESIGN: a file imports from its own room or from a lower rank. */
export const rankOf: Record<string, number> = {
  foundation: 0,
  members: 1,
  audit: 2,
  charts: 3,
  policy: 3,
  leases: 3,
  usage: 3,
  notifications: 4,
  acts: 4,
  keys: 5,
  workspaces: 5,
  directory: 6,
  verification: 6,
  evidence: 6,
  anomaly: 6,
  canary: 6,
  reviews: 6,
  findings: 7,
  alerts: 8,
  rotation: 9,
  leaks: 10,
  offboarding: 10,
  inbox: 11,
  slack: 12,
  http: 12,
  jobs: 12,
  cli: 12,
  main: 13,
}

/** `src/keys/issue.ts` is in keys; what stands beside the rooms wires them. Undefined: outside the house. */
export function roomOf(path: string): string | undefined {
  if (path.startsWith('jobs/')) return 'jobs'
  if (path === 'src/main.ts' || path === 'src/start.ts') return 'main'
  return /^src\/([^/]+)\//.exec(path)?.[1]
}

/** The violations of the order of rooms, a sentence each. */
export function brokenRules(sources: readonly Source[]): string[] {
  const paths = new Set(sources.map((source) => source.path))
  const imports = sources.flatMap(importsOf)
  return [
    ...sources.flatMap(homeless),
    ...imports.flatMap((one) => wrongImport(one, paths)),
    ...cycles(imports.filter((one) => paths.has(one.to))),
    ...sources.filter(isBarrel).map(({ path }) => `${path} only passes on what other files export`),
  ]
}

function homeless({ path }: Source): string[] {
  const room = roomOf(path)
  return room !== undefined && rankOf[room] !== undefined ? [] : [`${path} is in no room of the table`]
}

/** Migrations are found by their folder, so that their addresses are computed in the one file that runs them. */
const mayCompute = 'src/foundation/migrate.ts'

function wrongImport({ from, to }: Import, paths: ReadonlySet<string>): string[] {
  if (to === '<computed>') return from === mayCompute ? [] : [`${from} computes what it imports`]
  if (!/^(\.|src\/|jobs\/|local-slack(\/|$)|[a-z]+\/.*\.tsx?$)/.test(to)) return []
  if (to === 'src/main.ts') return [`${from} imports main`]
  const [room, other] = [roomOf(from), roomOf(to)]
  if (other === undefined) return [`${from} imports ${to}, which stands outside`]
  if (!paths.has(to)) return [`${from} imports ${to}, which is not there`]
  const [rank, itsRank] = [rankOf[room ?? ''], rankOf[other]]
  if (room === other || rank === undefined || itsRank === undefined || itsRank < rank) return []
  return [`${from} (${room}, ${rank}) imports ${to} (${other}, ${itsRank})`]
}

/** Each circle of imports once, with the files on its way. Types count too. */
function cycles(imports: readonly Import[]): string[] {
  const next = new Map<string, string[]>()
  for (const { from, to } of imports) next.set(from, [...(next.get(from) ?? []), to])
  const done = new Set<string>()
  const found: string[] = []
  const visit = (file: string, way: readonly string[]): void => {
    const seen = way.indexOf(file)
    if (seen >= 0) found.push(`${[...way.slice(seen), file].join(' -> ')} is a circle`)
    if (seen >= 0 || done.has(file)) return
    for (const to of next.get(file) ?? []) visit(to, [...way, file])
    done.add(file)
  }
  for (const file of next.keys()) visit(file, [])
  return found
}

const passingOn = new Set(['ImportDeclaration', 'ExportAllDeclaration', 'ExportNamedDeclaration'])

function isBarrel({ statements }: Source): boolean {
  const exporting = statements.filter((one) => one.type.startsWith('Export'))
  return exporting.length > 0 && statements.every((one) => passingOn.has(one.type) && !one.declaration)
}

/**
 * The files and packages that are in memory once these files run. Inline `type` specifiers keep their import
 * statement in the compiled file, so only a whole `import type` is left out.
 */
export function loadedBy(roots: readonly string[], sources: readonly Source[]): Set<string> {
  const byPath = new Map(sources.map((source) => [source.path, source]))
  const loaded = new Set<string>()
  const load = (path: string): void => {
    if (loaded.has(path)) return
    loaded.add(path)
    const source = byPath.get(path)
    for (const { to, kind } of source ? importsOf(source) : []) if (kind === 'value') load(to)
  }
  roots.forEach(load)
  return loaded
}
