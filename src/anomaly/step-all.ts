import pMap from 'p-map'
import { minuteMs } from '../foundation/time.ts'
import type { World } from '../foundation/world.ts'
import { bucketMs } from '../usage/cell.ts'
import { recordDays } from './detector/constants.ts'
import { isCurrent } from './detector/state.ts'
import { type Due, doubtfulKeys } from './due.ts'
import { readStates, type Stored } from './states.ts'
import { type Run, stepKeys } from './step-keys.ts'

type Deps = Pick<World, 'db'>

/** Real time after which a run leaves the rest to the next: five minutes later it begins. */
const budgetMs = 4 * minuteMs
/** Keys in one read and one write, when there is little to step through; and five minutes of keys in one batch. */
const maxKeys = 1_000
const maxBuckets = 120_000
/** Batches under way at once, each on one connection: while one is computed, Postgres reads and writes the others. */
const batchSize = 4
const rebuildBuckets = recordDays * 288

/**
 * Steps these keys in batches until the time is over; then, if there is time, those whose states are doubtful. Those come
 * first that are nearest to now: what has to be caught up with, or rebuilt, must not delay the others. Returns how many
 * keys were stepped.
 */
export async function stepAll({ db }: Deps, run: Run, keyIds: readonly string[]): Promise<number> {
  const end = performance.now() + budgetMs
  let done = 0
  const late: Due[] = []
  const finish = async (keyIds: readonly string[], states: ReadonlyMap<string, Stored>) => {
    await stepKeys(db, run, keyIds, states)
    done += keyIds.length
  }
  await inTime(batches(keyIds, maxKeys), end, async (batch) => {
    const states = await readStates(db, batch)
    const prompt = batch.filter((keyId) => {
      const stored = states.get(keyId)
      const through = stored && isCurrent(stored.state) ? stored.through : null
      const isPrompt = through !== null && bucketsOf(through, run.until) <= maxBuckets / maxKeys
      if (!isPrompt) late.push({ keyId, through })
      return isPrompt
    })
    await finish(prompt, states)
  })
  await inTime(lateBatches(late, run.until), end, async (batch) => finish(batch, await readStates(db, batch)))
  await stepDoubtful(db, run, end - budgetMs / 2)
  return done
}

/** One batch after the other at each of a few places, as long as there is time. */
const inTime = (all: readonly string[][], end: number, work: (batch: string[]) => Promise<void>) =>
  pMap(all, async (batch) => (performance.now() < end ? work(batch) : undefined), { concurrency: batchSize })

async function stepDoubtful(db: Deps['db'], run: Run, end: number): Promise<void> {
  for (let rest = 1; rest > 0 && performance.now() < end; ) {
    const doubtful = await doubtfulKeys(db, sizeOf(rebuildBuckets))
    await stepKeys(db, run, doubtful, await readStates(db, doubtful), { rebuild: true })
    rest = doubtful.length
  }
}

function batches(keyIds: readonly string[], size: number): string[][] {
  const count = Math.ceil(keyIds.length / size)
  return Array.from({ length: count }, (_, i) => keyIds.slice(i * size, (i + 1) * size))
}

/** As many keys in each as have about so many buckets to step through; its last has the most. */
function lateBatches(late: readonly Due[], until: Date): string[][] {
  const buckets = ({ through }: Due) => (through ? bucketsOf(through, until) : rebuildBuckets)
  const all: string[][] = []
  for (const due of late.toSorted((a, b) => buckets(a) - buckets(b))) {
    const last = all.at(-1)
    if (last && last.length < sizeOf(buckets(due))) last.push(due.keyId)
    else all.push([due.keyId])
  }
  return all
}

const sizeOf = (buckets: number) => Math.max(1, Math.min(maxKeys, Math.floor(maxBuckets / buckets)))
const bucketsOf = (through: Date, until: Date) =>
  Math.min(rebuildBuckets, Math.max(1, (until.getTime() - through.getTime()) / bucketMs))
