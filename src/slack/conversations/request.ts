import type { ModalView } from '@slack/types'
import { orDatabaseOut } from '../../foundation/database.ts'
import type { Random } from '../../foundation/random.ts'
import { isRefusal, type Refusal, refuse } from '../../foundation/refusal.ts'
import { say } from '../../foundation/words.ts'
import { issue, type KeyRequest as KeyDraft } from '../../keys/issue.ts'
import { readExpiry } from '../../keys/lifetime.ts'
import { offerKey } from '../../keys/offers.ts'
import { isScope } from '../../keys/scope.ts'
import type { Act } from '../../members/actor.ts'
import { currentOffboarding } from '../../offboarding/offboarding.ts'
import { noSuchKey } from '../../policy/authorise.ts'
import type { Policy } from '../../policy/policy.ts'
import { cannotDecide, decideRequest, narrow, openForDecision } from '../../workspaces/decide-request.ts'
import { withdrawRequest } from '../../workspaces/request-ends.ts'
import {
  findRequest,
  type Grant,
  type KeyRequest,
  readReason,
  requestsOf,
} from '../../workspaces/requests.ts'
import type { Workspace } from '../../workspaces/workspace.ts'
import { notice, plainSection } from '../blocks.ts'
import { isFullMember } from '../caller.ts'
import {
  type ClickInteraction,
  choicesIn,
  type Handled,
  type Interaction,
  type OnClick,
  type OnCommand,
  type OnSubmit,
  textIn,
} from '../interaction.ts'
import {
  approvedView,
  deniedView,
  denyForm,
  myRequestsMessage,
  narrowForm,
  withdrawnMessage,
} from '../messages/keys/request.ts'
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

/** `/keys requests`: what became of one's own requests. */
export const myRequests: OnCommand = async (interaction) => {
  const { caller, bot } = interaction
  const { workspace, actor } = caller
  const requests = await orDatabaseOut(() =>
    requestsOf(bot.world.db, workspace.id, actor.id, requestsShown + 1),
  )
  if (isRefusal(requests)) return requests
  const shown = requests.slice(0, requestsShown)
  await interaction.say(myRequestsMessage(shown, workspace, requests.length > requestsShown))
}

const requestsShown = 10

/** [Withdraw] */
export const withdraw: OnClick = async (interaction) => {
  const { workspace } = interaction.caller
  const withdrawn = await performFor(interaction, (act) =>
    withdrawRequest(act, workspace.id, interaction.value, interaction.bot.world.random),
  )
  if (isRefusal(withdrawn)) return withdrawn
  interaction.bot.refresh(workspace)
  await interaction.say(withdrawnMessage(withdrawn))
}

/** [Approve] */
export const approve: OnClick = async (interaction) => {
  const decided = await approveOnce(interaction, interaction.value)
  if (isRefusal(decided)) return decided
}

/** [Approve less]: a form for fewer scopes and a shorter life. */
export const openNarrow: OnClick = (interaction) => openDecision(interaction, narrowForm)

export const submitNarrow: OnSubmit = async (interaction) => {
  const { values, metadata } = interaction
  const days = textIn(values, 'expires').trim()
  if (days !== '' && !/^[1-9][0-9]{0,5}$/.test(days))
    return interaction.complain({ expires: 'Enter a whole number of days.' })
  await interaction.work(notice('Approve less', [plainSection('Saving...')]))
  const grant = { scopes: choicesIn(values, 'scopes'), lifetimeDays: days === '' ? null : Number(days) }
  const decided = await approveOnce(interaction, metadata, grant)
  if (isRefusal(decided)) return decided.field ? interaction.complain(fieldErrors([decided])) : decided
  await interaction.show(approvedView(decided))
}

async function approveOnce(interaction: Interaction, id: string, grant?: Grant) {
  const { bot, caller } = interaction
  const gone = await ownerIsGone(interaction, id)
  if (gone) return gone
  const decided = await performFor(interaction, (act) =>
    approveRequest(act, caller.workspace, { id, ...(grant ? { grant } : {}) }, bot.world.random),
  )
  if (!isRefusal(decided)) bot.refresh(caller.workspace)
  return decided
}

/**
 * The decision and the key are one act. The key waits for its owner to reveal it. Without a grant the request is approved
 * as it is; a grant that exceeds it is refused.
 */
export async function approveRequest(
  act: Act,
  workspace: Workspace,
  { id, grant: wanted }: { id: string; grant?: Grant },
  random: Random,
): Promise<KeyRequest | Refusal> {
  const request = await openForDecision(act, workspace.id, id)
  if (isRefusal(request)) return request
  const grant = narrow(request.draft, wanted ?? request.draft)
  if (isRefusal(grant)) return grant
  const draft = { ...request.draft, ...grant, scopes: grant.scopes.filter(isScope) }
  const key = breaksPolicy(draft, workspace.policy) ?? (await issue(act, workspace.id, draft, random))
  if (isRefusal(key)) return wanted && key.field === 'expires' ? key : otherwise(key)
  const done = await decideRequest(act, request, { approved: true, keyId: key.id, grant }, random)
  if (!isRefusal(done)) await offerKey(act, key, 'made', random)
  return done
}

/** Refuses when the key's owner is no longer a full member of the team. */
async function ownerIsGone({ bot, caller }: Interaction, id: string): Promise<Refusal | undefined> {
  const request = await orDatabaseOut(() => findRequest(bot.world.db, caller.workspace.id, id))
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

/** The approver cannot change the draft but for granting less, so the way out is that or to deny it. */
const otherwise = ({ field, ...refusal }: Refusal): Refusal =>
  refusal.code === 'forbidden'
    ? refusal
    : {
        ...refusal,
        next: [
          field === 'expires'
            ? 'Approve less, with a lifetime that policy allows; or deny the request.'
            : 'Deny the request, saying so; then they can ask again.',
        ],
      }

/** [Deny]: a form for the reason. */
export const openDeny: OnClick = (interaction) => openDecision(interaction, denyForm)

async function openDecision(
  interaction: ClickInteraction,
  view: (request: KeyRequest) => ModalView,
): Promise<Handled> {
  const request = await orDatabaseOut(() =>
    findRequest(interaction.bot.world.db, interaction.caller.workspace.id, interaction.value),
  )
  if (isRefusal(request)) return request
  if (!request) return noSuchKey({ action: 'request.decide' })
  const late = cannotDecide(request, interaction.caller.actor.id)
  if (late) return late
  await interaction.show(view(request))
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
