type Figure = number | string | undefined

/** The value below which that share of all values lies; `share` from 0 to 1. NaN where there are none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}

export const median = (values: readonly number[]): number => percentile(values, 0.5)

/** At most three digits that mean something: 0.123, 12.3, 1,234. */
export const rounded = (value: number): number =>
  Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3))

/**
 * What every bench ends with: a table for people, then as the last line one JSON object for machines. `ok` says
 * whether what we claim holds on this machine, and is the exit code too. Names of figures end in their unit.
 */
export function report(
  bench: string,
  table: Record<string, Record<string, Figure>>,
  figures: Record<string, unknown>,
  ok: boolean,
): void {
  const shown = Object.entries(table).map(([row, cells]) => [
    row,
    Object.fromEntries(
      Object.entries(cells).map(([name, value]) => [
        name,
        typeof value === 'number' ? rounded(value) : value,
      ]),
    ),
  ])
  console.table(Object.fromEntries(shown))
  console.log(JSON.stringify({ bench, ok, ...figures }))
  process.exitCode = ok ? 0 : 1
}
