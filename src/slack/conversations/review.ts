import { perform } from '../../acts/perform.ts'
import { dryRun } from '../../findings/dry-run.ts'
import { orDatabaseOut, type Transaction } from '../../foundation/database.ts'
import { isRefusal, type Refusal, refuse } from '../../foundation/refusal.ts'
import { say } from '../../foundation/words.ts'
import { keysThatNeedReason } from '../../keys/needed.ts'
import type { Act } from '../../members/actor.ts'
import { authorise } from '../../policy/authorise.ts'
import { may } from '../../policy/may.ts'
import { announceAnswer } from '../../reviews/announce.ts'
import { type Answered, notNeeded, stillNeeded } from '../../reviews/answer.ts'
import { beginReview } from '../../reviews/begin.ts'
import { askedPage, readAsked } from '../../reviews/keys-asked.ts'
import { readProgress } from '../../reviews/progress.ts'
import { openReview } from '../../reviews/review.ts'
import { message, notice, plainSection } from '../blocks.ts'
import {
  type Handled,
  type Interaction,
  type OnClick,
  type OnCommand,
  type OnSubmit,
  textIn,
} from '../interaction.ts'
import { dryRunMessage, dryRunRows } from '../messages/alerts/dry-run.ts'
import { reasonForm } from '../messages/reviews/reason.ts'
import { askedMessage, progressMessage } from '../messages/reviews/review.ts'
import { performFor } from '../perform-for.ts'
import { ref } from '../ref.ts'

/** `/keys review [mine|start|dry run]`: progress for managers; for others, the keys they are asked about. */
export const review: OnCommand = (interaction) => {
  const words = interaction.words.toLowerCase()
  if (words === 'dry run' || words === 'dry-run') return showDryRun(interaction)
  if (words === 'start' || words === 'begin') return start(interaction)
  const manages = may(interaction.caller.actor, 'review.read', {
    workspaceId: interaction.caller.workspace.id,
  })
  return manages && words !== 'mine' ? showProgress(interaction) : showPage(interaction, 'mine', 0, false)
}

/** [Dry run] */
export const openDryRun: OnClick = (interaction) => showDryRun(interaction)

/** [Open keys], [Answer], [Show the next] */
export const turnReview: OnClick = (interaction) => {
  const { where, scope, rest } = readValue(interaction.value)
  return showPage(interaction, scope, Number(rest[0]) || 0, where === 'here')
}

/** [Still needed], [All 10 are still needed]: where keys can change things, a form asks why. */
export const answerNeeded: OnClick = async (interaction) => {
  const { bot, caller } = interaction
  const { db } = bot.world
  const { rest: keyIds } = readValue(interaction.value)
  const workspaceId = caller.workspace.id
  const asking = await orDatabaseOut(async () => {
    const open = await openReview(db, workspaceId)
    return open ? keysThatNeedReason(db, caller.actor, workspaceId, keyIds, open.begunAt) : []
  })
  if (isRefusal(asking)) return asking
  if (asking.length === 0)
    return answer(interaction, interaction.value, (act, ids) => stillNeeded(act, workspaceId, ids))
  await interaction.show(
    reasonForm('review.needed', ref(workspaceId, interaction.value), asking, keyIds.length),
  )
}

/** Confirms with the reason of the form, and shows in its place what is still open of a page that was asked for. */
export const submitReason: OnSubmit = async (interaction) => {
  const reason = textIn(interaction.values, 'reason')
  if (reason.trim() === '') return interaction.complain({ reason: 'Say why; the audit keeps it.' })
  await interaction.work(notice('Still needed', [plainSection('Saving...')]))
  const refusal = await answer(interaction, interaction.metadata, (act, ids) =>
    stillNeeded(act, interaction.caller.workspace.id, ids, reason),
  )
  if (refusal) return refusal
  if (readValue(interaction.metadata).where !== 'here')
    await interaction.show(
      notice('Still needed', [plainSection('Noted. Your review message changes in a moment.')]),
    )
}

/** [Not needed any more] */
export const answerUnneeded: OnClick = (interaction) =>
  answer(interaction, interaction.value, (act, [keyId = '']) =>
    notNeeded(act, interaction.caller.workspace.id, keyId),
  )

type Scope = 'mine' | 'all'

/** Parses a control's value, which is untrusted input: ids are looked up, and nothing else is used. */
function readValue(value: string): { where: string; scope: Scope; rest: string[] } {
  const [where = '', scope, ...rest] = value.split(' ')
  return { where, scope: scope === 'all' ? 'all' : 'mine', rest: rest.slice(0, askedPage) }
}

async function answer(
  interaction: Interaction,
  value: string,
  write: (act: Act, keyIds: string[]) => Promise<Answered | Refusal>,
): Promise<Handled> {
  const { bot, caller } = interaction
  const { where, scope, rest } = readValue(value)
  const answered = await performFor(
    interaction,
    async (act) => {
      const done = await write(act, rest)
      if (!isRefusal(done)) await announce(interaction, act.trx, done.ownerIds, act.now)
      return done
    },
    'review',
  )
  if (isRefusal(answered)) return answered
  bot.refresh(caller.workspace)
  return where === 'here' ? showPage(interaction, scope, 0, true) : undefined
}

/** In the same transaction, so that the review's messages are updated even if this process dies. */
const announce = ({ bot, caller }: Interaction, trx: Transaction, ownerIds: readonly string[], now: Date) =>
  announceAnswer(trx, bot.world, caller.workspace, ownerIds, now)

async function showPage(
  interaction: Interaction,
  scope: Scope,
  from: number,
  replace: boolean,
): Promise<Handled> {
  const { db, clock } = interaction.bot.world
  const { actor, workspace } = interaction.caller
  if (scope === 'all') {
    const refusal = await mayRead(interaction)
    if (refusal) return refusal
  }
  const asked = await orDatabaseOut(async () => {
    const open = await openReview(db, workspace.id)
    return open && readAsked(db, open.id, scope === 'mine' ? actor.id : undefined, clock.now(), from)
  })
  if (isRefusal(asked)) return asked
  await interaction.say(asked ? askedMessage(asked, 'here') : none(interaction), { replace })
}

async function showProgress(interaction: Interaction): Promise<Handled> {
  const { db, clock } = interaction.bot.world
  const progress = await orDatabaseOut(async () => {
    const open = await openReview(db, interaction.caller.workspace.id)
    return open && readProgress(db, open.id, clock.now())
  })
  if (isRefusal(progress)) return progress
  await interaction.say(progress ? progressMessage(progress) : none(interaction))
}

const none = ({ caller: { workspace } }: Interaction) => {
  const { reviewIntervalDays } = workspace.policy
  const next =
    reviewIntervalDays === 0
      ? say`The policy asks for none; ${{ code: '/keys review start' }} begins one.`
      : say`One begins every ${reviewIntervalDays} days by itself; ${{ code: '/keys review start' }} begins one now.`
  return message(say`No review runs in ${{ name: workspace.name }}. ${next}`)
}

async function showDryRun(interaction: Interaction): Promise<Handled> {
  const refusal = await mayRead(interaction)
  if (refusal) return refusal
  const { db, clock } = interaction.bot.world
  const run = await orDatabaseOut(() => dryRun(db, interaction.caller.workspace, clock.now(), dryRunRows))
  if (isRefusal(run)) return run
  await interaction.say(dryRunMessage(run))
}

async function start(interaction: Interaction): Promise<Handled> {
  const { bot, caller } = interaction
  const begun = await performFor(
    interaction,
    (act) => beginReview(act, caller.workspace, bot.world.random),
    'review',
    { changesRoles: true },
  )
  if (isRefusal(begun)) return begun
  bot.refresh(caller.workspace)
  await interaction.say(
    message(
      say`The review has begun. Owners are asked in their direct messages within a minute or two, and have until ${{ day: begun.answerBy }}. Follow progress in the alert channel, or with ${{ code: '/keys review' }}.`,
    ),
  )
}

async function mayRead({ bot, caller }: Interaction): Promise<Refusal | undefined> {
  const subject = { workspaceId: caller.workspace.id }
  if (may(caller.actor, 'review.read', subject)) return undefined
  const refusal = await perform(bot.world, caller.actor, (act) => authorise(act, 'review.read', subject))
  return refusal ?? refuse('forbidden', 'Only managers and owners see how a review goes.')
}
