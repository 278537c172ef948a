import { perform } from '../../acts/perform.ts'
import { confirmFromAlert } from '../../findings/confirm-needed.ts'
import { acknowledge, askManager, assign, snooze, type Target, wake } from '../../findings/deeds.ts'
import { type AboutFinding, findFinding } from '../../findings/store.ts'
import { orDatabaseOut } from '../../foundation/database.ts'
import { isRefusal, type Refusal } from '../../foundation/refusal.ts'
import { type Phrase, say } from '../../foundation/words.ts'
import type { Act } from '../../members/actor.ts'
import { noSuchKey } from '../../policy/authorise.ts'
import { message, notice, plainSection } from '../blocks.ts'
import { isFullMember } from '../caller.ts'
import { assignForm, snoozeForm } from '../messages/alerts/forms.ts'
import { sentenceBlock } from '../phrase.ts'
import { type ClickStory, type Conversation, type Story, type SubmitStory, textIn } from '../story.ts'

type Deed = (act: Act, target: Target) => Promise<AboutFinding | Refusal>

/** One act on a finding, once per click or dialog; the alert itself then shows it, wherever it stands. */
async function onFinding(story: Story, findingId: string, deed: Deed): Promise<AboutFinding | Refusal> {
  const { door, caller } = story
  const target = { workspaceId: caller.workspace.id, findingId, random: door.world.random }
  const finding = await perform(door.world, caller.actor, (act) => deed(act, target), {
    requestId: `${story.requestId} alert`,
  })
  if (!isRefusal(finding)) door.settle(caller.workspace)
  return finding
}

const click =
  (deed: Deed, told: (finding: AboutFinding) => Phrase): Conversation<ClickStory> =>
  async (story) => {
    const finding = await onFinding(story, story.value, deed)
    if (isRefusal(finding)) return finding
    await story.say(message(told(finding)))
    return undefined
  }

const name = (finding: AboutFinding) => ({ name: finding.keyName })

/** [I'm on it] */
export const take = click(acknowledge, (finding) => say`You are on it: ${name(finding)}.`)

/** [Wake] */
export const wakeUp = click(wake, (finding) => say`The snooze of ${name(finding)} is over.`)

/** [Ask a manager] */
export const ask = click(askManager, (finding) => say`I asked the managers to act on ${name(finding)}.`)

/** [Still needed] */
export const keepNeeded = click(confirmFromAlert, (finding) => say`Noted: ${name(finding)} is still needed.`)

/** [Snooze] asks for how long, and why. */
export const openSnooze: Conversation<ClickStory> = (story) =>
  openForm(story, (finding) => snoozeForm(story.caller.workspace.id, finding))

/** [Assign] asks to whom. */
export const openAssign: Conversation<ClickStory> = (story) =>
  openForm(story, (finding) => assignForm(story.caller.workspace.id, finding))

async function openForm(story: ClickStory, form: (finding: AboutFinding) => Parameters<Story['show']>[0]) {
  const { world } = story.door
  const finding = await orDatabaseOut(() => findFinding(world.db, story.caller.workspace.id, story.value))
  if (isRefusal(finding)) return finding
  if (!finding) return noSuchKey({ action: 'finding.take' })
  await story.show(form(finding))
  return undefined
}

export const submitSnooze: Conversation<SubmitStory> = async (story) => {
  const wanted = { days: Number(textIn(story.values, 'days')), reason: textIn(story.values, 'reason') }
  if (wanted.reason.trim() === '')
    return void (await story.complain({ reason: 'Say why; the alert shows it.' }))
  await story.work(notice('Snooze alert', [plainSection('Saving...')]))
  const finding = await onFinding(story, story.metadata, (act, target) => snooze(act, target, wanted))
  if (isRefusal(finding)) return finding
  await story.show(
    notice('Alert snoozed', [
      sentenceBlock(say`I bring ${name(finding)} up again then, or when it gets worse.`),
    ]),
  )
  return undefined
}

export const submitAssign: Conversation<SubmitStory> = async (story) => {
  const to = textIn(story.values, 'to')
  const { web } = story.door
  const isOneOfUs = to !== '' && (await isFullMember(web, to, story.caller.teamId).catch(() => false))
  if (!isOneOfUs) return void (await story.complain({ to: 'Choose a person of this workspace.' }))
  await story.work(notice('Assign alert', [plainSection('Saving...')]))
  const finding = await onFinding(story, story.metadata, (act, target) => assign(act, target, to))
  if (isRefusal(finding)) return finding
  await story.show(
    notice('Alert assigned', [sentenceBlock(say`${{ user: to }} hears of ${name(finding)} now.`)]),
  )
  return undefined
}
