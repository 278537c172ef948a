import { perform } from '../../acts/perform.ts'
import { orDatabaseOut } from '../../foundation/database.ts'
import { isRefusal, type Refusal, refuse } from '../../foundation/refusal.ts'
import { say } from '../../foundation/words.ts'
import { type Mode, modes, type Offboarding, type Plan, requestsOf } from '../../offboarding/offboarding.ts'
import { type Preview, previewOffboarding } from '../../offboarding/preview.ts'
import { countKeys } from '../../offboarding/report.ts'
import { isAbove, requestOffboarding } from '../../offboarding/request.ts'
import { undoOffboarding } from '../../offboarding/undo.ts'
import { notice, plainSection } from '../blocks.ts'
import { whyNotGiven } from '../caller.ts'
import { errorName } from '../channels.ts'
import { begunView, planWords, previewForm, undoneView } from '../messages/offboarding/offboard.ts'
import { standingView } from '../messages/offboarding/progress.ts'
import { fieldErrors } from '../messages/refusal.ts'
import {
  type ClickStory,
  type CommandStory,
  type Conversation,
  type Story,
  type SubmitStory,
  textIn,
} from '../story.ts'

/** `/keys offboard @user`: which keys, why each, what they serve, what will happen. Nothing has happened yet. */
export const openOffboard: Conversation<CommandStory> = async (story) => {
  const userId = /^<@([UW][A-Z0-9]+)(?:\|[^>]*)?>$/.exec(story.words.trim())?.[1]
  if (!userId)
    return refuse('invalid', 'Say who leaves.', { next: say`Type ${{ code: '/keys offboard @user' }}.` })
  const wrong = await notAPerson(story, userId)
  if (wrong) return wrong
  const { world } = story.door
  const { workspace, actor } = story.caller
  const preview = await orDatabaseOut(
    async () =>
      (await isAbove(world.db, actor, workspace, userId)) ??
      previewOffboarding(world.db, workspace, actor, userId, world.clock.now()),
  )
  if (isRefusal(preview)) return preview
  const { running, keys, elsewhere, endsRoleIn } = preview
  if (running && keys.length + elsewhere.length + endsRoleIn.length === 0)
    return showStanding(story, running, preview)
  await story.show(previewForm({ ...preview, leaver: userId, workspace }))
  return undefined
}

async function showStanding(
  story: Story,
  running: Offboarding,
  { keepsRoleIn: keepsRoleInNames }: Preview,
): Promise<Refusal | undefined> {
  const { db } = story.door.world
  const found = await orDatabaseOut(() =>
    Promise.all([countKeys(db, [running.id]), requestsOf(db, running.id)]),
  )
  if (isRefusal(found)) return found
  const [counts, requests] = found
  const doors = requests.map((one) => one.source)
  await story.show(standingView({ ...running, doors, keepsRoleInNames }, counts))
  return undefined
}

/** Apps and people of other organisations have no keys to leave behind; a guest may have been given one. */
async function notAPerson({ door, caller }: Story, userId: string): Promise<Refusal | undefined> {
  try {
    const { user } = await door.web.users.info({ user: userId })
    if (user?.is_bot) return refuse('invalid', 'That is an app; only people are offboarded.')
    if (user?.is_stranger || user?.team_id !== caller.teamId)
      return refuse('invalid', 'That person belongs to another organisation.')
    return undefined
  } catch (error) {
    if (errorName(error) !== 'user_not_found') throw error
    return refuse('not_found', 'Slack knows nobody by that name.')
  }
}

export const submitOffboard: Conversation<SubmitStory> = async (story) => {
  const { world } = story.door
  const { actor, workspace } = story.caller
  const userId = story.metadata
  const successorId = textIn(story.values, 'successor') || undefined
  const wrong = successorId ? await cannotTakeOver(story, userId, successorId) : undefined
  if (wrong) return void (await story.complain(fieldErrors([wrong])))
  await story.work(notice('Offboard', [plainSection('Starting...')]))
  const made = await perform(
    world,
    actor,
    (act) =>
      requestOffboarding(
        act,
        workspace,
        {
          source: 'slack',
          userId,
          successorId,
          note: textIn(story.values, 'note'),
          mode: modes.find((mode): mode is Mode => mode === textIn(story.values, 'mode')),
          choices: choicesIn(story),
        },
        world.random,
      ),
    { requestId: story.requestId },
  )
  if (isRefusal(made)) return made
  const preview = await previewOffboarding(world.db, workspace, actor, userId, world.clock.now())
  const keys = preview.elsewhere.reduce((sum, one) => sum + one.keys, preview.keys.length)
  await story.show(begunView(userId, keys, workspace.terms.alertChannel))
  story.door.offboard()
  return undefined
}

async function cannotTakeOver(
  story: Story,
  leaver: string,
  successorId: string,
): Promise<Refusal | undefined> {
  if (successorId === leaver)
    return refuse('invalid', 'Whoever leaves cannot take over.', { field: 'successor' })
  const misfit = await whyNotGiven(story.door.world, story.door.web, story.caller, successorId)
  return misfit ? refuse('invalid', misfit, { field: 'successor' }) : undefined
}

/** What was chosen for each key; whether it can be done is for the plan to say. */
const choicesIn = ({ values }: SubmitStory): Record<string, Plan> =>
  Object.fromEntries(
    Object.entries(values).filter(
      (entry): entry is [string, Plan] => typeof entry[1] === 'string' && entry[1] in planWords,
    ),
  )

/** [Undo] on a report: what can be taken back is. */
export const undo: Conversation<ClickStory> = async (story) => {
  const { world } = story.door
  const { actor, workspace } = story.caller
  const undone = await perform(
    world,
    actor,
    (act) => undoOffboarding(act, workspace.accountId, story.value),
    {
      requestId: story.requestId,
    },
  )
  if (isRefusal(undone)) return undone
  await story.show(undoneView(undone))
  story.door.offboard()
  story.door.settle(workspace)
  return undefined
}
