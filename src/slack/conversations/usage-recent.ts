import { orDatabaseOut } from '../../foundation/database.ts'
import { isRefusal } from '../../foundation/refusal.ts'
import { statisticsDatabase } from '../../foundation/world.ts'
import { type RecentRequest, recentOf } from '../../usage/recent.ts'
import type { OnClick } from '../interaction.ts'
import { recentMessage } from '../messages/usage/recent.ts'
import { keyById } from './pick.ts'

/** [All recent requests] on a panel, and [Newer] and [Older] on its pages. */
export const turnRecent: OnClick = async (interaction) => {
  const [id = '', page, until] = interaction.value.split(' ')
  const key = await keyById(interaction, id)
  if (isRefusal(key)) return key
  const now = interaction.bot.world.clock.now()
  const read = await orDatabaseOut(() => recentOf(statisticsDatabase(interaction.bot.world), key.id, now))
  if (isRefusal(read)) return read
  const recent = onceEach(read)
  const turn = { page: Number(page) || 0, untilMs: Number(until) || (recent[0]?.at.getTime() ?? 0) }
  const paged = recent.filter(({ at }) => at.getTime() <= turn.untilMs)
  await interaction.say(recentMessage(key, paged, turn), { replace: page !== undefined })
}

/** A platform that reports outcomes reports each request that was let through again, with more detail. */
export const onceEach = (recent: readonly RecentRequest[]): RecentRequest[] =>
  recent.some(({ code }) => /^\d/.test(code)) ? recent.filter(({ code }) => code !== 'VALID') : [...recent]
