import { orDatabaseOut } from '../../foundation/database.ts'
import { isRefusal, type Refusal, refuse } from '../../foundation/refusal.ts'
import { type Range, windowOf } from '../../usage/range.ts'
import { workspaceSummaryOf, workspaceTrafficOf } from '../../usage/reports/workspace.ts'
import { exerciseOf } from '../../verification/exercised.ts'
import { loadScopeTable } from '../../verification/scope-table.ts'
import type { Handled, Interaction, OnClick } from '../interaction.ts'
import { type Overview, overviewReply, usageOverview } from '../messages/usage/overview.ts'
import { usagePicture } from '../usage-chart.ts'
import { deliverPanel } from './deliver-usage.ts'
import { readRange } from './read-range.ts'

/** A shorter range says little: a key need not have used all its scopes in it. */
const evidenceFor = (range: Range): Range => (range === '90d' ? '90d' : '30d')

/** The command to type where the overview's buttons cannot be shown. */
const instead = '/keys usage 30d'

/** `/keys usage` without a key: all keys of the workspace together. */
export async function overview(interaction: Interaction, range: Range): Promise<Handled> {
  const read = await readOverview(interaction, range)
  if (isRefusal(read)) return read
  await interaction.say(overviewReply(read))
  if (!(await deliverPanel(interaction, read, (image) => usageOverview(read, image), { instead })))
    await interaction.say(usageOverview(read))
}

/** Replaces the overview with another range. */
export const turnOverview: OnClick = async (interaction) => {
  const { range } = readRange(interaction.value)
  if (!range)
    return refuse('invalid', 'This overview is from another version.', { next: 'Ask for it again.' })
  const read = await readOverview(interaction, range)
  if (isRefusal(read)) return read
  const how = { earlier: interaction.message, instead }
  if (!(await deliverPanel(interaction, read, (image) => usageOverview(read, image), how)))
    await interaction.say(usageOverview(read), { replace: true })
}

async function readOverview(interaction: Interaction, range: Range): Promise<Overview | Refusal> {
  const { db, clock, config } = interaction.bot.world
  const { workspace, actor } = interaction.caller
  const now = clock.now()
  const window = windowOf(range, now)
  const evidence = evidenceFor(range)
  const routes = loadScopeTable(config.verify.routesFile)
  const read = await orDatabaseOut(() =>
    Promise.all([
      workspaceSummaryOf(db, workspace.id, range, now),
      workspaceTrafficOf(db, workspace.id, window.from, window.to, window.step),
      exerciseOf(db, workspace.id, windowOf(evidence, now), routes),
    ]),
  )
  if (isRefusal(read)) return read
  const [summary, traffic, exercise] = read
  const picture = usagePicture(traffic, range, window, workspace.policy.timeZone)
  return { workspace, actor, range, now, summary, exercise, evidence, picture }
}
