import { Agent, request } from 'node:http'
import { serviceToken } from '../../test/faults/lab/seed.ts'

const agent = new Agent({ keepAlive: true, maxSockets: 64 })

/** One verify over a connection that is kept alive: the verdict, and how long it took from the call on. */
export function verifyOnce(url: string, token: string): Promise<{ code: string; ms: number }> {
  const begun = performance.now()
  return new Promise((resolve, reject) => {
    const sent = request(
      `${url}/v1/verify`,
      {
        agent,
        method: 'POST',
        headers: { authorization: `Bearer ${serviceToken}`, 'content-type': 'application/json' },
      },
      (response) => {
        let body = ''
        response.on('data', (chunk) => {
          body += chunk
        })
        response.on('end', () =>
          resolve({
            code: response.statusCode === 200 ? JSON.parse(body).code : `HTTP ${response.statusCode}`,
            ms: performance.now() - begun,
          }),
        )
      },
    )
    sent.on('error', reject)
    sent.end(JSON.stringify({ key: token, scope: 'read' }))
  })
}

/** @param of per cent */
export function percentile(values: readonly number[], of: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return Number(
    (sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * of) / 100))] ?? Number.NaN).toFixed(2),
  )
}
