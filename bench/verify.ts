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
import { median, report } from './table.ts'

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

/** One row of several, figure by figure. */
const rowOf = (rows: Row[], choose: (values: number[]) => number): Row =>
  Object.fromEntries(
    (Object.keys(rows[0]!) as (keyof Row)[]).map((name) => [name, choose(rows.map((row) => row[name]))]),
  ) as Row
const most = (values: number[]) => Math.max(...values)

/** A table's rows of one server: the median of all rounds, and the worst. */
const shownAs = (name: string, rows: Row[]): [string, Row][] => [
  [`${name}, median`, rowOf(rows, median)],
  [
    `${name}, worst`,
    { ...rowOf(rows, most), requestsPerSecond: Math.min(...rows.map((row) => row.requestsPerSecond)) },
  ],
]

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
  for (const [shown, row] of shownAs(`bare node:http, ${name}`, bareRows)) table[shown] = row
  for (const [shown, row] of shownAs(`keywarden, ${name}`, productRows)) table[shown] = row
  const ratios = (figure: keyof Row) => productRows.map((row, i) => row[figure] / bareRows[i]![figure])
  figures[name] = {
    cpuRatio: median(ratios('cpuUs')),
    worstCpuRatio: most(ratios('cpuUs')),
    throughputRatio: median(ratios('requestsPerSecond')),
    worstThroughputRatio: Math.min(...ratios('requestsPerSecond')),
    p99Ratio: median(ratios('p99Ms')),
    worstP99Ratio: most(ratios('p99Ms')),
    cpuUs: table[`keywarden, ${name}, median`]!.cpuUs,
    notOk: table[`keywarden, ${name}, worst`]!.notOk,
  }
}
const betterAuth = process.env.BETTER_AUTH === 'no' ? undefined : await measureBetterAuth()
if (betterAuth)
  for (const [shown, row] of shownAs('better-auth api-key, redis, deferred', betterAuth)) table[shown] = row

async function measureBetterAuth(): Promise<Row[]> {
  const { startBetterAuth } = await import('./load/better-auth.ts')
  const rival = await startBetterAuth(stage)
  const requests = { tokensFile: rival.tokensFile, request: verifyRequest }
  await load(rival.url, 3, {}, requests)
  const rows: Row[] = []
  for (let round = 0; round < rounds; round++) rows.push(await measure(rival, {}, requests))
  await rival.stop()
  return rows
}

for (const server of [product, bareVerify, bareForward]) await server.stop()
await stage.close()

const ours = (name: string) => figures[name] as Record<'cpuRatio' | 'throughputRatio' | 'p99Ratio', number>
const ourCpuUs = table['keywarden, verify, median']!.cpuUs
const betterAuthRatios = betterAuth?.map((row) => row.cpuUs / ourCpuUs)
const betterAuthRatio = betterAuthRatios && median(betterAuthRatios)
const ok =
  ['verify', 'forward-auth'].every(
    (name) => ours(name).cpuRatio <= 1.35 && ours(name).throughputRatio >= 0.75 && ours(name).p99Ratio <= 2,
  ) && (betterAuthRatio ?? 0) >= 10
report(
  'verify',
  table,
  {
    ...figures,
    rounds,
    ...(betterAuthRatios
      ? { betterAuthCpuRatio: betterAuthRatio, worstBetterAuthCpuRatio: Math.min(...betterAuthRatios) }
      : {}),
  },
  ok,
)
