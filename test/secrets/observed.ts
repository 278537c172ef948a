import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { Redis } from 'ioredis'
import { type LocalSlack, startSlack } from 'local-slack'
import { calls, type PersonClient, person } from 'local-slack/person'
import { people } from '../../sandbox/acting.ts'
import { fetchOperations, operationsToken } from '../../sandbox/operations.ts'
import { systemClock } from '../../src/foundation/clock.ts'
import { readConfig } from '../../src/foundation/config.ts'
import { openDatabase } from '../../src/foundation/database.ts'
import { openLog } from '../../src/foundation/log.ts'
import { systemRandom } from '../../src/foundation/random.ts'
import type { World } from '../../src/foundation/world.ts'
import { copyOfProduct } from '../faults/lab/copy.ts'
import { freshDatabase } from '../setup/database.ts'
import { prepare } from '../setup/process-house.ts'
import { freshRedis } from '../setup/redis.ts'
import { keywarden, type Ran } from '../setup/shell.ts'
import { watchManifest } from '../setup/watch-manifest.ts'
import { dumpPostgres, dumpRedis } from './dump.ts'

/** All that leaves the product, or stays in it, by where it is. */
export type Medium =
  | 'standard output'
  | 'standard error'
  | 'Postgres'
  | 'Redis'
  | 'calls of Slack'
  | 'metrics'
  | 'traces and usage'
  | 'files'
  | 'memory'

/** The product in every role as one process that is watched from all sides. */
export type Observed = {
  slack: LocalSlack
  url: string
  world: World
  serviceToken: string
  as(who: keyof typeof people): PersonClient
  /** runs a command of the shell; what it says is among the outputs, but for what `isReveal` says is shown on purpose */
  command(args: readonly string[], typed?: string, isReveal?: boolean): Promise<Ran>
  /** a file for a command to read, which is none of the product's */
  file(content: string): string
  /** puts a text into every medium, as if it had been forgotten there */
  plant(text: string): Promise<void>
  /** everything there is in each medium now */
  collect(): Promise<Record<Medium, string>>
  close(): Promise<void>
}

/**
 * Nothing is scrubbed from its log: what the product tries to write counts, not what is left of it. Otherwise it is the
 * product as it stands.
 */
const unscrubbed = {
  file: 'src/foundation/log.ts',
  find: 'hooks: { streamWrite: scrub },',
  replace: 'hooks: { streamWrite: (line) => (scrub, line) },',
}

export async function openObserved(): Promise<Observed> {
  const [database, redis, copy] = await Promise.all([
    freshDatabase(),
    freshRedis(),
    copyOfProduct([unscrubbed]),
  ])
  const folder = mkdtempSync(join(tmpdir(), 'keywarden-observed-'))
  const own = join(folder, 'own')
  mkdirSync(own)
  const sent: string[] = []
  const collector = createServer(async (request, response) => {
    sent.push(await text(request))
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
  collector.listen(0, '127.0.0.1')
  await once(collector, 'listening')
  const elsewhere = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`
  const slack = await startSlack({ clock: systemClock, manifest: watchManifest() })
  const env = {
    DATABASE_URL: database.url,
    REDIS_URL: redis.url,
    SLACK_API_URL: slack.apiUrl,
    SLACK_BOT_TOKEN: slack.botToken,
    SLACK_APP_TOKEN: slack.appToken,
    KEYWARDEN_SLACK_BURST: '100',
    KEYWARDEN_HTTP_PORT: '0',
    KEYWARDEN_OPERATIONS_TOKEN: operationsToken,
    KEYWARDEN_LOG_LEVEL: 'debug',
    KEYWARDEN_TRACES: `${elsewhere}/v1/traces`,
    KEYWARDEN_TRACES_SHARE: '1',
    KEYWARDEN_USAGE_SINK: `${elsewhere}/usage`,
    KEYWARDEN_AUDIT_CHECKPOINTS: join(own, 'checkpoints.jsonl'),
    KEYWARDEN_SECRET_KEYS: `test:${Buffer.alloc(32, 7).toString('base64')}`,
    KEYWARDEN_CANARY_WORKSPACE: 'Canary',
    TMPDIR: own,
    HOME: own,
  }
  const said = { out: '', err: '' }
  const child = startProduct(copy.main, env, own, said)
  const config = readConfig(env)
  const db = openDatabase(database.url, { connections: 4, name: 'test' })
  const log = openLog({ level: 'silent', tokenPrefix: config.tokenPrefix })
  const world: World = { config, db, log, clock: systemClock, random: systemRandom }

  async function close() {
    if (child.exitCode === null) {
      child.kill('SIGTERM')
      await once(child, 'exit')
    }
    await Promise.all([db.destroy(), slack.close()])
    collector.closeAllConnections()
    collector.close()
    await Promise.all([database.drop(), redis.drop(), copy.remove()])
    rmSync(folder, { recursive: true, force: true })
  }

  /** Asks the process for what only it can do. */
  async function have(message: { does: string; text?: string; file?: string }) {
    const done = once(child, 'message')
    child.send(message)
    await done
  }

  try {
    const url = await listening(child, said)
    const serviceToken = await prepare(world, slack.teamId)
    let files = 0
    return {
      ...{ slack, url, world, serviceToken, close },
      as: (who) => person(slack.url, people[who]),
      async command(args, typed, isReveal = false) {
        const ran = await keywarden(args, env, typed)
        said.err += ran.err
        if (!isReveal) said.out += ran.out
        return ran
      },
      file(content) {
        const path = join(folder, `given-${++files}`)
        writeFileSync(path, content)
        return path
      },
      async plant(planted) {
        await have({ does: 'plant', text: planted })
        await post(slack, planted)
        const client = new Redis(redis.url)
        await client.hset('bull:planted:1', { data: JSON.stringify({ planted }) })
        client.disconnect()
        // The name of a job is a label of the metrics.
        const due = { next_due_at: world.clock.now(), late_seconds: 60 }
        await db('job_runs').insert({ job: planted, ...due })
      },
      async collect() {
        const file = join(folder, 'heap')
        await have({ does: 'snapshot', file })
        const [postgres, queue, asked, metrics] = await Promise.all([
          dumpPostgres(database.url),
          dumpRedis(redis.url),
          calls(slack.url),
          fetchOperations(`${url}/metrics`).then((response) => response.text()),
        ])
        return {
          'standard output': said.out,
          'standard error': said.err,
          Postgres: postgres,
          Redis: queue,
          'calls of Slack': JSON.stringify(asked.map(({ method, args }) => ({ method, args }))),
          metrics,
          'traces and usage': sent.join('\n'),
          files: filesIn(own).join('\n'),
          memory: stringsOf(file),
        }
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}

function startProduct(
  main: string,
  env: Record<string, string>,
  cwd: string,
  said: { out: string; err: string },
): ChildProcess {
  const preload = new URL('./preload.mjs', import.meta.url).pathname
  const child = spawn(process.execPath, ['--import', preload, main, 'start'], {
    cwd,
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  child.stdout!.on('data', (chunk) => {
    said.out += chunk
  })
  child.stderr!.on('data', (chunk) => {
    said.err += chunk
  })
  return child
}

const listening = (child: ChildProcess, said: { out: string; err: string }): Promise<string> =>
  new Promise((resolve, reject) => {
    const check = () => {
      const url = /"url":"(http:[^"]+)","msg":"keywarden is up"/.exec(said.out)?.[1]
      if (url) resolve(url)
    }
    child.stdout!.on('data', check)
    child.once('exit', (code) => reject(new Error(`it ended with ${code}:\n${said.out}${said.err}`)))
  })

async function post(slack: LocalSlack, words: string): Promise<void> {
  const { WebClient } = await import('@slack/web-api')
  const web = new WebClient(slack.botToken, { slackApiUrl: slack.apiUrl })
  await web.chat.postMessage({ channel: 'C0GENERAL1', text: words })
}

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path, 'latin1'))

/** Every string that is alive in the process; shorter ones than any form of a secret are left out. */
function stringsOf(snapshot: string): string {
  const { strings } = JSON.parse(readFileSync(snapshot, 'utf8')) as { strings: string[] }
  rmSync(snapshot)
  return strings.filter(({ length }) => length >= 20).join('\n')
}
