import type { Traffic } from '../usage/traffic.ts'

/** Rows that come sorted by key and time, by key. */
export function byKey(traffic: readonly Traffic[]): Map<string, Traffic[]> {
  const found = new Map<string, Traffic[]>()
  let key = ''
  let rows: Traffic[] = []
  for (const row of traffic) {
    if (row.keyId !== key) {
      key = row.keyId
      rows = []
      found.set(key, rows)
    }
    rows.push(row)
  }
  return found
}
