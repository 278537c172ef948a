import { parseArgs } from 'node:util'
import { startPostgres } from '../../sandbox/services/postgres.ts'
import { migrate } from '../../src/foundation/migrate.ts'
import { playAll } from './play-all.ts'
import { openProduct } from './product.ts'
import { races, run } from './races.ts'

/** `bin/faults model -- [--sequences N] [--trials N] [--seed S]`. Prints tables, and JSON as the last line. */
const { values } = parseArgs({
  allowPositionals: true,
  options: { sequences: { type: 'string' }, trials: { type: 'string' }, seed: { type: 'string' } },
})
const sequences = Number(values.sequences ?? 100_000)
const trials = Number(values.trials ?? 1_000)
const seed = Number(values.seed ?? Math.floor(Math.random() * 1e9))
if (!(sequences >= 0 && trials >= 0) || !Number.isInteger(seed))
  throw new Error('Say --sequences N, --trials N and --seed S, whole numbers.')
console.log(`seed ${seed}`)
const postgres = await startPostgres({ durable: false, own: true })
const begun = performance.now()
const seconds = () => Math.round((performance.now() - begun) / 1_000)
try {
  await migrate(postgres.url)
  const product = await openProduct(postgres.url)
  const raced = []
  for (const race of trials > 0 ? races : []) raced.push(await run(product, race, trials))
  for (const { what, outcomes, wrong } of raced) {
    console.log(`${what}\n  ${JSON.stringify(outcomes)}`)
    for (const one of wrong.slice(0, 3)) console.log(`  WRONG ${one}`)
  }
  const played = await playAll(product, {
    ...{ sequences, seed },
    log: (so) => {
      if (so.sequences % 5_000 === 0)
        console.log(
          `${so.sequences} sequences of ${so.commands} commands after ${seconds()} s, ${so.divergences.length} divergences`,
        )
    },
  })
  await product.close()
  const wrong = raced.reduce((sum, one) => sum + one.wrong.length, 0)
  const ok = wrong === 0 && played.divergences.length === 0
  const { sequences: done, commands, together, divergences } = played
  const figures = { sequences: done, commands, stepsTogether: together, divergences: divergences.length }
  console.log(
    JSON.stringify({
      model: 'product',
      ok,
      seed,
      races: raced.length,
      trials,
      wrong,
      ...figures,
      seconds: seconds(),
    }),
  )
  process.exitCode = ok ? 0 : 1
} finally {
  await postgres.stop()
}
