import type { ProductionRun } from './production.ts'
import type { Report } from './simulation/score.ts'

/** One line of the table: what was measured, and what it should be. */
export type Line = { name: string; value: number; target: number; atLeast: boolean }

const atLeast = (name: string, value: number, target: number): Line => ({
  name,
  value,
  target,
  atLeast: true,
})
const atMost = (name: string, value: number, target: number): Line => ({
  name,
  value,
  target,
  atLeast: false,
})

export const met = ({ value, target, atLeast: least }: Line) => (least ? value >= target : value <= target)

/** The targets of the simulation; `declared` is the same fleet with its monthly jobs declared. */
export const simulationLines = (plain: Report, declared: Report): Line[] => [
  atLeast('recall, all incidents', plain.recall, 0.88),
  atLeast('recall, leak', plain.recallOf.leak, 0.92),
  atLeast('recall, slow burn', plain.recallOf.slowburn, 0.82),
  atLeast('recall, night', plain.recallOf.night, 0.75),
  atLeast('recall, new source', plain.recallOf.newsource, 0.8),
  atLeast('recall, errors', plain.recallOf.errburst, 0.92),
  atLeast('recall, drop', plain.recallOf.drop, 0.95),
  atMost('false alarms per 1,000 key-weeks, outside harmless events', plain.falseOutside, 4),
  atMost('... on harmless events', plain.falseOnHarmless, 15),
  atMost('... on harmless events, jobs declared', declared.falseOnHarmless, 2),
  atMost('median delay in minutes, all', plain.delay, 30),
  atMost('median delay in minutes, leak', plain.delayOf.leak, 5),
  atMost('median delay in minutes, slow burn', plain.delayOf.slowburn, 1800),
]

export const nabLines = (nab: { standard: number; lowFalse: number }): Line[] => [
  atLeast('NAB, standard profile', nab.standard, 80),
  atLeast('NAB, low false-positive profile', nab.lowFalse, 74),
]

export const speedLines = (speed: { seconds: number; rssMegabytes: number }): Line[] => [
  atMost('one step of 100,000 active keys in memory, seconds', speed.seconds, 10),
  atMost('RSS in megabytes', speed.rssMegabytes, 400),
]

/** What the job took with the most active keys, the first time and again, and what its process needed at most. */
export const productionLines = (runs: readonly ProductionRun[]): Line[] => [
  ...runs
    .slice(-2)
    .map(({ active, isAgain, seconds }) =>
      atMost(`${active.toLocaleString('en-US')} active keys${isAgain ? ' again' : ''}, seconds`, seconds, 10),
    ),
  atMost('RSS of the worker in megabytes', runs.at(-1)!.rssMegabytes, 400),
]
