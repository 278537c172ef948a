import { perform } from '../../acts/perform.ts'
import { dryRun } from '../../findings/dry-run.ts'
import { orDatabaseOut, type Transaction } from '../../foundation/database.ts'
import { isRefusal, type Refusal, refuse } from '../../foundation/refusal.ts'
import { say } from '../../foundation/words.ts'
import type { Act } from '../../members/actor.ts'
import { authorise } from '../../policy/authorise.ts'
import { may } from '../../policy/may.ts'
import { type Answered, notNeeded, stillNeeded } from '../../reviews/answer.ts'
import { beginReview } from '../../reviews/begin.ts'
import { askedPage, readAsked } from '../../reviews/keys-asked.ts'
import { readProgress } from '../../reviews/progress.ts'
import { openReview } from '../../reviews/review.ts'
import { tellAnswer } from '../../reviews/tell.ts'
import { message } from '../blocks.ts'
import { dryRunMessage, dryRunRows } from '../messages/alerts/dry-run.ts'
import { askedMessage, progressMessage } from '../messages/reviews/review.ts'
import type { ClickStory, CommandStory, Conversation, Story } from '../story.ts'

/** `/keys review [mine|start|dry run]`: how it goes, for those who manage; else what one is asked. */
export const review: Conversation<CommandStory> = (story) => {
  const words = story.words.toLowerCase()
  if (words === 'dry run' || words === 'dry-run') return showDryRun(story)
  if (words === 'start' || words === 'begin') return start(story)
  const manages = may(story.caller.actor, 'review.read', { workspaceId: story.caller.workspace.id })
  return manages && words !== 'mine' ? showProgress(story) : showPage(story, 'mine', 0, false)
}

/** [Dry run] */
export const openDryRun: Conversation<ClickStory> = (story) => showDryRun(story)

/** [Open keys], [Answer], [Show the next] */
export const turnReview: Conversation<ClickStory> = (story) => {
  const { where, scope, rest } = readValue(story.value)
  return showPage(story, scope, Number(rest[0]) || 0, where === 'here')
}

/** [Still needed], [All 10 are still needed] */
export const answerNeeded: Conversation<ClickStory> = (story) =>
  answer(story, (act, keyIds) => stillNeeded(act, story.caller.workspace.id, keyIds))

/** [Not needed any more] */
export const answerUnneeded: Conversation<ClickStory> = (story) =>
  answer(story, (act, [keyId = '']) => notNeeded(act, story.caller.workspace.id, keyId))

type Scope = 'mine' | 'all'

/** A control's value came over the wire: what it names is looked up, and nothing else is taken from it. */
function readValue(value: string): { where: string; scope: Scope; rest: string[] } {
  const [where = '', scope, ...rest] = value.split(' ')
  return { where, scope: scope === 'all' ? 'all' : 'mine', rest: rest.slice(0, askedPage) }
}

async function answer(
  story: ClickStory,
  deed: (act: Act, keyIds: string[]) => Promise<Answered | Refusal>,
): Promise<Refusal | undefined> {
  const { door, caller } = story
  const { where, scope, rest } = readValue(story.value)
  const answered = await perform(
    door.world,
    caller.actor,
    async (act) => {
      const done = await deed(act, rest)
      if (!isRefusal(done)) await tell(story, act.trx, done.ownerIds, act.now)
      return done
    },
    { requestId: `${story.requestId} review` },
  )
  if (isRefusal(answered)) return answered
  door.settle(caller.workspace)
  return where === 'here' ? showPage(story, scope, 0, true) : undefined
}

/** In the same transaction: the messages of the review will show it, whatever happens to this process. */
const tell = ({ door, caller }: Story, trx: Transaction, ownerIds: readonly string[], now: Date) =>
  tellAnswer(trx, door.world, caller.workspace, ownerIds, now)

async function showPage(
  story: Story,
  scope: Scope,
  from: number,
  replace: boolean,
): Promise<Refusal | undefined> {
  const { db, clock } = story.door.world
  const { actor, workspace } = story.caller
  if (scope === 'all') {
    const refusal = await mayRead(story)
    if (refusal) return refusal
  }
  const asked = await orDatabaseOut(async () => {
    const open = await openReview(db, workspace.id)
    return open && readAsked(db, open.id, scope === 'mine' ? actor.id : undefined, clock.now(), from)
  })
  if (isRefusal(asked)) return asked
  await story.say(asked ? askedMessage(asked, 'here') : none(story), { replace })
  return undefined
}

async function showProgress(story: Story): Promise<Refusal | undefined> {
  const { db, clock } = story.door.world
  const progress = await orDatabaseOut(async () => {
    const open = await openReview(db, story.caller.workspace.id)
    return open && readProgress(db, open.id, clock.now())
  })
  if (isRefusal(progress)) return progress
  await story.say(progress ? progressMessage(progress) : none(story))
  return undefined
}

const none = ({ caller: { workspace } }: Story) => {
  const { reviewIntervalDays } = workspace.terms
  const next =
    reviewIntervalDays === 0
      ? say`The policy asks for none; ${{ code: '/keys review start' }} begins one.`
      : say`One begins every ${reviewIntervalDays} days by itself; ${{ code: '/keys review start' }} begins one now.`
  return message(say`No review runs in ${{ name: workspace.name }}. ${next}`)
}

async function showDryRun(story: Story): Promise<Refusal | undefined> {
  const refusal = await mayRead(story)
  if (refusal) return refusal
  const { db, clock } = story.door.world
  const run = await orDatabaseOut(() => dryRun(db, story.caller.workspace, clock.now(), dryRunRows))
  if (isRefusal(run)) return run
  await story.say(dryRunMessage(run))
  return undefined
}

async function start(story: Story): Promise<Refusal | undefined> {
  const { door, caller } = story
  const begun = await perform(
    door.world,
    caller.actor,
    (act) => beginReview(act, caller.workspace, door.world.random),
    { requestId: `${story.requestId} review` },
  )
  if (isRefusal(begun)) return begun
  door.settle(caller.workspace)
  await story.say(
    message(
      say`The review has begun. Owners are asked in their direct messages within a minute or two, and have until ${{ day: begun.answerBy }}. How it goes stands in the alert channel, and in ${{ code: '/keys review' }}.`,
    ),
  )
  return undefined
}

async function mayRead({ door, caller }: Story): Promise<Refusal | undefined> {
  const subject = { workspaceId: caller.workspace.id }
  if (may(caller.actor, 'review.read', subject)) return undefined
  const refusal = await perform(door.world, caller.actor, (act) => authorise(act, 'review.read', subject))
  return refusal ?? refuse('forbidden', 'Only managers and owners see how a review goes.')
}
