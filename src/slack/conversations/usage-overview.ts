import type { ImageBlock } from '@slack/types'
import { orDatabaseOut } from '../../foundation/database.ts'
import { isRefusal, type Refusal, refuse } from '../../foundation/refusal.ts'
import { statisticsDatabase } from '../../foundation/world.ts'
import { type Range, windowOf } from '../../usage/range.ts'
import { workspaceSummaryOf, workspaceTrafficOf } from '../../usage/reports/workspace.ts'
import { exerciseOf } from '../../verification/exercised.ts'
import { loadScopeTable } from '../../verification/scope-table.ts'
import type { Handled, Interaction, OnClick } from '../interaction.ts'
import { type Overview, overviewReply, usageOverview } from '../messages/usage/overview.ts'
import { usagePicture } from '../usage-chart.ts'
import { deliverPanel, replyWithLink } from './deliver-usage.ts'
import { readRange } from './read-range.ts'

/** A shorter range says little: a key need not have used all its scopes in it. */
const evidenceFor = (range: Range): Range => (range === '90d' ? '90d' : '30d')

const aboutAll = ({ workspace, picture, range }: Overview) => ({
  ...{ subjectId: workspace.id, picture, range },
  instead: '/keys usage 30d',
})

/** `/keys usage` without a key: all keys of the workspace together. */
export async function overview(interaction: Interaction, range: Range): Promise<Handled> {
  const read = await readOverview(interaction, range)
  if (isRefusal(read)) return read
  const at = await deliverPanel(interaction, aboutAll(read), (image) => usageOverview(read, image))
  if (!at) return interaction.say(usageOverview(read))
  await replyWithLink(interaction, at, (link) => overviewReply(read, link))
}

/** Replaces the overview with another range. */
export const turnOverview: OnClick = async (interaction) => {
  const { range } = readRange(interaction.value)
  if (!range)
    return refuse('invalid', 'This overview is from another version.', { next: 'Ask for it again.' })
  const read = await readOverview(interaction, range)
  if (isRefusal(read)) return read
  const show = (image?: ImageBlock) => usageOverview(read, image)
  if (!(await deliverPanel(interaction, aboutAll(read), show, interaction.message)))
    await interaction.say(usageOverview(read), { replace: true })
}

async function readOverview(interaction: Interaction, range: Range): Promise<Overview | Refusal> {
  const { clock, config } = interaction.bot.world
  const statistics = statisticsDatabase(interaction.bot.world)
  const { workspace, actor } = interaction.caller
  const now = clock.now()
  const window = windowOf(range, now)
  const evidence = evidenceFor(range)
  const routes = loadScopeTable(config.verify.routesFile, config.verify.analyticsExports)
  const read = await orDatabaseOut(() =>
    Promise.all([
      workspaceSummaryOf(statistics, workspace.id, range, now),
      workspaceTrafficOf(statistics, workspace.id, window.from, window.to, window.step),
      exerciseOf(statistics, workspace.id, windowOf(evidence, now), routes),
    ]),
  )
  if (isRefusal(read)) return read
  const [summary, traffic, exercise] = read
  const picture = usagePicture(traffic, range, window, workspace.policy.timeZone)
  return { workspace, actor, range, now, summary, exercise, evidence, picture }
}
