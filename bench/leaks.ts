/** npm run bench:leaks: from the intake of a report until every verifier refuses the key; one leaked key, and a thousand. */
import { randomBytes } from 'node:crypto'
import { perform } from '../src/acts/perform.ts'
import { readConfig } from '../src/foundation/config.ts'
import { openDatabase } from '../src/foundation/database.ts'
import { openLog } from '../src/foundation/log.ts'
import { systemRandom } from '../src/foundation/random.ts'
import { isRefusal, type Refusal } from '../src/foundation/refusal.ts'
import { plain } from '../src/foundation/words.ts'
import type { World } from '../src/foundation/world.ts'
import { revoke } from '../src/keys/state.ts'
import { generateToken, hashToken } from '../src/keys/token.ts'
import { confirmLeaks, executeLeaks } from '../src/leaks/act.ts'
import { takeReport } from '../src/leaks/report.ts'
import { confirmRequest, startWatching } from '../src/leases/confirm.ts'
import { labWorkspace } from '../test/faults/lab/seed.ts'
import { startProduct } from './load/server.ts'
import { openStage } from './load/stage.ts'
import { percentile, report } from './table.ts'

const [rounds, bigRounds, warmUps, perReport] = [300, 5, 20, 1_000]
const targetMs = 2_000

const stage = await openStage(2 * (rounds + warmUps) + (bigRounds + 1) * perReport)
const verifiers = await Promise.all([1, 2, 3].map(() => startProduct(stage.postgres.url)))
const config = readConfig({ DATABASE_URL: stage.postgres.url })
const log = openLog({ level: 'error', tokenPrefix: 'tml_' })
const db = openDatabase(stage.postgres.url, { connections: 8, name: 'bench' })
const world: World = { db, config, log, clock: { now: () => new Date() }, random: systemRandom }
const watching = startWatching(world)
const policy = JSON.stringify({ leaked: { person: {}, scanner: { read: 'revoke' }, pasted: {} } })
await stage.sql.query('update workspaces set policy = $1 where id = $2', [policy, labWorkspace])

const must = <T>(done: T | Refusal): T => {
  if (isRefusal(done)) throw new Error(plain(done.message))
  return done
}
const job = { kind: 'job', id: 'scanner bench' } as const
let n = 0

/** A verifier knows the key, as one that is in use. */
const warm = (tokens: readonly string[]) =>
  Promise.all(
    verifiers.flatMap(({ url }) =>
      tokens.map((token) => ask(url, token).then((code) => expectCode(code, 'VALID'))),
    ),
  )

async function ask(url: string, key: string): Promise<string> {
  const response = await fetch(`${url}/v1/verify`, {
    method: 'POST',
    headers: { authorization: `Bearer ${stage.serviceToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ key, scope: 'read' }),
  })
  return ((await response.json()) as { code: string }).code
}

function expectCode(code: string, wanted: string): void {
  if (code !== wanted) throw new Error(`a verifier says ${code} instead of ${wanted}`)
}

/** A report of a thousand tokens, of which these are live keys; until the last of them is confirmed as refused. */
async function leak(
  keys: readonly { id: string; token: string }[],
): Promise<{ takenMs: number; refusedMs: number }> {
  const others = Array.from({ length: perReport - keys.length }, () =>
    generateToken('tml_', randomBytes).open(),
  )
  const found = [...keys.map(({ token }) => token), ...others].map((token) => ({
    hash: hashToken(token),
    where: '',
  }))
  const about = { accountId: 'acc_lab', evidence: 'scanner' as const, reporter: 'job:scanner bench' }
  const begun = performance.now()
  const taken = must(
    await perform(world, job, (act) =>
      takeReport(act, { ...about, reference: `r${++n}`, found }, systemRandom),
    ),
  )
  const takenMs = performance.now() - begun
  if (taken.length !== keys.length) throw new Error(`${taken.length} of ${keys.length} keys were found`)
  await executeLeaks(world)
  if ((await confirmLeaks(world, { withinMs: 30_000 })) !== keys.length)
    throw new Error('not all were confirmed')
  return { takenMs, refusedMs: performance.now() - begun - takenMs }
}

async function plainRevoke(key: { id: string }): Promise<number> {
  const begun = performance.now()
  const requestId = `revoke ${++n}`
  must(await perform(world, job, (act) => revoke(act, labWorkspace, key.id), { requestId }))
  const receipt = await confirmRequest(world, requestId, { withinMs: 30_000 })
  if (receipt.state !== 'confirmed') throw new Error(JSON.stringify(receipt))
  return performance.now() - begun
}

const take = (count: number) => stage.keys.splice(0, count)
const single: Awaited<ReturnType<typeof leak>>[] = []
const plainMs: number[] = []
for (let round = 0; round < rounds + warmUps; round++) {
  const [leaked, revoked] = [take(1), take(1)]
  await warm([...leaked, ...revoked].map(({ token }) => token))
  const one = await leak(leaked)
  const other = await plainRevoke(revoked[0]!)
  for (const { url } of verifiers) expectCode(await ask(url, leaked[0]!.token), 'REVOKED')
  if (round >= warmUps) {
    single.push(one)
    plainMs.push(other)
  }
}
const many: Awaited<ReturnType<typeof leak>>[] = []
for (let round = 0; round <= bigRounds; round++) {
  const keys = take(perReport)
  const one = await leak(keys)
  for (const { url } of verifiers) expectCode(await ask(url, keys.at(-1)!.token), 'REVOKED')
  if (round > 0) many.push(one)
}

await watching.stop()
for (const verifier of verifiers) await verifier.stop()
await db.destroy()
await stage.close()
const column = (ms: readonly number[]) => ({
  'p50 ms': percentile(ms, 0.5),
  'p99 ms': percentile(ms, 0.99),
  'max ms': Math.max(...ms),
})
const singleMs = single.map(({ refusedMs }) => refusedMs)
const manyMs = many.map(({ refusedMs }) => refusedMs)
const figures = {
  oneP50Ms: percentile(singleMs, 0.5),
  oneP99Ms: percentile(singleMs, 0.99),
  intakeP99Ms: percentile(
    single.map(({ takenMs }) => takenMs),
    0.99,
  ),
  plainP50Ms: percentile(plainMs, 0.5),
  plainP99Ms: percentile(plainMs, 0.99),
  ratioP50: percentile(singleMs, 0.5) / percentile(plainMs, 0.5),
  thousandMaxMs: Math.max(...manyMs),
}
report(
  'leaks',
  {
    'intake of 1,000 tokens': column(single.map(({ takenMs }) => takenMs)),
    'one leaked key, refused everywhere': column(singleMs),
    'a plain revoke, confirmed': column(plainMs),
    'a thousand leaked keys, the last refused': column(manyMs),
  },
  figures,
  figures.oneP99Ms <= targetMs && figures.thousandMaxMs <= targetMs,
)
