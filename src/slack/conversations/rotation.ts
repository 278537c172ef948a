import { orDatabaseOut } from '../../foundation/database.ts'
import { isRefusal, type Refusal } from '../../foundation/refusal.ts'
import { say } from '../../foundation/words.ts'
import { noSuchKey } from '../../policy/authorise.ts'
import { may } from '../../policy/may.ts'
import { confirmRotation, confirmRotations } from '../../rotation/confirm.ts'
import { abortRotation, extendRotation, finishRotation, finishSafe } from '../../rotation/end.ts'
import { findRotation, type Rotation } from '../../rotation/rotation.ts'
import { readTrackers, type Tracker } from '../../rotation/tracker.ts'
import { message, notice, plainSection } from '../blocks.ts'
import type { Handled, Interaction, OnClick, OnSubmit, SubmitInteraction } from '../interaction.ts'
import { abortForm, endView, finishEarlyForm, finishedManyView } from '../messages/rotation/dialogs.ts'
import { trackerView } from '../messages/rotation/tracker.ts'
import { performFor } from '../perform-for.ts'
import { revealKey } from './show-once.ts'

/** Real milliseconds after which the dialog says that it takes longer, and after which the wait ends. */
const quickMs = 1_000
const timeoutMs = 60_000

/** Reads the rotation that a button refers to, if the caller may see one of its keys. */
async function trackerFor({ bot, caller }: Interaction, id: string): Promise<Tracker | Refusal> {
  const { db, clock } = bot.world
  const workspaceId = caller.workspace.id
  const tracker = await orDatabaseOut(async () => {
    const rotation = await findRotation(db, workspaceId, id)
    return rotation && (await readTrackers(db, [rotation], clock.now()))[0]
  })
  if (isRefusal(tracker)) return tracker
  const owners = tracker && [tracker.facts.old.ownerId, tracker.facts.next.ownerId]
  const maySee = owners?.some((ownerId) => may(caller.actor, 'key.show', { workspaceId, ownerId }))
  return tracker && maySee ? tracker : noSuchKey({ action: 'key.show', rotation: id })
}

/** [Open] */
export const openRotation: OnClick = async (interaction) => {
  const tracker = await trackerFor(interaction, interaction.value)
  if (isRefusal(tracker)) return tracker
  await interaction.show(trackerView(tracker, interaction.caller.actor))
}

/** [Reveal new key], from a rotation's message, which stays as it is. */
export const revealNewKey: OnClick = ({ message: _message, ...interaction }) => revealKey(interaction)

/** [Finish]: at once when it is safe; otherwise asks for confirmation and names what breaks. */
export const openFinish: OnClick = async (interaction) => {
  const tracker = await trackerFor(interaction, interaction.value)
  if (isRefusal(tracker)) return tracker
  if (tracker.phase !== 'safe' && !tracker.rotation.endedAt) return interaction.show(finishEarlyForm(tracker))
  return end(interaction, tracker.rotation.id, 'finish', false)
}

/** [Abort]: at once while nothing uses the new key; otherwise asks for confirmation. */
export const openAbort: OnClick = async (interaction) => {
  const tracker = await trackerFor(interaction, interaction.value)
  if (isRefusal(tracker)) return tracker
  if (tracker.isUsed && tracker.facts.old.state !== 'revoked' && !tracker.rotation.endedAt)
    return interaction.show(abortForm(tracker))
  return end(interaction, tracker.rotation.id, 'abort', false)
}

export const submitFinish: OnSubmit = (interaction) => endSure(interaction, 'finish')
export const submitAbort: OnSubmit = (interaction) => endSure(interaction, 'abort')

const working = {
  finish: notice('Finish rotation', [plainSection('Finishing...')]),
  abort: notice('Abort rotation', [plainSection('Aborting...')]),
}

async function endSure(interaction: SubmitInteraction, what: 'finish' | 'abort'): Promise<Handled> {
  await interaction.work(working[what])
  return end(interaction, interaction.metadata, what, true)
}

/** Performs the act once per click or dialog, and shows the verifiers' receipt. */
async function end(
  interaction: Interaction,
  id: string,
  what: 'finish' | 'abort',
  sure: boolean,
): Promise<Handled> {
  const { bot, caller } = interaction
  const { world } = bot
  const workspaceId = caller.workspace.id
  const ended = await performFor<Rotation>(
    interaction,
    (act) =>
      what === 'finish'
        ? finishRotation(act, workspaceId, id, { early: sure })
        : abortRotation(act, workspaceId, id, { sure }),
    what,
  )
  if (isRefusal(ended)) return ended
  const [tracker] = await readTrackers(world.db, [ended], world.clock.now())
  const receipt = await confirmRotation(world, ended, quickMs)
  await interaction.show(endView(what, tracker!, receipt))
  bot.refresh(caller.workspace)
  if (receipt && receipt.state !== 'confirmed')
    await interaction.show(endView(what, tracker!, await confirmRotation(world, ended, timeoutMs)))
}

/** [Finish what is safe]: finishes every safe rotation of a campaign, with one wait for the verifiers. */
export const finishCampaign: OnClick = async (interaction) => {
  const { bot, caller } = interaction
  const done = await performFor(
    interaction,
    (act) => finishSafe(act, caller.workspace.id, interaction.value),
    'finish',
  )
  if (isRefusal(done)) return done
  const receipt = await confirmRotations(bot.world, { withinMs: timeoutMs })
  await interaction.show(finishedManyView(done, receipt))
  bot.refresh(caller.workspace)
}

/** [7 more days] */
export const giveMoreTime: OnClick = async (interaction) => {
  const { bot, caller } = interaction
  const moved = await performFor(
    interaction,
    (act) => extendRotation(act, caller.workspace.id, interaction.value),
    'extend',
  )
  if (isRefusal(moved)) return moved
  await interaction.say(message(say`The deadline is ${{ moment: moved.dueAt }} now.`))
  bot.refresh(caller.workspace)
}
