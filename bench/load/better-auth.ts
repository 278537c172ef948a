import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startRedis } from '../../sandbox/services/redis.ts'
import { type Server, startServer } from './server.ts'
import { drawZipf, type openStage, repeatable } from './stage.ts'

const folder = fileURLToPath(new URL('../better-auth/', import.meta.url))

/** Starts better-auth's API-key plugin with 2,000 keys of its own (fewer are kinder to it), installed when missing. */
export async function startBetterAuth(
  stage: Awaited<ReturnType<typeof openStage>>,
): Promise<Server & { tokensFile: string }> {
  if (!existsSync(join(folder, 'node_modules'))) {
    // Its own packages ask for versions of each other that do not exist together.
    const args = ['install', '--legacy-peer-deps', '--no-audit', '--no-fund', '--no-package-lock']
    const run = spawnSync('npm', args, { cwd: folder, encoding: 'utf8' })
    if (run.status !== 0) throw new Error(`better-auth could not be installed:\n${run.stderr}`)
  }
  const redis = await startRedis({ own: true })
  await stage.sql.query('create database rival')
  const url = new URL(stage.postgres.url)
  url.pathname = '/rival'
  const keysFile = join(stage.folder, 'rival-keys')
  const server = await startServer([join(folder, 'server.mjs')], {
    DATABASE_URL: url.href,
    REDIS_URL: redis.url,
    KEYS: '2000',
    KEYS_FILE: keysFile,
  })
  const keys = readFileSync(keysFile, 'utf8')
    .split('\n')
    .map((token) => ({ id: '', token }))
  const tokens = drawZipf(keys, 100_000, repeatable(42)).map(({ token }) => token)
  return {
    ...server,
    tokensFile: stage.file('rival-tokens', tokens),
    async stop() {
      await server.stop()
      await redis.stop()
    },
  }
}
