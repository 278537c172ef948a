import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { ensureInstalled } from '../../sandbox/services/install.ts'

export type Load = {
  requestsPerSecond: number
  requests: number
  p50Ms: number
  p99Ms: number
  notOk: number
}

export type Requests = {
  /** one request a line: a token */
  tokensFile: string
  /** Lua that answers one request; `token` is the next line */
  request: string
}

/** What wrk sends for `POST /v1/verify` and `/v1/forward-auth`. */
export const verifyRequest = `wrk.format("POST", "/v1/verify", headers, '{"key":"' .. token .. '","scope":"read"}')`
export const forwardAuthRequest = `(function()
  headers["Authorization"] = "Bearer " .. token
  return wrk.format("GET", "/v1/forward-auth", headers)
end)()`

export const verifyHeaders = (serviceToken: string) => ({
  Authorization: `Bearer ${serviceToken}`,
  'Content-Type': 'application/json',
})
export const forwardAuthHeaders = (serviceToken: string) => ({
  'X-Keywarden-Service-Token': serviceToken,
  'X-Forwarded-Method': 'GET',
  'X-Forwarded-Uri': '/v1/contacts',
  'X-Forwarded-For': '203.0.113.7',
})

/** Loads a server with wrk: one thread, 32 connections kept alive, tokens in the order of the file. */
export async function load(
  url: string,
  seconds: number,
  headers: Record<string, string>,
  { tokensFile, request }: Requests,
): Promise<Load> {
  const [wrk] = ensureInstalled(['wrk'])
  const script = `${tokensFile}.lua`
  const lines = Object.entries(headers).map(([name, value]) => `headers["${name}"] = "${value}"`)
  writeFileSync(
    script,
    `local tokens, at, headers = {}, math.random(1, 1000), {}
${lines.join('\n')}
for line in io.lines("${tokensFile}") do tokens[#tokens + 1] = line end
request = function()
  at = at % #tokens + 1
  local token = tokens[at]
  return ${request}
end
done = function(summary, latency)
  io.write(string.format("RESULT %d %d %d %d %d\\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), summary.errors.status + summary.errors.timeout))
end`,
  )
  const child = spawn(wrk!, ['-t1', '-c32', `-d${seconds}s`, '--timeout', '10s', '-s', script, url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const said = await text(child.stdout)
  const [, requests, us, p50, p99, notOk] = /RESULT (\d+) (\d+) (\d+) (\d+) (\d+)/.exec(said)!.map(Number)
  return {
    requests: requests!,
    requestsPerSecond: requests! / (us! / 1e6),
    p50Ms: p50! / 1000,
    p99Ms: p99! / 1000,
    notOk: notOk!,
  }
}
