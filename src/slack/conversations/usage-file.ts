import { orDatabaseOut } from '../../foundation/database.ts'
import { isRefusal } from '../../foundation/refusal.ts'
import { statisticsDatabase } from '../../foundation/world.ts'
import { windowOf } from '../../usage/range.ts'
import { exportUsage } from '../../usage/reports/export.ts'
import type { Step } from '../../usage/step.ts'
import type { Message } from '../blocks.ts'
import { sendOrInWords } from '../in-words.ts'
import type { OnClick } from '../interaction.ts'
import { csvSentMessage, noFilesMessage } from '../messages/usage/file.ts'
import { share } from '../upload-chart.ts'
import { askedFor } from './usage.ts'

/** Sends a panel's figures as a file in a direct message; where Slack permits no files, as text with fewer steps. */
export const exportKeyUsage: OnClick = async (interaction) => {
  const found = await askedFor(interaction)
  if (isRefusal(found)) return found
  const { key, range } = found
  const { web, world } = interaction.bot
  const window = windowOf(range, world.clock.now())
  const csvBy = async (step: Step) => {
    const whole: string[] = []
    const what = { workspaceIds: [key.workspaceId], keyId: key.id, from: window.from, to: window.to, step }
    for await (const piece of exportUsage(statisticsDatabase(world), what)) whole.push(piece)
    return whole.join('')
  }
  const csv = await orDatabaseOut(() => csvBy(window.step))
  if (typeof csv !== 'string') return csv
  const { channel } = await web.conversations.open({ users: interaction.caller.actor.id })
  const file = {
    filename: `usage-${key.hint ?? key.id}-${range}.csv`.replace(/\.{3}/, ''),
    bytes: Buffer.from(csv),
  }
  if (await share(web, file, channel!.id!)) return interaction.say(csvSentMessage(key.name))
  const short = await orDatabaseOut(() => csvBy(range === '24h' ? 'hour' : 'day'))
  if (typeof short !== 'string') return short
  const send = (form: Message) => web.chat.postMessage({ channel: channel!.id!, ...form })
  await sendOrInWords(noFilesMessage(key.name, short), send, { log: world.log })
}
