import { isRefusal, type Refusal, sentence } from '../foundation/refusal.ts'
import { openWebClient } from '../foundation/slack.ts'
import { plain } from '../foundation/words.ts'
import type { World } from '../foundation/world.ts'
import { adopt, type Taken, takenBy } from '../keys/adopt.ts'
import type { Adoption } from '../keys/adoption.ts'
import { compareWithTaken, type Planned, readLines } from '../keys/adoption-plan.ts'
import { allowForeignTokens, type Workspace } from '../workspaces/workspace.ts'
import { asOperator, complain, withWorld } from './operator.ts'
import { findOwners } from './owners.ts'
import { day, printError, printOut } from './print.ts'
import { readImport } from './read-import.ts'
import { whichWorkspace } from './which-workspace.ts'

export type ImportChoices = { workspace?: string; dryRun?: boolean }

/**
 * Adopts the keys of a file, all or none, and prints the result for each line. Returns 0 when all of them were
 * adopted, or would be; 1 when a line is wrong.
 */
export const importKeys = (
  env: Record<string, string | undefined>,
  path: string,
  { workspace: wanted, dryRun = false }: ImportChoices,
): Promise<number> =>
  withWorld(env, async (world) => {
    const workspace = await whichWorkspace(world, wanted)
    if (isRefusal(workspace)) return complain(workspace)
    const plan = readLines(await readImport(path), workspace.policy, world.clock.now())
    const readable = plan.flatMap(({ adoption }) => adoption ?? [])
    compareWithTaken(plan, await takenBy(world.db, workspace.id, readable), workspace.id)
    await putOwners(world, workspace, plan)
    for (const line of plan) printLine(line)
    const wrong = plan.filter((line) => line.wrong.length > 0).length
    if (wrong > 0) {
      printError(
        `Nothing was imported: ${wrong} of ${lines(plan.length)} ${wrong === 1 ? 'is' : 'are'} wrong.`,
      )
      return 1
    }
    const fresh = plan.flatMap(({ adoption, here }) => (adoption && !here ? [adoption] : []))
    const here = plan.length - fresh.length
    if (!dryRun && fresh.length > 0) {
      const done = await asOperator(world, async (act) => {
        await allowForeignTokens(act, workspace.accountId)
        return adopt(act, workspace.id, fresh, world.random)
      })
      if (isRefusal(done)) return complain(done)
    }
    printOut(summary(fresh.length, here, dryRun))
    return 0
  })

/** Replaces each owner by a Slack user id, or reports what is wrong with the line. */
async function putOwners(world: World, workspace: Workspace, plan: readonly Planned[]): Promise<void> {
  const fresh = plan.filter(({ adoption, here }) => adoption && !here)
  const wanted = fresh.map(({ adoption }) => adoption!.owner)
  const members = await world
    .db('members')
    .where({ workspace_id: workspace.id })
    .whereRaw('user_id = any(?)', [wanted])
    .select('user_id')
  const known = new Set<string>(members.map((row) => row.user_id))
  const { slack_team_id } = await world
    .db('accounts')
    .where({ id: workspace.accountId })
    .first('slack_team_id')
  const web = world.config.slack.botToken ? openWebClient(world) : undefined
  const owners = await findOwners(web, slack_team_id, wanted, known)
  for (const line of fresh) {
    const owner = owners.get(line.adoption!.owner)!
    if (isRefusal(owner)) line.wrong.push(owner)
    else line.adoption = { ...line.adoption!, owner }
  }
}

function printLine({ line, adoption, wrong, warnings, here }: Planned): void {
  const print = (state: string, words: string) =>
    printOut(`line ${String(line).padEnd(5)} ${state.padEnd(8)} ${words}`)
  for (const refusal of wrong) print('WRONG', about(refusal))
  if (wrong.length > 0 || !adoption) return
  for (const refusal of here ? [] : warnings) print('warning', about(refusal))
  print(here ? 'here' : 'ok', here ? stays(here) : facts(adoption))
}

const stays = ({ name, id, status }: Taken): string =>
  `${name} is here already (${id}${status === 'active' ? '' : `, ${status}`}); nothing about it is changed`

const about = (refusal: Refusal): string =>
  `${refusal.field ? `${refusal.field}: ` : ''}${plain(sentence(refusal))}`

const facts = ({ name, hint, scopes, owner, expiresAt }: Adoption): string =>
  `${name}  ${hint}  ${scopes.join(', ')}  ${owner}  ${expiresAt ? `expires ${day(expiresAt)}` : 'never expires'}`

function summary(fresh: number, here: number, dryRun: boolean): string {
  const before = here === 0 ? '' : ` ${keys(here)} ${here === 1 ? 'was' : 'were'} here already.`
  if (dryRun) return `Dry run: ${keys(fresh)} would be imported.${before} Nothing was changed.`
  return `Imported ${keys(fresh)}.${before}`
}

const keys = (count: number) => `${count.toLocaleString('en-US')} ${count === 1 ? 'key' : 'keys'}`
const lines = (count: number) => `${count.toLocaleString('en-US')} ${count === 1 ? 'line' : 'lines'}`
