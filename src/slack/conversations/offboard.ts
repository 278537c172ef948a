import { isDeepStrictEqual } from 'node:util'
import { perform } from '../../acts/perform.ts'
import { orDatabaseOut } from '../../foundation/database.ts'
import { isRefusal, type Refusal, refuse } from '../../foundation/refusal.ts'
import { errorName, isForeign } from '../../foundation/slack.ts'
import { isSlackUser, say } from '../../foundation/words.ts'
import { type Mode, modes, type Offboarding, type Plan, requestsOf } from '../../offboarding/offboarding.ts'
import { type Preview, previewOffboarding } from '../../offboarding/preview.ts'
import { countKeys } from '../../offboarding/report.ts'
import { isAbove, requestOffboarding } from '../../offboarding/request.ts'
import { previewUndo, undoOffboarding } from '../../offboarding/undo.ts'
import { notice, plainSection } from '../blocks.ts'
import { recipientError } from '../caller.ts'
import {
  type Handled,
  type Interaction,
  type OnClick,
  type OnCommand,
  type OnSubmit,
  type SubmitInteraction,
  textIn,
} from '../interaction.ts'
import { begunView, planWords, previewForm, undoForm, undoneView } from '../messages/offboarding/offboard.ts'
import { progressView } from '../messages/offboarding/progress.ts'
import { performFor } from '../perform-for.ts'
import { showReceipts } from './change.ts'

/** `/keys offboard @user`: a preview of the keys, why each is affected, and the plan. Changes nothing yet. */
export const openOffboard: OnCommand = async (interaction) => {
  const userId = /^<@([UW][A-Z0-9]+)(?:\|[^>]*)?>$/.exec(interaction.words.trim())?.[1]
  return userId ? openPreview(interaction, userId) : nobodyNamed
}

/** [Offboard…] on the question whether an owner leaves. */
export const openOffboardOf: OnClick = async (interaction) =>
  isSlackUser(interaction.value) ? openPreview(interaction, interaction.value) : nobodyNamed

const nobodyNamed = refuse('invalid', 'Say who leaves.', {
  next: say`Type ${{ code: '/keys offboard @user' }}.`,
})

async function openPreview(interaction: Interaction, userId: string): Promise<Handled> {
  const wrong = await notAPerson(interaction, userId)
  if (wrong) return wrong
  const { world } = interaction.bot
  const { workspace, actor } = interaction.caller
  const preview = await orDatabaseOut(
    async () =>
      (await isAbove(world.db, actor, workspace, userId)) ??
      previewOffboarding(world.db, workspace, actor, userId, world.clock.now()),
  )
  if (isRefusal(preview)) return preview
  const { running, keys, elsewhere, endsRoleIn } = preview
  if (running && keys.length + elsewhere.length + endsRoleIn.length === 0)
    return showProgress(interaction, running, preview)
  await interaction.show(previewForm({ ...preview, leaver: userId, workspace }))
}

async function showProgress(
  interaction: Interaction,
  running: Offboarding,
  { keepsRoleIn: keepsRoleInNames }: Preview,
): Promise<Handled> {
  const { db } = interaction.bot.world
  const found = await orDatabaseOut(() =>
    Promise.all([countKeys(db, [running.id]), requestsOf(db, running.id)]),
  )
  if (isRefusal(found)) return found
  const [counts, requests] = found
  const sources = [...new Set(requests.map((one) => one.source))]
  await interaction.show(progressView({ ...running, sources, keepsRoleInNames }, counts))
}

/** Refuses apps and people of other organisations, who own no keys here. A guest may have been given one. */
async function notAPerson({ bot, caller }: Interaction, userId: string): Promise<Refusal | undefined> {
  try {
    const { user } = await bot.web.users.info({ user: userId })
    if (user?.is_bot) return refuse('invalid', 'That is an app; only people are offboarded.')
    if (!user || isForeign(user, caller.teamId))
      return refuse('invalid', 'That person belongs to another organisation.')
    return undefined
  } catch (error) {
    if (errorName(error) !== 'user_not_found') throw error
    return refuse('not_found', 'Slack knows nobody by that name.')
  }
}

export const submitOffboard: OnSubmit = async (interaction) => {
  const { world } = interaction.bot
  const { actor, workspace } = interaction.caller
  const userId = interaction.metadata
  const successorId = textIn(interaction.values, 'successor') || undefined
  if (successorId === userId) return interaction.complain({ successor: 'Whoever leaves cannot take over.' })
  await interaction.work(notice('Offboard', [plainSection('Starting...')]))
  const wrong =
    successorId && (await recipientError(world, interaction.bot.web, interaction.caller, successorId))
  if (wrong) return interaction.complain({ successor: wrong })
  const mode = modes.find((mode): mode is Mode => mode === textIn(interaction.values, 'mode'))
  const choices = choicesIn(interaction)
  const note = textIn(interaction.values, 'note')
  const made = await performFor(interaction, (act) =>
    requestOffboarding(
      act,
      workspace,
      { source: 'slack', userId, successorId, note, mode, choices },
      world.random,
    ),
  )
  if (isRefusal(made)) return made
  const preview = await previewOffboarding(world.db, workspace, actor, userId, world.clock.now())
  const keys = preview.elsewhere.reduce((sum, one) => sum + one.keys, preview.keys.length)
  const isUsed = isDeepStrictEqual(
    [made.mode, made.successorId, made.choices],
    [mode ?? made.mode, successorId ?? null, choices],
  )
  const overtakenBy = isUsed ? undefined : made.requestedBy
  await interaction.show(begunView(userId, keys, workspace.policy.alertChannel, overtakenBy))
  interaction.bot.offboard()
}

/** The plan chosen for each key; whether it is possible is checked later. */
const choicesIn = ({ values }: SubmitInteraction): Record<string, Plan> =>
  Object.fromEntries(
    Object.entries(values).filter(
      (entry): entry is [string, Plan] => typeof entry[1] === 'string' && entry[1] in planWords,
    ),
  )

/** [Undo] on a report: says what would be given back now. */
export const openUndo: OnClick = async (interaction) => {
  const { actor, workspace } = interaction.caller
  const preview = await perform(interaction.bot.world, actor, (act) =>
    previewUndo(act, workspace.accountId, interaction.value),
  )
  if (isRefusal(preview)) return preview
  await interaction.show(undoForm(workspace, preview))
}

/** Takes back what can be taken back. */
export const submitUndo: OnSubmit = async (interaction) => {
  const { workspace } = interaction.caller
  await interaction.work(notice('Undo offboarding', [plainSection('Undoing...')]))
  const undone = await performFor(
    interaction,
    (act) => undoOffboarding(act, workspace.accountId, interaction.metadata, interaction.bot.world.random),
    undefined,
    { changesRoles: true },
  )
  if (isRefusal(undone)) return undone
  interaction.bot.offboard()
  interaction.bot.refresh(workspace)
  await showReceipts(interaction, undefined, (receipt) => undoneView(undone, receipt))
}
