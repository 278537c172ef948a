import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { startPostgres } from '../../sandbox/services/postgres.ts'
import { migrate } from '../../src/foundation/migrate.ts'
import { type LabKey, seedAccount, seedKeys, serviceToken } from '../../test/faults/lab/seed.ts'

/** A Postgres of its own with an account and keys; everything ends with `close`. */
export async function openStage(count: number) {
  const postgres = await startPostgres({ own: true, log: console.log })
  await migrate(postgres.url)
  const sql = new pg.Client(postgres.url)
  await sql.connect()
  await seedAccount(sql)
  const keys = await seedKeys(sql, count)
  await sql.query('analyze keys; checkpoint')
  const folder = mkdtempSync(join(tmpdir(), 'keywarden-bench-'))
  return {
    postgres,
    sql,
    keys,
    serviceToken,
    folder,
    /** writes lines to a file that ends with the bench */
    file(name: string, lines: readonly string[]): string {
      writeFileSync(join(folder, name), lines.join('\n'))
      return join(folder, name)
    },
    async close() {
      await sql.end()
      await postgres.stop()
      rmSync(folder, { recursive: true })
    },
  }
}

/** A random source that gives the same numbers in each run (mulberry32). */
export function repeatable(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Keys drawn by a Zipf law (exponent 1): the n-th is asked for 1/n as often as the first. */
export function drawZipf(keys: readonly LabKey[], draws: number, random: () => number): LabKey[] {
  const sums = new Float64Array(keys.length)
  let sum = 0
  for (let i = 0; i < keys.length; i++) {
    sum += 1 / (i + 1)
    sums[i] = sum
  }
  return Array.from({ length: draws }, () => keys[indexAbove(sums, random() * sum)]!)
}

function indexAbove(sums: Float64Array, wanted: number): number {
  let low = 0
  let high = sums.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (sums[middle]! < wanted) low = middle + 1
    else high = middle
  }
  return low
}
