/** npm run bench:verify: what a verify costs, beside a server that does nothing and beside better-auth. */
import { randomBytes } from 'node:crypto'
import { generateToken } from '../src/keys/token.ts'
import { cpuSeconds, cpuSecondsOfTree } from './load/cpu.ts'
import { type Server, startProduct, startServer } from './load/server.ts'
import { drawZipf, openStage, repeatable } from './load/stage.ts'
import {
  forwardAuthHeaders,
  forwardAuthRequest,
  type Load,
  load,
  type Requests,
  verifyHeaders,
  verifyRequest,
} from './load/wrk.ts'

const rounds = Number(process.env.ROUNDS ?? 5)
const seconds = Number(process.env.SECONDS ?? 5)

type Row = Load & { cpuUs: number; postgresUs: number }

const stage = await openStage(100_000)
const random = repeatable(42)
const tokens = drawZipf(stage.keys, 400_000, random).map(({ token }) =>
  random() < 0.01 ? generateToken('tml_', randomBytes).open() : token,
)
const tokensFile = stage.file('tokens', tokens)
const product = await startProduct(stage.postgres.url)

async function answerOf(path: string, init: RequestInit) {
  const response = await fetch(product.url + path, init)
  return { body: await response.text(), headers: response.headers }
}
const { token } = stage.keys[0]!
const verified = await answerOf('/v1/verify', {
  method: 'POST',
  headers: verifyHeaders(stage.serviceToken),
  body: JSON.stringify({ key: token, scope: 'read' }),
})
const forwarded = await answerOf('/v1/forward-auth', {
  headers: { ...forwardAuthHeaders(stage.serviceToken), authorization: `Bearer ${token}` },
})
const forwardedHeaders = [...forwarded.headers].filter(([name]) => name.startsWith('x-keywarden')).flat()
const bareVerify = await startServer(['--import', 'tsx', 'bench/servers/bare.ts', verified.body])
const bareForward = await startServer(['--import', 'tsx', 'bench/servers/bare.ts', '', ...forwardedHeaders])

async function measure(server: Server, headers: Record<string, string>, requests: Requests): Promise<Row> {
  const before = [cpuSeconds(server.pid), cpuSecondsOfTree(stage.postgres.pid())] as const
  const result = await load(server.url, seconds, headers, requests)
  const perRequest = (now: number, then: number) => ((now - then) * 1e6) / result.requests
  return {
    ...result,
    cpuUs: perRequest(cpuSeconds(server.pid), before[0]),
    postgresUs: perRequest(cpuSecondsOfTree(stage.postgres.pid()), before[1]),
  }
}

const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!
const medianRow = (rows: Row[]): Row =>
  Object.fromEntries(
    (Object.keys(rows[0]!) as (keyof Row)[]).map((name) => [name, median(rows.map((row) => row[name]))]),
  ) as Row

const contests = {
  verify: {
    headers: verifyHeaders(stage.serviceToken),
    requests: { tokensFile, request: verifyRequest },
    bare: bareVerify,
  },
  'forward-auth': {
    headers: forwardAuthHeaders(stage.serviceToken),
    requests: { tokensFile, request: forwardAuthRequest },
    bare: bareForward,
  },
}

const table: Record<string, Row> = {}
const figures: Record<string, unknown> = {}
for (const [name, { headers, requests, bare }] of Object.entries(contests)) {
  // Warm: the compiler, and the memory with each line asked once. What a key costs that is not remembered yet is
  // bench:miss.
  await load(bare.url, 3, headers, requests)
  const { requestsPerSecond } = await load(product.url, 3, headers, requests)
  if (name === 'verify')
    await load(product.url, Math.ceil(tokens.length / requestsPerSecond), headers, requests)
  const [bareRows, productRows]: [Row[], Row[]] = [[], []]
  for (let round = 0; round < rounds; round++) {
    bareRows.push(await measure(bare, headers, requests))
    productRows.push(await measure(product, headers, requests))
  }
  const [theirs, ours] = [medianRow(bareRows), medianRow(productRows)]
  table[`bare node:http, ${name}`] = theirs
  table[`keywarden, ${name}`] = ours
  figures[name] = {
    cpuRatio: ours.cpuUs / theirs.cpuUs,
    throughputRatio: ours.requestsPerSecond / theirs.requestsPerSecond,
    p99Ratio: ours.p99Ms / theirs.p99Ms,
    cpuUs: ours.cpuUs,
    notOk: ours.notOk,
  }
}
const betterAuth = process.env.BETTER_AUTH === 'no' ? undefined : await measureBetterAuth()
if (betterAuth) table['better-auth api-key, redis, deferred'] = betterAuth

async function measureBetterAuth(): Promise<Row | undefined> {
  const { startBetterAuth } = await import('./load/better-auth.ts')
  const rival = await startBetterAuth(stage)
  const requests = { tokensFile: rival.tokensFile, request: verifyRequest }
  await load(rival.url, 3, {}, requests)
  const row = await measure(rival, {}, requests)
  await rival.stop()
  return row
}

console.table(
  Object.fromEntries(
    Object.entries(table).map(([name, row]) => [
      name,
      Object.fromEntries(Object.entries(row).map(([column, value]) => [column, Number(value.toFixed(2))])),
    ]),
  ),
)
for (const server of [product, bareVerify, bareForward]) await server.stop()
await stage.close()

const ours = (name: string) => figures[name] as Record<'cpuRatio' | 'throughputRatio' | 'p99Ratio', number>
const betterAuthRatio = betterAuth && betterAuth.cpuUs / table['keywarden, verify']!.cpuUs
const ok =
  ['verify', 'forward-auth'].every(
    (name) => ours(name).cpuRatio <= 1.35 && ours(name).throughputRatio >= 0.75 && ours(name).p99Ratio <= 2,
  ) && (betterAuthRatio ?? 0) >= 10
console.log(JSON.stringify({ ok, ...figures, betterAuthRatio }))
process.exitCode = ok ? 0 : 1
