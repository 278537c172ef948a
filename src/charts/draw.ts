import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createCanvas, GlobalFonts } from '@napi-rs/canvas'
import type * as ECharts from 'echarts'
import { bandChart } from './band.ts'
import { fontFamily, height, pixelsPerPoint, width } from './base.ts'
import type { Picture } from './chart.ts'
import { usageChart } from './usage.ts'

const packages = createRequire(import.meta.url)
// The library in one file instead of in hundreds: the first picture comes in half the time.
const echarts = packages('echarts/dist/echarts.min.js') as typeof ECharts
const fonts = ['400', '700'].map((weight) => `@fontsource/lato/files/lato-latin-${weight}-normal.woff2`)
// The system's own fonts are never asked for, so that a bare container draws the same.
for (const font of fonts) GlobalFonts.register(readFileSync(packages.resolve(font)), fontFamily)

/** What the drawing thread runs: a picture as the bytes of a PNG. The same figures are the same bytes, on any machine of that kind. */
export default function draw(picture: Picture): Buffer {
  const canvas = createCanvas(width * pixelsPerPoint, height * pixelsPerPoint)
  const chart = echarts.init(canvas as unknown as Parameters<typeof echarts.init>[0], undefined, {
    width,
    height,
    devicePixelRatio: pixelsPerPoint,
  })
  try {
    chart.setOption(picture.kind === 'usage' ? usageChart(picture) : bandChart(picture))
    return canvas.toBuffer('image/png')
  } finally {
    chart.dispose()
  }
}
