import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { median, report, rounded } from './table.ts'

/** How much worse than the base, beyond the spread of the base itself, a figure may be. */
const allowed = 0.05

/** The figures that are compared, by their path in the last line of a benchmark, and whether less of them is better. */
const compared: Record<string, Record<string, 'less' | 'more'>> = {
  verify: {
    'verify.cpuRatio': 'less',
    'verify.throughputRatio': 'more',
    'verify.p99Ratio': 'less',
    'forward-auth.cpuRatio': 'less',
    'forward-auth.throughputRatio': 'more',
    'forward-auth.p99Ratio': 'less',
  },
  revoke: {
    idleP50Ms: 'less',
    idleP99Ms: 'less',
    stoppedMs: 'less',
    campaignMs: 'less',
    campaignVerifyP99Ms: 'less',
  },
  miss: { p50Ms: 'less', p99Ms: 'less' },
  flush: { verifierPercent: 'less', postgresPercent: 'less' },
}

const root = new URL('..', import.meta.url).pathname

/** Runs the benchmark in this state and in that revision by turns, and says whether nothing became slower. */
export async function against(name: string, revision: string, rounds: number): Promise<boolean> {
  const wanted = compared[name]
  if (!wanted)
    throw new Error(`bench:${name} cannot be compared; these can: ${Object.keys(compared).join(', ')}`)
  const base = checkOut(revision)
  const runs = { base: [] as unknown[], change: [] as unknown[] }
  try {
    for (let round = 0; round < rounds; round++) {
      runs.base.push(await run(base, name))
      runs.change.push(await run(root, name))
      console.log(`round ${round + 1} of ${rounds} done`)
    }
  } finally {
    git('worktree', 'remove', '--force', base)
    rmSync(base, { recursive: true, force: true })
  }
  const rows = Object.entries(wanted).flatMap(([path, better]) => {
    const [old, now] = [runs.base, runs.change].map((all) => all.map((one) => figureAt(one, path)))
    // A figure that the revision did not print yet says nothing.
    if (old!.some(Number.isNaN)) return []
    return [{ path, ...judge(old!, now!, better) }]
  })
  const ok = rows.length > 0 && rows.every((row) => row.isKept)
  report(
    `${name} against ${revision}`,
    Object.fromEntries(
      rows.map(({ path, isKept, ...figures }) => [path, { ...figures, kept: isKept ? 'yes' : 'NO' }]),
    ),
    Object.fromEntries(
      rows.map(({ path, ratio, spread }) => [path, { ratio: rounded(ratio), spread: rounded(spread) }]),
    ),
    ok,
  )
  return ok
}

/**
 * Compares medians. `ratio` is above 1 where the change is worse; `spread` is the distance of the worst from the best
 * run of the base, as a share of its median. Pure.
 */
export function judge(base: readonly number[], change: readonly number[], better: 'less' | 'more') {
  const [old, now] = [median(base), median(change)]
  const ratio = better === 'less' ? now / old : old / now
  const spread = (Math.max(...base) - Math.min(...base)) / old
  return { base: old, change: now, ratio, spread, isKept: ratio <= 1 + allowed + spread }
}

/** The revision in a folder of its own; with the packages of this one where it asks for the same. */
function checkOut(revision: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'keywarden-base-'))
  git('worktree', 'add', '--quiet', '--force', '--detach', folder, revision)
  const lock = (where: string) => readFileSync(join(where, 'package-lock.json'), 'utf8')
  if (lock(folder) === lock(root)) symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  else execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder, stdio: 'inherit' })
  return folder
}

function git(...args: string[]): void {
  execFileSync('git', args, { cwd: root, stdio: 'inherit' })
}

/** The last line of the benchmark, whether its claim holds or not. */
async function run(folder: string, name: string): Promise<unknown> {
  const child = spawn('node', ['--import', 'tsx', `bench/${name}.ts`], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let out = ''
  for await (const chunk of child.stdout) out += chunk
  const last = out.trimEnd().split('\n').at(-1) ?? ''
  if (!last.startsWith('{')) throw new Error(`bench:${name} in ${folder} ended without figures: ${last}`)
  return JSON.parse(last)
}

function figureAt(figures: unknown, path: string): number {
  const value = path
    .split('.')
    .reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], figures)
  return typeof value === 'number' ? value : Number.NaN
}
