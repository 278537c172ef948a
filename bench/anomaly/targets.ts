import type { ProductionRun } from './production.ts'
import { percentileOf, type Report } from './simulation/score.ts'

/** One line of the table: what was measured, and what it should be. */
export type Line = { name: string; value: number; target: number; atLeast: boolean }

const atLeast = (name: string, value: number, target: number): Line => ({
  name,
  value,
  target,
  atLeast: true,
})
export const atMost = (name: string, value: number, target: number): Line => ({
  name,
  value,
  target,
  atLeast: false,
})

export const met = ({ value, target, atLeast: least }: Line) => (least ? value >= target : value <= target)

export const recallOf = ({ leaks, seen }: { leaks: number; seen: number }): number =>
  leaks > 0 ? seen / leaks : 0

/** The targets of the simulation. */
export const simulationLines = (plain: Report): Line[] => [
  atLeast('recall, all incidents', plain.recall, 0.93),
  atLeast('recall, leak', plain.recallOf.leak, 0.93),
  atLeast('recall, leak on a bursty key from a new source', recallOf(plain.origins.new.bursty), 0.85),
  atMost('false alarms per 1,000 key-weeks, changes of sources included', plain.falseOutside, 4),
  atMost('median delay in minutes, leak', plain.delayOf.leak, 5),
  atMost(
    'delay in seconds, leak from a new source, 95 in 100',
    percentileOf(plain.origins.new.all.delays, 0.95),
    60,
  ),
  atLeast('recall, a person who uses the key of a service', plain.persons.recall, 0.8),
  atMost('... persons reported falsely, per 1,000 key-weeks', plain.falseBy.person ?? 0, 1),
  atLeast('recall, slow burn', plain.recallOf.slowburn, 0.82),
  atLeast('recall, night', plain.recallOf.night, 0.75),
  atLeast('recall, new source', plain.recallOf.newsource, 0.8),
  atLeast('recall, errors', plain.recallOf.errburst, 0.92),
  atLeast('recall, drop', plain.recallOf.drop, 0.95),
  atMost('false alarms on harmless events of volume', plain.falseOnHarmless, 15),
  atMost('median delay in minutes, all', plain.delay, 30),
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
  ...runs.slice(-2).flatMap(({ active, isAgain, seconds, bareSeconds }) => {
    const name = `${active.toLocaleString('en-US')} active keys${isAgain ? ' again' : ''}`
    return [
      atMost(`${name}, seconds`, seconds, 10),
      atMost(`${name}, times a bare read and write of their states`, seconds / bareSeconds!, 2.5),
    ]
  }),
  atMost('RSS of the worker in megabytes', runs.at(-1)!.rssMegabytes, 400),
]
