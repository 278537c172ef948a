import { orDatabaseOut } from '../../foundation/database.ts'
import { isRefusal, type Refusal, refuse } from '../../foundation/refusal.ts'
import { say } from '../../foundation/words.ts'
import { issue, type KeyRequest as KeyDraft, readExpiry } from '../../keys/issue.ts'
import { offerKey } from '../../keys/offers.ts'
import { isScope } from '../../keys/scope.ts'
import { currentOffboarding } from '../../offboarding/offboarding.ts'
import { noSuchKey } from '../../policy/authorise.ts'
import type { Policy } from '../../policy/policy.ts'
import {
  cannotDecide,
  decideRequest,
  findRequest,
  openForDecision,
  readReason,
} from '../../workspaces/requests.ts'
import { notice, plainSection } from '../blocks.ts'
import { isFullMember } from '../caller.ts'
import type { ClickInteraction, OnClick, OnCommand, OnSubmit } from '../interaction.ts'
import { textIn } from '../interaction.ts'
import { deniedView, denyForm } from '../messages/keys/request.ts'
import { fieldErrors } from '../messages/refusal.ts'
import { performFor } from '../perform-for.ts'
import { askForApproval } from './ask.ts'
import { checkForm, openForm } from './create.ts'

/** `/keys request [name]` */
export const openRequest: OnCommand = (interaction) => openForm(interaction, 'request')

export const submitRequest: OnSubmit = async (interaction) => {
  const reason = readReason(textIn(interaction.values, 'reason'))
  if (isRefusal(reason)) return interaction.complain(fieldErrors([reason]))
  const checked = await checkForm(interaction, 'request')
  if (!checked || isRefusal(checked)) return checked
  return askForApproval(interaction, checked, reason)
}

/** [Approve]: the decision and the key are one act. The key waits for the requester to reveal it. */
export const approve: OnClick = async (interaction) => {
  const { workspace } = interaction.caller
  const { world } = interaction.bot
  const gone = await requesterIsGone(interaction)
  if (gone) return gone
  const decided = await performFor(interaction, async (act) => {
    const request = await openForDecision(act, workspace.id, interaction.value)
    if (isRefusal(request)) return request
    const draft = { ...request.draft, scopes: request.draft.scopes.filter(isScope) }
    const key = breaksPolicy(draft, workspace.policy) ?? (await issue(act, workspace.id, draft, world.random))
    if (isRefusal(key)) return orDeny(key)
    const done = await decideRequest(act, request, { approved: true, keyId: key.id }, world.random)
    if (!isRefusal(done)) await offerKey(act, key, 'made', world.random)
    return done
  })
  if (isRefusal(decided)) return decided
  interaction.bot.refresh(workspace)
}

/** Refuses when the key's owner is no longer a full member of the team. */
async function requesterIsGone(interaction: ClickInteraction): Promise<Refusal | undefined> {
  const { bot, caller, value } = interaction
  const request = await orDatabaseOut(() => findRequest(bot.world.db, caller.workspace.id, value))
  if (isRefusal(request)) return request
  // The act refuses a request that is missing or already decided.
  if (request?.state !== 'waiting') return undefined
  const { ownerId } = request.draft
  const leaving = await orDatabaseOut(() =>
    currentOffboarding(bot.world.db, caller.workspace.accountId, ownerId),
  )
  if (isRefusal(leaving)) return leaving
  if (!leaving && (await isFullMember(bot.web, ownerId, caller.teamId))) return undefined
  return refuse('invalid', say`${{ user: ownerId }} is no longer a full member of your team.`, {
    next: 'Deny the request.',
  })
}

/** Checks the draft again: the policy may have changed since the request. */
const breaksPolicy = ({ lifetimeDays, scopes }: KeyDraft, policy: Policy): Refusal | undefined => {
  const lifetime = readExpiry(String(lifetimeDays ?? ''), scopes, policy)
  return isRefusal(lifetime) ? lifetime : undefined
}

/** The approver cannot change the draft, so the way out is to deny it. */
const orDeny = ({ field: _, ...refusal }: Refusal): Refusal =>
  refusal.code === 'forbidden'
    ? refusal
    : { ...refusal, next: ['Deny the request, saying so; then they can ask again.'] }

/** [Deny]: a form for the reason. */
export const openDeny: OnClick = async (interaction) => {
  const request = await orDatabaseOut(() =>
    findRequest(interaction.bot.world.db, interaction.caller.workspace.id, interaction.value),
  )
  if (isRefusal(request)) return request
  if (!request) return noSuchKey({ action: 'request.decide' })
  const late = cannotDecide(request, interaction.caller.actor.id)
  if (late) return late
  await interaction.show(denyForm(request))
}

export const submitDeny: OnSubmit = async (interaction) => {
  const { workspace } = interaction.caller
  const reason = readReason(textIn(interaction.values, 'reason'))
  if (isRefusal(reason)) return interaction.complain(fieldErrors([reason]))
  await interaction.work(notice('Deny request', [plainSection('Saving...')]))
  const denied = await performFor(interaction, async (act) => {
    const request = await openForDecision(act, workspace.id, interaction.metadata)
    return isRefusal(request)
      ? request
      : decideRequest(act, request, { approved: false, reason }, interaction.bot.world.random)
  })
  if (isRefusal(denied)) return denied
  await interaction.show(deniedView(denied))
  interaction.bot.refresh(workspace)
}
