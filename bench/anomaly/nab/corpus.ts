import { readFileSync } from 'node:fs'

/** One labelled real series. Times in seconds since 1970 (NAB's clocks have no zone; read as UTC). */
export type Series = {
  name: string
  times: number[]
  values: number[]
  windows: { first: number; last: number }[]
}

const here = new URL('.', import.meta.url)
const seconds = (text: string) => Date.parse(`${text.trim().slice(0, 19).replace(' ', 'T')}Z`) / 1000

/** The series given: 15 that look like usage, from the Numenta Anomaly Benchmark (LICENSE.txt beside them). */
export function readCorpus(): Series[] {
  const labels = JSON.parse(readFileSync(new URL('labels/combined_windows.json', here), 'utf8')) as Record<
    string,
    [string, string][]
  >
  return Object.entries(labels).map(([name, windows]) => readSeries(name, windows))
}

function readSeries(name: string, windows: [string, string][]): Series {
  const lines = readFileSync(new URL(`data/${name}`, here), 'utf8')
    .trim()
    .split(/\r?\n/)
    .slice(1)
  const rows = lines.map((line) => line.split(','))
  const times = rows.map((row) => seconds(row[0]!))
  const values = rows.map((row) => Number(row[1]))
  return { name, times, values, windows: windows.map((window) => rowsOf(times, window)) }
}

/** A window's first and last row. */
function rowsOf(times: number[], [from, to]: [string, string]) {
  const first = times.findIndex((time) => time >= seconds(from))
  const last = times.findLastIndex((time) => time <= seconds(to))
  return { first, last }
}
