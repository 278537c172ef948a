import { type Command, Option } from 'commander'
import { isRefusal } from '../foundation/refusal.ts'
import { dayMs } from '../foundation/time.ts'
import { statisticsDatabase, type World } from '../foundation/world.ts'
import { exportUsage, type UsageExport } from '../usage/reports/export.ts'
import type { Step } from '../usage/step.ts'
import { keyByWords } from './find-key.ts'
import { complain, fromStandby, withWorld } from './operator.ts'
import { writeOut } from './out.ts'
import { momentFrom, momentUntil } from './times.ts'
import { whichWorkspace, whichWorkspaces } from './which-workspace.ts'

type Env = Record<string, string | undefined>
type Choices = { workspace?: string; key?: string; from?: Date; to?: Date; by: 'hour' | 'day' }

const usualDays: Record<Choices['by'], number> = { hour: 7, day: 90 }

/** `keywarden usage export` */
export function addUsageVerbs(program: Command, env: Env, failed: (code: number) => void): void {
  program
    .command('usage')
    .description('how keys are used')
    .command('export')
    .description('print use as CSV: a line per key, day and endpoint')
    .option('--workspace <name>', 'of this workspace; else of all')
    .option('--key <key>', 'of this key: its name, hint or id')
    .option(
      '--from <when>',
      'from this day or moment on, as 2026-03-01; else 90 days back, or 7 by the hour',
      momentFrom,
    )
    .option(
      '--to <when>',
      'until this day, included, or until before this moment; else until now',
      momentUntil,
    )
    .addOption(
      new Option('--by <step>', 'days and hours are those of UTC').choices(['day', 'hour']).default('day'),
    )
    .action(async (choices: Choices) => failed(await exportUse(env, choices)))
}

const exportUse = (env: Env, choices: Choices): Promise<number> =>
  withWorld(env, async (world) => {
    const whose = await whoseUse(world, choices)
    return isRefusal(whose)
      ? complain(whose)
      : writeOut(fromStandby(world, exportUsage(statisticsDatabase(world), whose)))
  })

async function whoseUse(world: World, { workspace, key, from, to = world.clock.now(), by }: Choices) {
  const step: Step = by
  const time = { from: from ?? new Date(to.getTime() - usualDays[by] * dayMs), to, step }
  if (key === undefined) {
    const workspaces = await whichWorkspaces(world, workspace)
    if (isRefusal(workspaces)) return workspaces
    return { workspaceIds: workspaces.map(({ id }) => id), ...time } satisfies UsageExport
  }
  const one = await whichWorkspace(world, workspace)
  if (isRefusal(one)) return one
  const found = await keyByWords(world, one, key)
  if (isRefusal(found)) return found
  return { workspaceIds: [one.id], keyId: found.id, ...time } satisfies UsageExport
}
