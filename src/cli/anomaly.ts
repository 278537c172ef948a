import { type Command, Option } from 'commander'
import { type Replayed, replay } from '../anomaly/replay.ts'
import { isRefusal, type Refusal, refuse } from '../foundation/refusal.ts'
import { dayMs } from '../foundation/time.ts'
import { say } from '../foundation/words.ts'
import type { World } from '../foundation/world.ts'
import { keptDays } from '../usage/partitions.ts'
import { keyByWords } from './find-key.ts'
import { complain, withWorld } from './operator.ts'
import { minute, printError, printOut } from './print.ts'
import { momentFrom, momentUntil } from './times.ts'
import { whichWorkspace } from './which-workspace.ts'

type Env = Record<string, string | undefined>
type Choices = { workspace?: string; from?: Date; to?: Date; format: 'table' | 'json' }

/** `keywarden anomaly replay KEY`: the alerts that the detector of unusual use would have raised. */
export function addAnomalyVerbs(program: Command, env: Env, failed: (code: number) => void): void {
  program
    .command('anomaly')
    .description('look into how unusual use is recognised')
    .command('replay <key>')
    .summary('what the detector would have said of a key, and why')
    .description(
      'what the detector would have said of a key, and why: its state is built from the usage before, by the same code. Sends nothing and changes nothing',
    )
    .option('--workspace <name>', 'its name or id; needed when there are several')
    .option(
      '--from <when>',
      'from this day or moment on, as 2026-03-01 or 2026-03-01T08:00Z; else 7 days back',
      momentFrom,
    )
    .option(
      '--to <when>',
      'until this day, included, or until before this moment; else until now',
      momentUntil,
    )
    .addOption(
      new Option('--format <format>', 'how it is printed').choices(['table', 'json']).default('table'),
    )
    .action(async (key: string, choices: Choices) => failed(await replayKey(env, key, choices)))
}

const replayKey = (env: Env, words: string, choices: Choices): Promise<number> =>
  withWorld(env, async (world) => {
    const workspace = await whichWorkspace(world, choices.workspace)
    if (isRefusal(workspace)) return complain(workspace)
    const key = await keyByWords(world, workspace, words)
    if (isRefusal(key)) return complain(key)
    const time = timeOf(world, choices)
    if (isRefusal(time)) return complain(time)
    const { from, to } = time
    const found = await replay(world.db, { id: key.id, timeZone: workspace.policy.timeZone }, from, to)
    if (!found) return complain(noUse(key.name, to))
    if (choices.format === 'json')
      printOut(JSON.stringify({ keyId: key.id, name: key.name, from, to, found }))
    else printTable(key.name, from, to, found)
    return 0
  })

/** The range to replay: from the oldest kept five minutes to now at the latest. */
function timeOf({ clock }: World, choices: Choices): { from: Date; to: Date } | Refusal {
  const now = clock.now()
  const to = new Date(Math.min(now.getTime(), choices.to?.getTime() ?? now.getTime()))
  const from = choices.from ?? new Date(to.getTime() - 7 * dayMs)
  const oldest = new Date(now.getTime() - keptDays.fiveMinutes * dayMs)
  if (from >= now) return refuse('invalid', `Nothing has happened yet since ${minute(from)} UTC.`)
  if (from >= to)
    return refuse('invalid', `--from ${minute(from)} is not before --to ${minute(to)} UTC.`, {
      next: 'Give an earlier --from.',
    })
  if (from < oldest)
    return refuse('invalid', `Five minutes of use are kept for ${keptDays.fiveMinutes} days.`, {
      next: `Give a --from after ${minute(oldest)} UTC.`,
    })
  return { from, to }
}

const noUse = (name: string, to: Date): Refusal =>
  refuse(
    'not_found',
    say`${{ name }} was not used in the weeks before ${minute(to)} UTC: there is nothing to replay.`,
  )

function printTable(name: string, from: Date, to: Date, found: readonly Replayed[]): void {
  if (found.length === 0)
    printError(`${name}: nothing strange between ${minute(from)} and ${minute(to)} UTC.`)
  else for (const line of tableOf(found)) printOut(line)
}

const tableOf = (found: readonly Replayed[]): string[] => [
  `${'from (UTC)'.padEnd(18)}${'until'.padEnd(18)}${'reason'.padEnd(14)}score  said      why`,
  ...found.map((one) =>
    [
      minute(one.from).padEnd(18),
      minute(one.until).padEnd(18),
      one.reason.padEnd(14),
      one.score.toFixed(2).padStart(5),
      `  ${resultOf(one).padEnd(9)} `,
      why(one),
    ].join(''),
  ),
]

const resultOf = ({ alerted, expected }: Replayed) => (alerted ? 'alert' : expected ? 'expected' : 'quiet')

/** The deciding numbers, in a few words. */
function why({ reason, figures: f }: Replayed): string {
  const words: Record<Replayed['reason'], string> = {
    spike: `${f.count} in five minutes; busiest in ${f.days} days ${f.busiestBucket}`,
    'busy-hour': `${f.lastHour} in an hour; busiest in ${f.days} days ${f.busiestHour}`,
    'unusual-time': `${f.lastHour} in an hour; at this time of day at most ${f.busiestComparable}`,
    'slow-burn': `${f.lastHour} in the last hour; more than usual for 6, 12 or 24 hours`,
    'new-activity': `busy for ${f.busyMinutes} minutes; usually ${f.usuallyBusyMinutes}`,
    errors: `usually ${(100 * f.usuallyFailed).toFixed(1)} % fail; ${f.lastHour} requests in the last hour`,
    fall: `${f.lastQuarter} in a quarter of an hour; at this time of day at least ${f.leastComparable}`,
    silence: `silent for ${f.silentMinutes} minutes; ${f.missing} requests missing`,
    'new-network': `${f.lastHour} in an hour, from networks never seen`,
    person: `${f.lastHour} in an hour, some of them by hand`,
    probing: 'scopes refused again and again',
  }
  return words[reason]
}
