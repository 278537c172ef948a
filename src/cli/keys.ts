import { type Command, Option } from 'commander'
import { listEvents } from '../audit/list.ts'
import { isRefusal } from '../foundation/refusal.ts'
import type { World } from '../foundation/world.ts'
import { listKeys } from '../keys/list.ts'
import type { Cursor, StatusFilter } from '../keys/page.ts'
import type { Workspace } from '../workspaces/workspace.ts'
import { type Change, type ChangeChoices, changeKey } from './change-key.ts'
import { keyByWords } from './find-key.ts'
import { type ImportChoices, importKeys } from './import-keys.ts'
import { eventLine, factLines, keyObject, tableHead, tableRow } from './key-views.ts'
import { complain, operator, withWorld } from './operator.ts'
import { writeOut } from './out.ts'
import { printable, printError, printOut } from './print.ts'
import { type LeakChoices, reportLeak } from './report-leak.ts'
import { whichWorkspace } from './which-workspace.ts'

type Env = Record<string, string | undefined>
type ListChoices = { workspace?: string; status?: StatusFilter; json?: boolean }
type ShowChoices = { workspace?: string; json?: boolean }

const ofWorkspace = ['--workspace <name>', 'its name or id; needed when there are several'] as const
const because = ['--reason <words>', 'why; goes into the audit'] as const

/** `keywarden keys list|show|revoke|deactivate|activate|leaked|import`: for the day Slack is down. */
export function addKeyVerbs(program: Command, env: Env, failed: (code: number) => void): void {
  const verbs = program
    .command('keys')
    .description('list and change keys without Slack: same rules, same audit. KEY is a name, hint or id')
  addLooking(verbs, env, failed)
  addChanging(verbs, env, failed)
  verbs
    .command('import <file>')
    .summary('adopt keys that exist elsewhere')
    .description('adopt keys that exist elsewhere, by the SHA-256 of their tokens: all of the file or none')
    .addHelpText('after', importHelp)
    .option(...ofWorkspace)
    .option('--dry-run', 'only say what would become of each line')
    .action(async (file: string, choices: ImportChoices) => failed(await importKeys(env, file, choices)))
}

function addLooking(verbs: Command, env: Env, failed: (code: number) => void): void {
  verbs
    .command('list [words...]')
    .description('the keys that are not revoked, by name; or those whose name has these words')
    .option(...ofWorkspace)
    .addOption(
      new Option('--status <status>', 'only these').choices(['active', 'inactive', 'expiring', 'overdue']),
    )
    .option('--json', 'one object a line')
    .action(async (words: string[], choices: ListChoices) =>
      failed(await list(env, words.join(' '), choices)),
    )
  verbs
    .command('show <key>')
    .description('what is known of a key, and what was last done to it')
    .option(...ofWorkspace)
    .option('--json', 'as one object')
    .action(async (key: string, choices: ShowChoices) => failed(await show(env, key, choices)))
}

function addChanging(verbs: Command, env: Env, failed: (code: number) => void): void {
  const add = (change: Change, what: string) =>
    verbs
      .command(`${change} <key>`)
      .description(what)
      .option(...ofWorkspace)
      .option(...because)
      .action(async (key: string, choices: ChangeChoices) =>
        failed(await changeKey(env, change, key, choices)),
      )
  add('revoke', 'revoke a key; asks for its name first').option('--yes', 'do not ask')
  add('deactivate', 'pause a key; activate resumes it')
  add('activate', 'resume a paused key')
  verbs
    .command('leaked')
    .summary('report leaked keys')
    .description(
      'report the tokens and hints on standard input as leaked; policy decides what happens to a token’s key',
    )
    .option(...ofWorkspace)
    .option('--where <words>', 'where they were found')
    .action(async (choices: LeakChoices) => failed(await reportLeak(env, choices)))
}

const importHelp = `
The file is CSV with a header, or JSON Lines with the same fields:

  sha256,hint,name,scopes,owner,expires
  9f86d081...,sk_live_51Nz,Salesforce CRM,read write,ada@example.com,2027-01-31

Optional besides: created, description, integration, networks, limit.
A hash is made with: printf %s "$TOKEN" | sha256sum`

const list = (env: Env, words: string, { workspace: wanted, status, json }: ListChoices): Promise<number> =>
  withWorld(env, async (world) => {
    const workspace = await whichWorkspace(world, wanted)
    if (isRefusal(workspace)) return complain(workspace)
    const filter = { ...(status ? { status: status } : {}), ...(words ? { words } : {}) }
    return writeOut(listLines(world, workspace, filter, json ?? false))
  })

const rowCount = 500
/** A shell can take every match. */
const everything = 1_000_000

async function* listLines(
  world: World,
  workspace: Workspace,
  filter: { status?: StatusFilter; words?: string },
  json: boolean,
): AsyncGenerator<string> {
  const { db, clock } = world
  const viewer = { actor: operator(), workspaceId: workspace.id }
  const now = clock.now()
  for (let cursor: Cursor = { from: 0 }, more = true; more; ) {
    const page = await listKeys(db, viewer, filter, cursor, workspace.policy, now, {
      rowCount,
      searched: everything,
    })
    if (cursor.from === 0 && page.keys.length === 0) printError('No keys match.')
    else if (cursor.from === 0 && !json) yield `${tableHead}\n`
    const line = json
      ? (key: (typeof page.keys)[number]) => JSON.stringify(keyObject(key, workspace, now))
      : (key: (typeof page.keys)[number]) => printable(tableRow(key, now))
    yield page.keys.map((key) => `${line(key)}\n`).join('')
    more = page.more && page.last !== undefined
    cursor = { from: cursor.from + page.keys.length, ...(page.last ? { after: page.last } : {}) }
  }
}

const show = (env: Env, words: string, { workspace: wanted, json }: ShowChoices): Promise<number> =>
  withWorld(env, async (world) => {
    const workspace = await whichWorkspace(world, wanted)
    if (isRefusal(workspace)) return complain(workspace)
    const key = await keyByWords(world, workspace, words)
    if (isRefusal(key)) return complain(key)
    const events = await listEvents(world.db, { workspaceId: workspace.id, keyId: key.id, limit: 10 })
    const now = world.clock.now()
    if (json) console.log(JSON.stringify({ ...keyObject(key, workspace, now), events }))
    else for (const line of [...factLines(key, now), '', ...events.map(eventLine)]) printOut(line)
    return 0
  })
