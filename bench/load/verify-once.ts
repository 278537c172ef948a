import { Pool } from 'undici'
import { serviceToken } from '../../test/faults/lab/seed.ts'

const headers = { authorization: `Bearer ${serviceToken}`, 'content-type': 'application/json' }
const pools = new Map<string, Pool>()

/** One pool a server. */
function poolOf(url: string): Pool {
  const pool = pools.get(url) ?? new Pool(url, { connections: 64 })
  pools.set(url, pool)
  return pool
}

/**
 * One verify over a connection that is kept alive: the verdict, and how long it took from the call on. As little
 * as can be is done about it here: what the asker takes of the machine, the asked lacks.
 */
export function verifyOnce(url: string, token: string): Promise<{ code: string; ms: number }> {
  const begun = performance.now()
  return new Promise((resolve, reject) => {
    let code = ''
    let body = ''
    poolOf(url).dispatch(
      { path: '/v1/verify', method: 'POST', headers, body: JSON.stringify({ key: token, scope: 'read' }) },
      {
        onRequestStart() {},
        onResponseStart(_, status) {
          if (status !== 200) code = `HTTP ${status}`
        },
        onResponseData(_, chunk) {
          body += chunk
        },
        onResponseEnd() {
          resolve({ code: code || JSON.parse(body).code, ms: performance.now() - begun })
        },
        onResponseError(_, error) {
          reject(error)
        },
      },
    )
  })
}

/** @param of per cent */
export function percentile(values: readonly number[], of: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return Number(
    (sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * of) / 100))] ?? Number.NaN).toFixed(2),
  )
}
