import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LocalSlack } from 'local-slack'
import { people } from '../../sandbox/acting.ts'
import { revealShown } from '../../sandbox/reveal-shown.ts'
import { perform } from '../../src/acts/perform.ts'
import { runShell } from '../../src/cli/program.ts'
import { makeConnection } from '../../src/directory/connections.ts'
import { insertUser } from '../../src/directory/users.ts'
import { issue, readDraft } from '../../src/keys/issue.ts'
import { tryLive } from '../../src/slack/live/try-live.ts'
import { workspacesOfTeam } from '../../src/workspaces/workspace.ts'
import { processHouse } from '../setup/process-house.ts'
import { must } from '../setup/records.ts'

/** Keywarden as a process, with one of everything that a case may name. */
export type Scene = {
  slack: LocalSlack
  url: string
  serviceToken: string
  workspaceId: string
  keyId: string
  token: string
  scimToken: string
  userId: string
  connection: { id: string; secret: string }
  /** runs the operator's command within this process, and returns its exit code; a stack on its output throws */
  shell(args: readonly string[]): Promise<number>
  shellWithFile(verbs: readonly string[], file: Buffer): Promise<number>
  heapBytes(): Promise<number>
  /** what the process logged about faults of ours since the last time */
  faults(): string[]
  isUp(): boolean
  close(): Promise<void>
}

/**
 * Slack refuses what names nobody and nothing there, and such a case names much that is nowhere. The pool's time runs out
 * where so many cases come at once on a busy machine: an outage, which the answers show where there is one.
 */
const isNoFault = /WebAPIPlatformError|slack\.library_error|respond to the response_url|timeout expired/
const operationsToken = 'operations-token-of-the-fuzz-scene-0123456789'
const isError = /"level":"(error|fatal)"/

/** What the watcher of the prototype prints. */
const polluted = 'a prototype was polluted'
const watcher = new URL('watch-prototype.mjs', import.meta.url).pathname

export async function openScene(urls: { databaseUrl: string; redisUrl: string }): Promise<Scene> {
  const folder = await mkdtemp(join(tmpdir(), 'keywarden-fuzz-'))
  const house = await processHouse(urls, {
    SLACK_MODE: 'http',
    KEYWARDEN_OPERATIONS_TOKEN: operationsToken,
    NODE_OPTIONS: `--import=${watcher}`,
  })
  const { world, slack, process: running } = house
  const workspace = (await workspacesOfTeam(world.db, slack.teamId))[0]!
  const owner = { kind: 'member', id: people.owner, role: 'owner', workspaceId: workspace.id } as const
  const { random } = world
  const draft = readDraft(
    {
      name: 'Fuzzed',
      description: '',
      integration: '',
      scopes: ['read'],
      expiresInDays: '90',
      ownerId: owner.id,
    },
    workspace.policy,
  )
  if (Array.isArray(draft)) throw new Error('the draft is refused')
  const made = must(await perform(world, owner, (act) => issue(act, workspace.id, draft, random)))
  const deps = { random, tokenPrefix: world.config.tokenPrefix, timeZone: 'UTC' }
  const { token } = must(await perform(world, owner, (act) => revealShown(act, workspace.id, made.id, deps)))
  const scim = must(await perform(world, owner, (act) => makeConnection(act, workspace, 'scim', world)))
  const hook = must(await perform(world, owner, (act) => makeConnection(act, workspace, 'webhook', world)))
  const directory = { workspace, connectionId: scim.connection.id, random }
  const user = must(
    await perform(world, owner, (act) => insertUser(act, directory, { userName: 'first@fuzz.example' })),
  )
  let read = running.said().length
  let last: Promise<unknown> = Promise.resolve()
  let isUp = true
  running.ended.then(() => {
    isUp = false
  })

  const shell = (args: readonly string[]): Promise<number> => {
    const next = last.catch(() => undefined).then(() => runQuietly(args, house.env))
    last = next
    return next
  }
  return {
    slack,
    url: house.url,
    serviceToken: house.serviceToken,
    workspaceId: workspace.id,
    keyId: made.id,
    token: token.open(),
    scimToken: scim.secret,
    userId: user.id,
    connection: { id: hook.connection.id, secret: hook.secret },
    shell,
    async shellWithFile(verbs, file) {
      const path = join(folder, Math.random().toString(36).slice(2))
      await writeFile(path, file)
      const dry = verbs[0] === 'keys' ? ['--dry-run'] : []
      return shell([...verbs, path, ...dry]).finally(() => rm(path))
    },
    async heapBytes() {
      const headers = { authorization: `Bearer ${operationsToken}` }
      const metrics = await (await fetch(`${house.url}/metrics`, { headers })).text()
      const bytes = Number(/^keywarden_nodejs_heap_size_used_bytes (\S+)/m.exec(metrics)?.[1])
      if (!(bytes > 0))
        throw new Error(`/metrics does not say how large the heap is: ${metrics.slice(0, 200)}`)
      return bytes
    },
    faults() {
      const said = running.said()
      const lines = said.slice(read).split('\n')
      read = said.length
      return lines
        .filter((line) => (isError.test(line) && !isNoFault.test(line)) || line === polluted)
        .map((line) => line.slice(0, 1_500))
    },
    isUp: () => isUp,
    async close() {
      await house.stop()
      await rm(folder, { recursive: true })
    },
  }
}

/** A stack trace: an error that no sentence explains. */
const stack = /^\s+at .+:\d+:\d+\)?$/m

async function runQuietly(args: readonly string[], env: Record<string, string>): Promise<number> {
  const { write: out } = process.stdout
  const { write: err } = process.stderr
  const { log, error } = console
  let said = ''
  const keep = (piece: unknown, ...more: unknown[]) => {
    said += String(piece)
    for (const done of more) if (typeof done === 'function') done()
    return true
  }
  process.stdout.write = keep
  process.stderr.write = keep
  console.log = (...words) => void keep(`${words.join(' ')}\n`)
  console.error = console.log
  try {
    const code = await runShell(args, { env, start: () => Promise.reject(new Error('not here')), tryLive })
    if (stack.test(said)) throw new Error(said)
    return code
  } finally {
    process.stdout.write = out
    process.stderr.write = err
    Object.assign(console, { log, error })
  }
}
