import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort } from '../../sandbox/services/server.ts'
import { until } from '../faults/lab/lab.ts'
import { type FreshDatabase, freshDatabase } from '../setup/database.ts'

let database: FreshDatabase
let port: number
let child: ChildProcess
let said = ''
beforeAll(async () => {
  database = await freshDatabase()
  port = await freePort()
  child = start(['--processes', '2'], port)
  await until(async () => said.split('keywarden is up').length === 3)
})
afterAll(async () => {
  child.kill('SIGTERM')
  if (child.exitCode === null) await once(child, 'exit')
  await database.drop()
})

function start(args: string[], onPort: number): ChildProcess {
  const endWithParent =
    'data:text/javascript,if(process.channel){process.on("disconnect",()=>process.exit(9));process.channel.unref()}'
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', '--import', endWithParent, 'src/main.ts', 'start', '--roles', 'verify', ...args],
    {
      env: { PATH: process.env.PATH, DATABASE_URL: database.url, KEYWARDEN_HTTP_PORT: String(onPort) },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    },
  )
  for (const stream of [child.stdout!, child.stderr!])
    stream.on('data', (chunk) => {
      said += chunk
    })
  return child
}

const metrics = async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
const leases = async () => Number(/^keywarden_lease_held (\d+)/m.exec(await metrics())?.[1])

test('several verifiers share a port, each with its lease, and a scrape tells of all', async () => {
  await until(async () => (await leases()) === 2)
})

test('one that is killed is replaced', async () => {
  const before = said
  const children = await childrenOf(child.pid!)
  process.kill(children[0]!, 'SIGKILL')
  await until(async () => said.slice(before.length).includes('another takes its place'))
  await until(async () => (await leases().catch(() => 0)) === 2)
})

test('a stop ends them all, in order', async () => {
  child.kill('SIGTERM')
  const [code] = await once(child, 'exit')
  expect(code).toBe(0)
  await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow()
})

test('several processes are for verifiers alone', async () => {
  const { runShell } = await import('../../src/cli/program.ts')
  const env = {
    ...{ DATABASE_URL: database.url, SLACK_BOT_TOKEN: 'xoxb-1', SLACK_APP_TOKEN: 'xapp-1' },
  }
  const start = async () => ({ stop: async () => {} })
  expect(await runShell(['start', '--processes', '2'], { env, start } as never)).toBe(2)
})

async function childrenOf(pid: number): Promise<number[]> {
  const { readFile } = await import('node:fs/promises')
  return (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ').map(Number)
}
