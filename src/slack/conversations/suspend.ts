import { orDatabaseOut } from '../../foundation/database.ts'
import { isRefusal, refuse } from '../../foundation/refusal.ts'
import { listKeys } from '../../keys/list.ts'
import { countLimit } from '../../keys/page.ts'
import { confirmRequest } from '../../leases/confirm.ts'
import { resumeWorkspace, suspendWorkspace } from '../../workspaces/suspend.ts'
import { notice, plainSection } from '../blocks.ts'
import { type OnCommand, type OnSubmit, textIn } from '../interaction.ts'
import { resumedMessage, suspendedView, suspendForm } from '../messages/workspace/suspend.ts'
import { performFor, requestOf } from '../perform-for.ts'
import { showReceipts } from './change.ts'
import { viewer } from './pick.ts'

/** A suspension locks its workspace, as a change of roles does. */
const alone = { changesRoles: true }

/** `/keys suspend`: the emergency stop, after its name was typed. */
export const openSuspend: OnCommand = async (interaction) => {
  const { workspace } = interaction.caller
  const { db, clock } = interaction.bot.world
  const active = await orDatabaseOut(() =>
    listKeys(db, viewer(interaction), { status: 'active' }, { from: 0 }, workspace.policy, clock.now()),
  )
  if (isRefusal(active)) return active
  await interaction.show(suspendForm(workspace, active.total, countLimit))
}

export const submitSuspend: OnSubmit = async (interaction) => {
  const { workspace } = interaction.caller
  const { values, bot } = interaction
  if (textIn(values, 'confirm').trim().toLowerCase() !== workspace.name.trim().toLowerCase())
    return interaction.complain({ confirm: `That does not match ${workspace.name}.` })
  const reason = textIn(values, 'reason').trim()
  await interaction.work(notice('Suspend workspace', [plainSection('Suspending...')]))
  const done = await performFor(
    interaction,
    (act) => suspendWorkspace(act, workspace, reason || undefined),
    undefined,
    alone,
  )
  if (isRefusal(done)) return done
  await showReceipts(interaction, undefined, (receipt) => suspendedView(workspace, receipt))
  bot.refresh(workspace)
}

const quickMs = 5_000

/** `/keys resume`, and [Resume]: every key is as it was. */
export const resume: OnCommand = async (interaction) => {
  const { workspace } = interaction.caller
  const done = await performFor(interaction, (act) => resumeWorkspace(act, workspace), undefined, alone)
  if (isRefusal(done))
    return done.code === 'already'
      ? refuse('already', done.message, { next: 'Its keys are accepted.' })
      : done
  const receipt = await confirmRequest(interaction.bot.world, requestOf(interaction), { withinMs: quickMs })
  await interaction.say(resumedMessage(workspace, receipt))
  interaction.bot.refresh(workspace)
}
