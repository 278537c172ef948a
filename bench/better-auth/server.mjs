// better-auth's API-key plugin in its fastest configuration, behind the same kind of server: keys in Redis, updates
// deferred, no rate limit. Prints its URL; on the standard input it is told how many keys to make.

import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { apiKey } from '@better-auth/api-key'
import { betterAuth } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import { Redis } from 'ioredis'
import pg from 'pg'

const redis = new Redis(process.env.REDIS_URL)
const database = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 })
const options = {
  database,
  baseURL: 'http://127.0.0.1',
  secret: 'a secret that only this bench has, 32 characters',
  emailAndPassword: { enabled: true },
  rateLimit: { enabled: false },
  logger: { disabled: true },
  telemetry: { enabled: false },
  secondaryStorage: {
    get: (key) => redis.get(key),
    set: async (key, value, ttl) =>
      void (ttl ? await redis.set(key, value, 'EX', ttl) : await redis.set(key, value)),
    delete: async (key) => void (await redis.del(key)),
  },
  advanced: { backgroundTasks: { handler: (promise) => void promise.catch(() => {}) } },
  plugins: [
    apiKey({
      storage: 'secondary-storage',
      deferUpdates: true,
      rateLimit: { enabled: false },
      enableMetadata: false,
    }),
  ],
}
await (await getMigrations(options)).runMigrations()
const auth = betterAuth(options)
const { user } = await auth.api.signUpEmail({
  body: { email: 'bench@example.com', password: 'a long password', name: 'B' },
})
const keys = []
const wanted = Number(process.env.KEYS)
while (keys.length < wanted) {
  const part = Array.from({ length: Math.min(50, wanted - keys.length) }, () =>
    auth.api.createApiKey({ body: { userId: user.id, name: 'k' } }),
  )
  keys.push(...(await Promise.all(part)).map(({ key }) => key))
}
writeFileSync(process.env.KEYS_FILE, keys.join('\n'))

const server = createServer((request, response) => {
  let received = ''
  request.on('data', (chunk) => {
    received += chunk
  })
  request.on('end', async () => {
    const { key } = JSON.parse(received)
    const { valid, key: found } = await auth.api.verifyApiKey({ body: { key } })
    const body = JSON.stringify({ valid, code: valid ? 'VALID' : 'NOT_FOUND', keyId: found?.id })
    response.writeHead(200, ['content-type', 'application/json', 'content-length', String(body.length)])
    response.end(body)
  })
})
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`))
process.on('SIGTERM', () => process.exit(0))
