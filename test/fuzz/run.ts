import fc from 'fast-check'
import { type Attempt, doorsOf } from './doors.ts'
import { openScene } from './scene.ts'

type Row = { door: string; cases: number; ok: number; refused: number; failed: number }

export type Report = {
  ok: boolean
  cases: number
  seed: number
  seconds: number
  /** answers of 5xx, or a shell that ended otherwise than it says it does */
  failed: number
  /** errors that the process logged, such as of an event whose answer was sent before */
  faults: number
  polluted: number
  /** the process ended: an unhandled rejection ends it */
  crashed: boolean
  heapBeforeMb: number
  heapAfterMb: number
  rows: Row[]
  examples: string[]
}

const atOnce = 24
const chunk = 2_000
const mb = (bytes: number) => Math.round(bytes / 1024 / 1024)

/** Sends so many cases, spread over every door as their shares say. The same seed sends the same cases. */
export async function runFuzz(
  urls: { databaseUrl: string; redisUrl: string },
  { cases, seed, log }: { cases: number; seed: number; log: (line: string) => void },
): Promise<Report> {
  const scene = await openScene(urls)
  const doors = doorsOf(scene)
  const rows = doors.map(({ name }): Row => ({ door: name, cases: 0, ok: 0, refused: 0, failed: 0 }))
  const examples: string[] = []
  const faults: string[] = []
  const heaps: number[] = []
  const rejections: unknown[] = []
  const note = (error: unknown) => void rejections.push(error)
  process.on('unhandledRejection', note)
  const started = performance.now()
  const seconds = () => (performance.now() - started) / 1000
  try {
    for (let done = 0, n = 0; done < cases && scene.isUp(); n++) {
      const size = Math.min(chunk, cases - done)
      const attempts = doors.flatMap(({ attempts: arbitrary, share }, i) =>
        fc
          .sample(arbitrary, { numRuns: Math.max(1, Math.round((size * share) / 100)), seed: seed + n })
          .map((attempt) => [attempt, rows[i]!] as const),
      )
      const isShell = ([, { door }]: (typeof attempts)[number]) => door === 'shell'
      const work = async ([attempt, row]: (typeof attempts)[number]) => {
        const wrong = await tried(attempt, row)
        if (wrong) examples.push(`${row.door}: ${wrong}: ${attempt.what}`)
      }
      // One command of the shell runs after another, and nothing else waits for them.
      await Promise.all([
        inTurns(attempts.filter(isShell), 1, work),
        inTurns(
          attempts.filter((one) => !isShell(one)),
          atOnce,
          work,
        ),
      ])
      done += attempts.length
      faults.push(...scene.faults())
      if (scene.isUp()) heaps.push(await scene.heapBytes())
      if (n % 20 === 19) log(`${done.toLocaleString('en-US')} cases after ${seconds().toFixed(0)} s`)
    }
    // What was answered first and done afterwards logs its errors until here.
    await new Promise((resolve) => setTimeout(resolve, 2_000))
    faults.push(...scene.faults())
    return reportOf()
  } finally {
    process.off('unhandledRejection', note)
    await scene.close()
  }

  function reportOf(): Report {
    const quarter = Math.ceil(heaps.length / 4)
    // The least of some is what is left after a collection.
    const before = Math.min(...heaps.slice(0, quarter * 2).slice(-quarter))
    const after = Math.min(...heaps.slice(-quarter))
    const polluted = faults.filter((line) => line.includes('polluted')).length + ('polluted' in {} ? 1 : 0)
    const failed = rows.reduce((sum, row) => sum + row.failed, 0)
    // A few samples say when memory was collected, and not how much is kept.
    const isFlat = heaps.length < 8 || after < before * 1.25 + 24 * 1024 * 1024
    const isClean = failed === 0 && faults.length === 0 && rejections.length === 0 && polluted === 0
    return {
      ok: isClean && isFlat && scene.isUp(),
      cases: rows.reduce((sum, row) => sum + row.cases, 0),
      seed,
      seconds: Math.round(seconds()),
      failed,
      faults: faults.length + rejections.length,
      polluted,
      crashed: !scene.isUp(),
      heapBeforeMb: mb(before),
      heapAfterMb: mb(after),
      rows,
      examples: [...unlike(examples), ...unlike(faults), ...rejections.map(String)].slice(0, 40),
    }
  }
}

/** One of each kind: what differs only in figures and ids is the same. */
function unlike(lines: readonly string[]): string[] {
  const kinds = new Map<string, string>()
  for (const line of lines) {
    const kind = line
      .replace(/"time":"[^"]*"/, '')
      .replace(/[a-z]+_[0-9a-z]{10,}|\d+/g, '#')
      .slice(0, 160)
    kinds.set(kind, line)
  }
  return [...kinds.values()]
}

async function tried({ send }: Attempt, row: Row): Promise<string | undefined> {
  row.cases++
  const answer = await send().catch(
    (error: Error) => `${error.message} ${(error.cause as Error)?.message ?? ''}`,
  )
  const isShell = row.door === 'shell'
  if (typeof answer === 'string' || answer >= 500 || (isShell && answer > 4)) {
    row.failed++
    return String(answer)
  }
  if (isShell ? answer === 0 : answer < 400) row.ok++
  else row.refused++
  return undefined
}

async function inTurns<T>(all: readonly T[], atOnce: number, work: (one: T) => Promise<void>): Promise<void> {
  const queue = [...all]
  const turn = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) await work(next)
  }
  await Promise.all(Array.from({ length: atOnce }, turn))
}

/** The report as a table. */
export const tableOf = ({ rows }: Report): string =>
  [
    ['door', 'cases', 'taken', 'refused', 'failed'],
    ...rows.map((row) => [row.door, row.cases, row.ok, row.refused, row.failed]),
  ]
    .map(
      ([door, ...figures]) =>
        String(door).padEnd(18) + figures.map((one) => String(one).padStart(9)).join(''),
    )
    .join('\n')
