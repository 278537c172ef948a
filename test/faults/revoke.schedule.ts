import { afterAll, beforeAll, expect, test } from 'vitest'
import { repeatable } from '../../bench/load/stage.ts'
import { type PostgresServer, startPostgres } from '../../sandbox/services/postgres.ts'
import { runCampaign } from './lab/campaign.ts'
import { type Lab, openLab } from './lab/lab.ts'

let server: PostgresServer
let lab: Lab
beforeAll(async () => {
  // A crash must lose nothing that was acknowledged, so this one waits for the disk.
  server = await startPostgres({ own: true })
  lab = await openLab(server.url)
})
afterAll(async () => {
  await lab.close()
  await server.stop()
})

const seconds = Number(process.env.FAULTS_SECONDS ?? 60)
const revokes = Number(process.env.FAULTS_REVOKES ?? 2_000)
const seed = Number(process.env.FAULTS_SEED ?? Date.now() % 1e9)

test(`no verify that starts after a confirmation accepts the key, whatever goes wrong (seed ${seed})`, {
  timeout: (seconds + revokes / 2) * 1000 + 120_000,
}, async () => {
  const { history, faults } = await runCampaign({
    ...{ lab, server, seconds, revokes, say: console.log },
    ...{ verifiers: 3, leaseMs: 600, random: repeatable(seed) },
  })
  const summary = history.summary()
  console.log(JSON.stringify({ seed, ...summary, faults: Object.fromEntries(faults) }))
  expect(history.violations()).toEqual([])
  expect(summary.revoked).toBeGreaterThanOrEqual(revokes)
  // The checker looked: keys were accepted before, and asked for after.
  expect(summary.verdicts.VALID).toBeGreaterThan(revokes)
  expect(summary.afterConfirmation).toBeGreaterThan(revokes)
})
