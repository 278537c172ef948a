import type { Contender, Heard } from '../contender.ts'
import { bucketSeconds, firstMoment, length } from './calendar.ts'
import { makeKey, type SimulatedKey } from './key.ts'
import { emptyTally, judgedFrom, type Message, type Report, report, type Tally, tally } from './score.ts'

/** No contender may send two messages about one key within six hours: what a channel would bear. */
const quietBuckets = 72

/** The messages of a contender about a key. */
function alertsOf(contender: Contender, key: SimulatedKey): Message[] {
  const step = contender.create()
  const jobs = contender.knowsJobs ? key.harmless.filter((h) => h.kind === 'monthly') : []
  const alerts: Message[] = []
  for (let i = key.born; i < length; i++) {
    const seen = { at: firstMoment + i * bucketSeconds, count: key.counts[i]!, errors: key.errors[i]! }
    const rows = key.sources.rows.get(i) ?? []
    const usual = seen.count > 0 ? key.sources.usual(i) : undefined
    const expected = jobs.some((job) => i >= job.start && i <= job.end)
    const said = step({ ...seen, expected, sources: { bucket: i, usual, rows } })
    const heard: Partial<Heard> = typeof said === 'number' ? { score: said } : said
    const { score = 0, reason, second = bucketSeconds } = heard
    const last = alerts.at(-1)?.bucket ?? -Infinity
    if (score >= contender.threshold && i >= judgedFrom(key) && i - last > quietBuckets)
      alerts.push({ bucket: i, second, reason })
  }
  return alerts
}

/** Runs contenders over the fleets of some seeds, the same keys for each. */
export function runFleet<Name extends string>(
  contenders: Record<Name, Contender>,
  { seeds, keys }: { seeds: readonly number[]; keys: number },
): Record<Name, Report> {
  const names = Object.keys(contenders) as Name[]
  const sums = Object.fromEntries(names.map((name) => [name, emptyTally()])) as Record<Name, Tally>
  for (const seed of seeds)
    for (let number = 0; number < keys; number++) {
      const key = makeKey(seed, number)
      for (const name of names) tally(sums[name], key, alertsOf(contenders[name], key))
    }
  return Object.fromEntries(names.map((name) => [name, report(sums[name])])) as Record<Name, Report>
}
