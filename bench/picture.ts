import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { BandPicture, UsagePicture } from '../src/charts/chart.ts'
import { render } from '../src/charts/render.ts'
import { percentile, report } from './table.ts'

/**
 * How long does a picture take from figures to PNG, through the thread that draws, and how long is the thread that
 * asked kept from its work meanwhile? The first picture, with which the drawing thread starts, stands apart.
 */
const rounds = Number(process.argv[2] ?? 100)
const limits = { p95Ms: 400, loopP99Ms: 50 }

const hourMs = 3_600_000
const toMs = Date.UTC(2027, 2, 10)

function usage(steps: number, stepMs: number): UsagePicture {
  const fromMs = toMs - steps * stepMs
  return {
    kind: 'usage',
    fromMs,
    toMs,
    countedUntilMs: toMs - stepMs / 2,
    timeZone: 'Europe/Berlin',
    steps: Array.from({ length: steps }, (_, i) => ({
      fromMs: fromMs + i * stepMs,
      toMs: fromMs + (i + 1) * stepMs,
      ok: 400 + (i % 24) * 30,
      refused: (i * 7) % 40,
      failed: (i * 5) % 25,
    })),
    names: { ok: 'Succeeded', refused: 'Refused', failed: 'Failed' },
    marks: [
      { atMs: fromMs + stepMs * 5, label: 'Rotated', tone: 'plain' },
      { atMs: toMs - stepMs * 4, untilMs: toMs - stepMs, label: 'Unusual', tone: 'attention' },
    ],
  }
}

const band: BandPicture = {
  kind: 'band',
  fromMs: toMs - 48 * hourMs,
  toMs,
  timeZone: 'Europe/Berlin',
  steps: usage(576, hourMs / 12).steps.map(({ fromMs, toMs: until, ok }) => ({
    fromMs,
    toMs: until,
    requests: ok,
    low: ok * 0.6,
    high: ok * 1.5,
  })),
  incident: { fromMs: toMs - 4 * hourMs, toMs, label: 'Unusual' },
}

const pictures = {
  '24 hours by the hour': usage(24, hourMs),
  '7 days by six hours': usage(28, 6 * hourMs),
  '90 days by the day': usage(90, 24 * hourMs),
  'band of 48 hours by five minutes': band,
}

async function timed(picture: (typeof pictures)[keyof typeof pictures]): Promise<number> {
  const began = performance.now()
  await render(picture)
  return performance.now() - began
}

const firstMs = await timed(band)
const loop = monitorEventLoopDelay({ resolution: 5 })
loop.enable()
const all = Object.keys(pictures).map((name) => [name, [] as number[]] as const)
for (let round = 0; round < rounds; round++)
  for (const [name, times] of all) times.push(await timed(pictures[name as keyof typeof pictures]))
loop.disable()

const p95Ms = percentile(
  all.flatMap(([, times]) => times),
  0.95,
)
const loopP99Ms = loop.percentile(99) / 1e6
const rows = all.map(([name, times]) => [
  name,
  { 'p50 ms': percentile(times, 0.5), 'p95 ms': percentile(times, 0.95), 'max ms': Math.max(...times) },
])
report(
  'picture',
  Object.fromEntries(rows),
  { pictures: rounds * all.length, firstMs, p95Ms, loopP99Ms, limits },
  p95Ms < limits.p95Ms && loopP99Ms < limits.loopP99Ms,
)
