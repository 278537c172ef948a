import type { Command } from 'commander'
import { isRefusal } from '../foundation/refusal.ts'
import type { World } from '../foundation/world.ts'
import { listFailed, sendAgain } from '../notifications/failed.ts'
import { asOperator, complain, withWorld } from './operator.ts'
import { minute, printOut } from './print.ts'
import { whichWorkspace } from './which-workspace.ts'

type Env = Record<string, string | undefined>

/** More than these are counted, not listed. */
const maxListed = 100

/** `keywarden messages failed` and `keywarden messages send-again` */
export function addMessageVerbs(program: Command, env: Env, failed: (code: number) => void): void {
  const verbs = program.command('messages').description('messages that Slack refused for good')
  verbs
    .command('failed')
    .description('print the messages that nobody read, newest first, with what Slack said')
    .option('--workspace <name>', 'of this workspace, when there are several')
    .action(async ({ workspace }: { workspace?: string }) =>
      failed(await withWorld(env, (world) => printFailed(world, workspace))),
    )
  verbs
    .command('send-again [id...]')
    .description('send failed messages again, those with these ids or all: each says what is true then')
    .option('--workspace <name>', 'of this workspace, when there are several')
    .action(async (ids: string[], { workspace }: { workspace?: string }) =>
      failed(await withWorld(env, (world) => sendAll(world, workspace, ids))),
    )
}

async function printFailed(world: World, wanted: string | undefined): Promise<number> {
  const workspace = await whichWorkspace(world, wanted)
  if (isRefusal(workspace)) return complain(workspace)
  const messages = await listFailed(world.db, { workspaceId: workspace.id, limit: maxListed + 1 })
  for (const { id, putAt, source, destination, error } of messages.slice(0, maxListed))
    printOut(`${minute(putAt)}  ${id}  ${source}  ${destination}  ${error}`)
  if (messages.length > maxListed) printOut(`More than ${maxListed} failed.`)
  if (messages.length === 0) printOut(`No message of ${workspace.name} failed.`)
  return 0
}

async function sendAll(world: World, wanted: string | undefined, ids: readonly string[]): Promise<number> {
  const workspace = await whichWorkspace(world, wanted)
  if (isRefusal(workspace)) return complain(workspace)
  const sent = await asOperator(world, (act) =>
    sendAgain(act, workspace.id, ids.length > 0 ? ids : undefined),
  )
  if (isRefusal(sent)) return complain(sent)
  printOut(
    `${sent} ${sent === 1 ? 'message waits' : 'messages wait'} to be sent again. The worker sends ${sent === 1 ? 'it' : 'them'} within seconds; doctor says what becomes of ${sent === 1 ? 'it' : 'them'}.`,
  )
  return 0
}
