import { Pool } from 'undici'
import type { Balancer } from '../../test/faults/rolling/fleet.ts'

/** Verifies sent straight to the verifiers that are ready, as a platform with a list of them does. */
export type Verifying = Balancer & {
  /** asks one verifier; counts the answer, and whatever is not VALID as an error */
  ask(key: string): Promise<void>
  answered: number
  errors: string[]
  slowestMs: number
  close(): Promise<void>
}

const askEveryMs = 150
/** More than are ever under way: none waits for a connection to a verifier that is about to stop. */
const connections = 64

export function openVerifying(serviceToken: () => string): Verifying {
  const pools = new Map<string, { pool: Pool; isReady: boolean }>()
  let turn = 0
  const asking = setInterval(() => {
    for (const [url, one] of pools)
      void fetch(`${url}/readyz`, { signal: AbortSignal.timeout(1_000) }).then(
        async (answer) => {
          await answer.text()
          one.isReady = answer.status === 200
        },
        () => {
          one.isReady = false
        },
      )
  }, askEveryMs)
  const verifying: Verifying = {
    answered: 0,
    errors: [],
    slowestMs: 0,
    add: (url) => void pools.set(url, { pool: new Pool(url, { connections }), isReady: false }),
    remove(url) {
      void pools.get(url)?.pool.close()
      pools.delete(url)
    },
    ready: () => [...pools.values()].filter(({ isReady }) => isReady).length,
    async ask(key) {
      const ready = [...pools.values()].filter(({ isReady }) => isReady)
      const one = ready[turn++ % ready.length]
      if (!one) return void verifying.errors.push('nobody is ready')
      const began = performance.now()
      try {
        const { statusCode, body } = await one.pool.request({
          method: 'POST',
          path: '/v1/verify',
          headers: { authorization: `Bearer ${serviceToken()}`, 'content-type': 'application/json' },
          body: JSON.stringify({ key }),
        })
        const { code } = (await body.json()) as { code?: string }
        if (statusCode === 200 && code === 'VALID') verifying.answered++
        else verifying.errors.push(`${statusCode} ${code}`)
      } catch (error) {
        verifying.errors.push(String(error))
      }
      verifying.slowestMs = Math.max(verifying.slowestMs, performance.now() - began)
    },
    async close() {
      clearInterval(asking)
      await Promise.all([...pools.values()].map(({ pool }) => pool.close()))
    },
  }
  return verifying
}
