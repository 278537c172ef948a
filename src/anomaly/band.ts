import type { Executor } from '../foundation/database.ts'
import { dayMs, hourMs } from '../foundation/time.ts'
import { bucketMs } from '../usage/cell.ts'
import { type Traffic, trafficOf } from '../usage/traffic.ts'

/** Sixty minutes of a key, and the fewest and most requests that such an hour had in the two weeks before. */
export type BandHour = { fromMs: number; toMs: number; requests: number; low: number; high: number }

const shownHours = 48
const historyDays = 14

/**
 * The 48 hours of a key that end at that moment, each beside what is usual: the same hour and its neighbours on the
 * fourteen days before, which is what the detector compares with.
 */
export async function bandOf(db: Executor, keyId: string, until: Date): Promise<BandHour[]> {
  const from = new Date(until.getTime() - shownHours * hourMs - (historyDays * dayMs + 2 * hourMs))
  return band(await trafficOf(db, [keyId], from, until, 'five-minutes'), until.getTime())
}

/** Pure. Hours are counted back from the end, so that the last is what an alert calls the last hour. */
function band(traffic: readonly Traffic[], endMs: number): BandHour[] {
  const perHour = new Map<number, number>()
  for (const { at, requests } of traffic) {
    const back = Math.floor((endMs - bucketMs - at.getTime()) / hourMs)
    perHour.set(back, (perHour.get(back) ?? 0) + requests)
  }
  const first = Math.max(-1, ...perHour.keys())
  return Array.from({ length: shownHours }, (_, i) => {
    const back = shownHours - 1 - i
    const toMs = endMs - back * hourMs
    const comparable = comparableHours(back).filter((hour) => hour <= first)
    const usual = comparable.map((hour) => perHour.get(hour) ?? 0)
    return {
      fromMs: toMs - hourMs,
      toMs,
      requests: perHour.get(back) ?? 0,
      low: usual.length > 0 ? Math.min(...usual) : 0,
      high: Math.max(0, ...usual),
    }
  })
}

/** The same hour and its neighbours, on each of the days before; counted back from the end. */
const comparableHours = (back: number): number[] =>
  Array.from({ length: historyDays }, (_, day) => back + 24 * (day + 1)).flatMap((hour) => [
    hour - 1,
    hour,
    hour + 1,
  ])
