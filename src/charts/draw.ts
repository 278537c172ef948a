import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createCanvas, GlobalFonts } from '@napi-rs/canvas'
import type * as ECharts from 'echarts'
import { bandChart } from './band.ts'
import { fontFamily, height, pixelsPerPoint, width } from './base.ts'
import type { Picture } from './chart.ts'
import { usageChart } from './usage.ts'

const packages = createRequire(import.meta.url)
// The library as one file instead of hundreds: the first picture takes half the time.
const echarts = packages('echarts/dist/echarts.min.js') as typeof ECharts
const fonts = ['400', '700'].map((weight) => `@fontsource/lato/files/lato-latin-${weight}-normal.woff2`)
// No system fonts are used, so a bare container draws the same.
for (const font of fonts) GlobalFonts.register(readFileSync(packages.resolve(font)), fontFamily)

/** Draws a picture as a PNG. The same figures give the same bytes on machines of the same kind. */
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
