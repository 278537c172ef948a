import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Contender } from './contender.ts'

const dayRows = 288
/** Labelled rows at most an hour apart are one window; a message may come a quarter of an hour after its end. */
const hourRows = 12
const graceRows = 3
/** Days whose median at this time of day is what was usual. */
const usualDays = 14

/** Rows of five minutes that somebody labelled; `factor` is how many times the usual they were, for three rows at least. */
type Window = { first: number; last: number; factor: number }
type LabelledSeries = {
  name: string
  times: number[]
  counts: number[]
  windows: Window[]
  /** rows before this are for learning */
  from: number
}

/** What a contender said about labelled series, and whether it should have. */
type Said = {
  series: LabelledSeries
  row: number
  reason: string
  window: Window | undefined
}

/** Every CSV of `timestamp,count,label` in the folder; its `series.csv` may say from which row on one was labelled. */
function readLabelled(folder: string): LabelledSeries[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.csv') && name !== 'series.csv')
  return files.map((file) => {
    const rows = rowsOf(join(folder, file))
    const name = file.replace('.csv', '')
    const counts = rows.map((row) => Number(row[1]))
    const labels = rows.map((row) => row[2] === '1')
    const windows = windowsOf(labels).map((window) => ({ ...window, factor: factorOf(counts, window) }))
    const times = rows.map((row) => Date.parse(row[0]!) / 1000)
    return { name, times, counts, windows, from: scoredFrom(folder, name) }
  })
}

const rowsOf = (file: string): string[][] =>
  readFileSync(file, 'utf8').trim().split(/\r?\n/).slice(1).map((line) => line.split(',')) // biome-ignore format: a line

function scoredFrom(folder: string, name: string): number {
  const of = rowsOf(join(folder, 'series.csv')).find((row) => row[0] === name)
  return Number(of?.[6] ?? 0)
}

function windowsOf(labels: readonly boolean[]) {
  const windows: { first: number; last: number }[] = []
  labels.forEach((isLabelled, row) => {
    const open = windows.at(-1)
    if (!isLabelled) return
    if (open && row - open.last <= hourRows) open.last = row
    else windows.push({ first: row, last: row })
  })
  return windows
}

/** How many times the usual a quarter of an hour was at the most, up or down: the least of three rows in a row. */
function factorOf(counts: readonly number[], { first, last }: { first: number; last: number }): number {
  const ratios: number[] = []
  for (let row = first; row <= last; row++) {
    const before = Array.from({ length: usualDays }, (_, day) => counts[row - (day + 1) * dayRows])
    const known = before.filter((count) => count !== undefined).sort((a, b) => a - b)
    const usual = known[known.length >> 1]
    ratios.push(usual === undefined ? 0 : Math.log((counts[row]! + 0.1) / (usual + 0.1)))
  }
  let strongest = 0
  for (let i = 2; i < ratios.length; i++) {
    const three = ratios.slice(i - 2, i + 1)
    const weakest = Math.min(...three) > 0 ? Math.min(...three) : Math.min(0, Math.max(...three))
    if (Math.abs(weakest) > Math.abs(strongest)) strongest = weakest
  }
  return Math.exp(strongest)
}

/** The messages of a contender about a series. */
function messagesOf(contender: Contender, series: LabelledSeries): Said[] {
  const step = contender.create()
  return series.times.flatMap((at, row): Said[] => {
    const heard = step({ at, count: series.counts[row]!, errors: 0, expected: false })
    const { score, reason } = typeof heard === 'number' ? { score: heard, reason: 'none' } : heard
    if (score < contender.threshold || row < series.from) return []
    const window = series.windows.find(({ first, last }) => row >= first && row <= last + graceRows)
    return [{ series, row, reason, window }]
  })
}

const weekRows = 7 * dayRows
/** Smaller windows are within what such series do by themselves. */
const least = 2
const isLarge = ({ factor }: Window) => factor >= least || factor <= 1 / least

/** A contender's messages about the labelled series in a folder: by reason, windows of at least twofold and false alarms. */
export function measureLabelled(contender: Contender, folder: string) {
  const all = readLabelled(folder)
  const byReason = new Map<string, { windows: number; falseAlarms: number }>()
  const of = (reason: string) => {
    const sum = byReason.get(reason) ?? { windows: 0, falseAlarms: 0 }
    byReason.set(reason, sum)
    return sum
  }
  for (const series of all) {
    const seen = new Set<Window>()
    for (const { reason, window } of messagesOf(contender, series)) {
      if (!window) of(reason).falseAlarms++
      else if (isLarge(window) && !seen.has(window)) of(reason).windows++
      if (window) seen.add(window)
    }
  }
  const scored = all.flatMap(({ windows, from }) => windows.filter(({ last }) => last >= from))
  const weeks = all.reduce((sum, { counts, from }) => sum + (counts.length - from) / weekRows, 0)
  return { windows: scored.filter(isLarge).length, weeks, byReason }
}
