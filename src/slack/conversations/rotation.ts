import { perform } from '../../acts/perform.ts'
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
import { abortForm, endView, finishEarlyForm, finishedManyView } from '../messages/rotation/dialogs.ts'
import { trackerView } from '../messages/rotation/tracker.ts'
import type { ClickStory, Conversation, Story, SubmitStory } from '../story.ts'
import { revealKey } from './show-once.ts'

/** Real milliseconds after which a person reads that it takes longer, and after which they no longer look. */
const quickMs = 1_000
const patienceMs = 60_000

/** The rotation that a button refers to as it stands now, for whoever may see its key. */
export async function trackerFor({ door, caller }: Story, id: string): Promise<Tracker | Refusal> {
  const { db, clock } = door.world
  const workspaceId = caller.workspace.id
  const tracker = await orDatabaseOut(async () => {
    const rotation = await findRotation(db, workspaceId, id)
    return rotation && (await readTrackers(db, [rotation], clock.now()))[0]
  })
  if (isRefusal(tracker)) return tracker
  const owners = tracker && [tracker.facts.old.ownerId, tracker.facts.next.ownerId]
  const mayLook = owners?.some((ownerId) => may(caller.actor, 'key.show', { workspaceId, ownerId }))
  return tracker && mayLook ? tracker : noSuchKey({ action: 'key.show', rotation: id })
}

/** [Open] */
export const openRotation: Conversation<ClickStory> = async (story) => {
  const tracker = await trackerFor(story, story.value)
  if (isRefusal(tracker)) return tracker
  await story.show(trackerView(tracker, story.caller.actor))
  return undefined
}

/** [Reveal new key], from where the rotation is told: the message stays what it is. */
export const revealNewKey: Conversation<ClickStory> = ({ message: _message, ...story }) => revealKey(story)

/** [Finish]: at once when it is safe; otherwise it is asked once more, and what breaks is named. */
export const openFinish: Conversation<ClickStory> = async (story) => {
  const tracker = await trackerFor(story, story.value)
  if (isRefusal(tracker)) return tracker
  if (tracker.phase !== 'safe' && !tracker.rotation.endedAt)
    return void (await story.show(finishEarlyForm(tracker)))
  return end(story, tracker.rotation.id, 'finish', false)
}

/** [Abort]: at once while nothing uses the new key; otherwise it is asked once more. */
export const openAbort: Conversation<ClickStory> = async (story) => {
  const tracker = await trackerFor(story, story.value)
  if (isRefusal(tracker)) return tracker
  if (tracker.isUsed && tracker.facts.old.state !== 'revoked' && !tracker.rotation.endedAt)
    return void (await story.show(abortForm(tracker)))
  return end(story, tracker.rotation.id, 'abort', false)
}

export const submitFinish: Conversation<SubmitStory> = (story) => endSure(story, 'finish')
export const submitAbort: Conversation<SubmitStory> = (story) => endSure(story, 'abort')

const working = {
  finish: notice('Finish rotation', [plainSection('Finishing...')]),
  abort: notice('Abort rotation', [plainSection('Aborting...')]),
}

async function endSure(story: SubmitStory, what: 'finish' | 'abort'): Promise<Refusal | undefined> {
  await story.work(working[what])
  return end(story, story.metadata, what, true)
}

/** The act, once per click or dialog, and what the verifiers say to it. */
async function end(
  story: Story,
  id: string,
  what: 'finish' | 'abort',
  sure: boolean,
): Promise<Refusal | undefined> {
  const { door, caller } = story
  const { world } = door
  const workspaceId = caller.workspace.id
  const ended = await perform<Rotation>(
    world,
    caller.actor,
    (act) =>
      what === 'finish'
        ? finishRotation(act, workspaceId, id, { early: sure })
        : abortRotation(act, workspaceId, id, { sure }),
    { requestId: `${story.requestId} ${what}` },
  )
  if (isRefusal(ended)) return ended
  const [tracker] = await readTrackers(world.db, [ended], world.clock.now())
  const receipt = await confirmRotation(world, ended, quickMs)
  await story.show(endView(what, tracker!, receipt))
  door.settle(caller.workspace)
  if (receipt && receipt.state !== 'confirmed')
    await story.show(endView(what, tracker!, await confirmRotation(world, ended, patienceMs)))
  return undefined
}

/** [Finish what is safe]: every rotation of a campaign that is. They share one wait for the verifiers. */
export const finishCampaign: Conversation<ClickStory> = async (story) => {
  const { door, caller } = story
  const done = await perform(
    door.world,
    caller.actor,
    (act) => finishSafe(act, caller.workspace.id, story.value),
    { requestId: `${story.requestId} finish` },
  )
  if (isRefusal(done)) return done
  const receipt = await confirmRotations(door.world, { withinMs: patienceMs })
  await story.show(finishedManyView(done, receipt))
  door.settle(caller.workspace)
  return undefined
}

/** [7 more days] */
export const giveMoreTime: Conversation<ClickStory> = async (story) => {
  const { door, caller } = story
  const moved = await perform(
    door.world,
    caller.actor,
    (act) => extendRotation(act, caller.workspace.id, story.value),
    { requestId: `${story.requestId} extend` },
  )
  if (isRefusal(moved)) return moved
  await story.say(message(say`The deadline is ${{ moment: moved.dueAt }} now.`))
  door.settle(caller.workspace)
  return undefined
}
