import {
  acknowledge,
  askManager,
  assign,
  letGo,
  snooze,
  type Target,
  unsnooze,
} from '../../findings/actions.ts'
import { confirmFromAlert } from '../../findings/confirm-needed.ts'
import { type AboutFinding, findFinding } from '../../findings/store.ts'
import { orDatabaseOut } from '../../foundation/database.ts'
import { isRefusal, type Refusal } from '../../foundation/refusal.ts'
import { type Phrase, say } from '../../foundation/words.ts'
import { keysThatNeedReason } from '../../keys/needed.ts'
import type { Act } from '../../members/actor.ts'
import { noSuchKey } from '../../policy/authorise.ts'
import { message, notice, plainSection } from '../blocks.ts'
import { recipientError } from '../caller.ts'
import {
  type ClickInteraction,
  type Interaction,
  type OnClick,
  type OnSubmit,
  textIn,
} from '../interaction.ts'
import { assignForm, snoozeForm } from '../messages/alerts/forms.ts'
import { reasonForm } from '../messages/reviews/reason.ts'
import { performFor } from '../perform-for.ts'
import { sentenceBlock } from '../phrase.ts'
import { ref } from '../ref.ts'

type FindingAct = (act: Act, target: Target) => Promise<AboutFinding | Refusal>

/** Performs an act on a finding, once per click or dialog; its messages are then updated everywhere. */
async function onFinding(
  interaction: Interaction,
  findingId: string,
  action: FindingAct,
): Promise<AboutFinding | Refusal> {
  const { bot, caller } = interaction
  const target = { workspaceId: caller.workspace.id, findingId, random: bot.world.random }
  const finding = await performFor(interaction, (act) => action(act, target), 'alert')
  if (!isRefusal(finding)) bot.refresh(caller.workspace)
  return finding
}

const click =
  (action: FindingAct, reply: (finding: AboutFinding) => Phrase): OnClick =>
  async (interaction) => {
    const finding = await onFinding(interaction, interaction.value, action)
    if (isRefusal(finding)) return finding
    await interaction.say(message(reply(finding)))
  }

const name = (finding: AboutFinding) => ({ name: finding.keyName })

/** [I'm on it] */
export const acknowledgeAlert = click(acknowledge, (finding) => say`You are on it: ${name(finding)}.`)

/** [Let go] */
export const letGoOfAlert = click(letGo, (finding) => say`Nobody is on ${name(finding)} now.`)

/** [Wake] */
export const unsnoozeAlert = click(unsnooze, (finding) => say`The snooze of ${name(finding)} is over.`)

/** [Ask a manager] */
export const askManagers = click(
  askManager,
  (finding) => say`I am asking the managers to act on ${name(finding)}.`,
)

const confirmAtOnce = click(
  (act, target) => confirmFromAlert(act, target),
  (finding) => say`Noted: ${name(finding)} is still needed.`,
)

/** [Still needed]: of a key that can change things a form asks why. */
export const confirmNeeded: OnClick = async (interaction) => {
  const { bot, caller } = interaction
  const workspaceId = caller.workspace.id
  const asking = await orDatabaseOut(async () => {
    const finding = await findFinding(bot.world.db, workspaceId, interaction.value)
    if (!finding || finding.resolvedAt) return []
    return keysThatNeedReason(bot.world.db, caller.actor, workspaceId, [finding.keyId])
  })
  if (isRefusal(asking)) return asking
  if (asking.length === 0) return confirmAtOnce(interaction)
  await interaction.show(reasonForm('alert.needed', ref(workspaceId, interaction.value), asking, 1))
}

export const submitNeeded: OnSubmit = async (interaction) => {
  const reason = textIn(interaction.values, 'reason')
  if (reason.trim() === '') return interaction.complain({ reason: 'Say why; the audit keeps it.' })
  await interaction.work(notice('Still needed', [plainSection('Saving...')]))
  const finding = await onFinding(interaction, interaction.metadata, (act, target) =>
    confirmFromAlert(act, target, reason),
  )
  if (isRefusal(finding)) return finding
  await interaction.show(
    notice('Still needed', [sentenceBlock(say`Noted: ${name(finding)} is still needed.`)]),
  )
}

/** [Snooze]: a form for how long, and why. */
export const openSnooze: OnClick = (interaction) =>
  openForm(interaction, (finding) => snoozeForm(interaction.caller.workspace.id, finding))

/** [Assign]: a form for the assignee. */
export const openAssign: OnClick = (interaction) =>
  openForm(interaction, (finding) => assignForm(interaction.caller.workspace.id, finding))

async function openForm(
  interaction: ClickInteraction,
  form: (finding: AboutFinding) => Parameters<Interaction['show']>[0],
) {
  const { world } = interaction.bot
  const finding = await orDatabaseOut(() =>
    findFinding(world.db, interaction.caller.workspace.id, interaction.value),
  )
  if (isRefusal(finding)) return finding
  if (!finding) return noSuchKey({ action: 'finding.take' })
  await interaction.show(form(finding))
}

export const submitSnooze: OnSubmit = async (interaction) => {
  const wanted = {
    days: Number(textIn(interaction.values, 'days')),
    reason: textIn(interaction.values, 'reason'),
  }
  if (wanted.reason.trim() === '') return interaction.complain({ reason: 'Say why; the alert shows it.' })
  await interaction.work(notice('Snooze alert', [plainSection('Saving...')]))
  const finding = await onFinding(interaction, interaction.metadata, (act, target) =>
    snooze(act, target, wanted),
  )
  if (isRefusal(finding)) return finding
  await interaction.show(
    notice('Alert snoozed', [
      sentenceBlock(say`${name(finding)} is snoozed until then, or until it gets worse.`),
    ]),
  )
}

export const submitAssign: OnSubmit = async (interaction) => {
  const to = textIn(interaction.values, 'to')
  if (to === '') return interaction.complain({ to: 'Choose a person.' })
  await interaction.work(notice('Assign alert', [plainSection('Saving...')]))
  const wrong = await recipientError(interaction.bot.world, interaction.bot.web, interaction.caller, to)
  if (wrong) return interaction.complain({ to: wrong })
  const finding = await onFinding(interaction, interaction.metadata, (act, target) => assign(act, target, to))
  if (isRefusal(finding)) return finding
  await interaction.show(
    notice('Alert assigned', [
      sentenceBlock(
        say`${{ user: to }} gets a direct message about ${name(finding)}, and has it in their inbox.`,
      ),
    ]),
  )
}
