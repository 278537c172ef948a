import { localTime, type MonthlyWindow, minuteOf } from '../../anomaly/calendar.ts'
import { readEpisode } from '../../anomaly/episodes.ts'
import type { Expected } from '../../anomaly/expect.ts'
import { forgetExpectation } from '../../anomaly/forget.ts'
import { expectUse } from '../../findings/expect-use.ts'
import { quarantineFromAlert } from '../../findings/quarantine.ts'
import { findFinding, resolvedAlready } from '../../findings/store.ts'
import { orDatabaseOut } from '../../foundation/database.ts'
import { isRefusal } from '../../foundation/refusal.ts'
import { hourMs } from '../../foundation/time.ts'
import { say } from '../../foundation/words.ts'
import { noSuchKey } from '../../policy/authorise.ts'
import { message, notice, plainSection } from '../blocks.ts'
import {
  type ClickInteraction,
  type OnClick,
  type OnSubmit,
  type SubmitInteraction,
  textIn,
} from '../interaction.ts'
import { expectedForm, quarantinedMessage } from '../messages/alerts/expected.ts'
import { performFor } from '../perform-for.ts'
import { sentenceBlock } from '../phrase.ts'
import { deactivateNow } from './change.ts'

/** [Quarantine key]: deactivates the key with one click and shows the receipt; one click activates it again. */
export const quarantine: OnClick = async (interaction) => {
  const target = { workspaceId: interaction.caller.workspace.id, findingId: interaction.value }
  const done = await deactivateNow(interaction, (act) => quarantineFromAlert(act, target))
  if (isRefusal(done)) return done
  await interaction.say(quarantinedMessage(done.key, done.receipt))
}

/** [Expected]: a form for what is expected: this once, at this time every month, or from now on. */
export const openExpected: OnClick = async (interaction) => {
  const finding = await findingFor(interaction)
  if (isRefusal(finding)) return finding
  const { db } = interaction.bot.world
  const episode = await orDatabaseOut(() => readEpisode(db, finding.keyId))
  if (isRefusal(episode)) return episode
  if (!episode) return resolvedAlready
  const { workspace } = interaction.caller
  const window = windowAround(workspace.policy.timeZone, episode.beganAt, episode.strangeAt)
  await interaction.show(expectedForm(workspace, finding, episode.reason, window))
}

async function findingFor(interaction: ClickInteraction) {
  const { db } = interaction.bot.world
  const finding = await orDatabaseOut(() =>
    findFinding(db, interaction.caller.workspace.id, interaction.value),
  )
  return finding ?? noSuchKey({ action: 'use.expect' })
}

/** The hours in which it happened, in the workspace's zone, plus one: jobs do not start on the minute. */
function windowAround(timeZone: string, began: Date, ended: Date): MonthlyWindow {
  const from = localTime(timeZone, began.getTime() / 1000)
  const until = localTime(timeZone, ended.getTime() / 1000)
  const whole = ended.getTime() - began.getTime() > 20 * hourMs
  return {
    dayOfMonth: from.day,
    fromMinute: whole ? 0 : from.hour * 60,
    untilMinute: whole ? 0 : ((until.hour + 2) % 24) * 60,
  }
}

export const submitExpected: OnSubmit = async (interaction) => {
  const wanted = readExpected(interaction)
  if ('wrong' in wanted) return interaction.complain(wanted.wrong)
  await interaction.work(notice('Expected', [plainSection('Saving...')]))
  const { bot, caller } = interaction
  const target = {
    workspaceId: caller.workspace.id,
    findingId: interaction.metadata,
    random: bot.world.random,
  }
  const finding = await performFor(interaction, (act) => expectUse(act, target, wanted), 'expected')
  if (isRefusal(finding)) return finding
  bot.refresh(caller.workspace)
  const where = { code: `/keys show ${finding.keyName}` }
  const name = { name: finding.keyName }
  await interaction.show(
    notice('Noted', [
      sentenceBlock(say`${name}: noted. ${where} lists what is expected, and takes it back.`),
    ]),
  )
}

type Wrong = { wrong: Record<string, string> }

function readExpected({ values }: SubmitInteraction): Expected | Wrong {
  const kind = textIn(values, 'expected')
  if (kind === 'once' || kind === 'new-normal') return { kind }
  if (kind !== 'monthly') return { wrong: { expected: 'Choose what is expected.' } }
  const day = textIn(values, 'day').trim()
  const dayOfMonth = /^\d{1,2}$/.test(day) ? Number(day) : 0
  if (dayOfMonth < 1 || dayOfMonth > 31) return { wrong: { day: 'Enter a day of the month from 1 to 31.' } }
  const [fromMinute, untilMinute] = [minuteOf(textIn(values, 'from')), minuteOf(textIn(values, 'until'))]
  if (fromMinute === undefined) return { wrong: { from: 'Enter a time such as 02:00.' } }
  if (untilMinute === undefined) return { wrong: { until: 'Enter a time such as 06:00.' } }
  return { kind, dayOfMonth, fromMinute, untilMinute }
}

/** [Remove] on the key's page: the use raises alerts again from now on. */
export const forgetExpected: OnClick = async (interaction) => {
  const { caller } = interaction
  const forgotten = await performFor(
    interaction,
    (act) => forgetExpectation(act, caller.workspace.id, interaction.value),
    'forget',
  )
  if (isRefusal(forgotten)) return forgotten
  await interaction.say(message(say`That is not expected any more. I tell it again when it happens.`))
}
