import type { ImageBlock } from '@slack/types'
import { listEvents } from '../../audit/list.ts'
import { incidentsOf } from '../../findings/incidents.ts'
import { orDatabaseOut } from '../../foundation/database.ts'
import { isRefusal, type Refusal, refuse } from '../../foundation/refusal.ts'
import { statisticsDatabase } from '../../foundation/world.ts'
import type { KeyWithUsage } from '../../keys/key.ts'
import { may } from '../../policy/may.ts'
import { type Range, windowOf } from '../../usage/range.ts'
import { recentOf } from '../../usage/recent.ts'
import { sourcesOf } from '../../usage/sources.ts'
import { summaryOf } from '../../usage/summary.ts'
import { trafficOf } from '../../usage/traffic.ts'
import type { ClickInteraction, Interaction, OnClick, OnCommand } from '../interaction.ts'
import { type Panel, usagePanel, usageReply } from '../messages/usage/panel.ts'
import { usagePicture } from '../usage-chart.ts'
import { deliverPanel, replyWithLink } from './deliver-usage.ts'
import { keyById, keyFor } from './pick.ts'
import { readRange } from './read-range.ts'
import { overview } from './usage-overview.ts'
import { onceEach } from './usage-recent.ts'

const maxEvents = 50
const defaultRange: Range = '7d'

/** `/keys usage [KEY] [24h|7d|30d|90d]` */
export const usage: OnCommand = async (interaction) => {
  const { words, range } = readRange(interaction.words)
  const { actor, workspace } = interaction.caller
  const isAboutAll =
    words === '' && !interaction.keyId && may(actor, 'usage.overview', { workspaceId: workspace.id })
  if (isAboutAll) return overview(interaction, range ?? defaultRange)
  const key = await keyFor({ ...interaction, words }, 'usage')
  if (!key || isRefusal(key)) return key
  const panel = await readPanel(interaction, key, range ?? defaultRange)
  if (isRefusal(panel)) return panel
  const at = await deliverPanel(interaction, aboutKey(panel), (image) => usagePanel(panel, image))
  if (!at) return interaction.say(usagePanel(panel))
  await replyWithLink(interaction, at, (link) => usageReply(panel, link))
}

/** Replaces the panel with another range. */
export const turnUsage: OnClick = async (interaction) => {
  const found = await askedFor(interaction)
  if (isRefusal(found)) return found
  const panel = await readPanel(interaction, found.key, found.range)
  if (isRefusal(panel)) return panel
  const show = (image?: ImageBlock) => usagePanel(panel, image)
  if (!(await deliverPanel(interaction, aboutKey(panel), show, interaction.message)))
    await interaction.say(usagePanel(panel), { replace: true })
}

const aboutKey = ({ key, picture, range }: Panel) => ({
  ...{ subjectId: key.id, picture, range },
  instead: `/keys usage ${key.hint ?? key.name} 30d`,
})

/** Reads the key and range that a panel's button carries. */
export async function askedFor(
  interaction: ClickInteraction,
): Promise<{ key: KeyWithUsage; range: Range } | Refusal> {
  const [id = '', asked = ''] = interaction.value.split(' ')
  const { range } = readRange(asked)
  if (!range) return refuse('invalid', 'This panel is from another version.', { next: 'Ask for it again.' })
  const key = await keyById(interaction, id)
  return isRefusal(key) ? key : { key, range }
}

async function readPanel(
  interaction: Interaction,
  key: KeyWithUsage,
  range: Range,
): Promise<Panel | Refusal> {
  const { db, clock } = interaction.bot.world
  const statistics = statisticsDatabase(interaction.bot.world)
  const { id: workspaceId, policy } = interaction.caller.workspace
  const now = clock.now()
  const window = windowOf(range, now)
  const read = await orDatabaseOut(() =>
    Promise.all([
      summaryOf(statistics, key.id, range, now),
      trafficOf(statistics, [key.id], window.from, window.to, window.step),
      sourcesOf(statistics, [key.id], window.from, window.to),
      recentOf(statistics, key.id, now),
      listEvents(db, { workspaceId, keyId: key.id, limit: maxEvents }),
      incidentsOf(db, key.id, window.from, window.to),
    ]),
  )
  if (isRefusal(read)) return read
  const [summary, traffic, sources, recent, events, incidents] = read
  const [endsAt = null] = [key.endsAt, key.expiresAt]
    .filter((at) => at !== null)
    .sort((a, b) => a.getTime() - b.getTime())
  const picture = usagePicture(traffic, range, window, policy.timeZone, { events, incidents, endsAt })
  return { key, range, now, summary, sources: sources.get(key.id) ?? [], recent: onceEach(recent), picture }
}
