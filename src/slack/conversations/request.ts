import { perform } from '../../acts/perform.ts'
import { orDatabaseOut } from '../../foundation/database.ts'
import { isRefusal, type Refusal, refuse } from '../../foundation/refusal.ts'
import { say } from '../../foundation/words.ts'
import { issue, type KeyRequest as KeyDraft, readExpiry } from '../../keys/issue.ts'
import { isScope } from '../../keys/scope.ts'
import { noSuchKey } from '../../policy/authorise.ts'
import type { Terms } from '../../policy/terms.ts'
import {
  cannotDecide,
  decideRequest,
  findRequest,
  type KeyRequest,
  openForDecision,
  readReason,
} from '../../workspaces/requests.ts'
import { type Message, notice, plainSection } from '../blocks.ts'
import { isFullMember } from '../caller.ts'
import { sendOrInWords } from '../in-words.ts'
import { deniedMessage, deniedView, denyForm, requestMessage } from '../messages/keys/request.ts'
import { fieldErrors } from '../messages/refusal.ts'
import type { ClickStory, CommandStory, Conversation, Story, SubmitStory } from '../story.ts'
import { textIn } from '../story.ts'
import { askForApproval } from './ask.ts'
import { checkForm, openForm } from './create.ts'
import { offerReveal } from './show-once.ts'
import { tell } from './tell.ts'

/** `/keys request [name]` */
export const openRequest: Conversation<CommandStory> = (story) => openForm(story, 'request')

export const submitRequest: Conversation<SubmitStory> = async (story) => {
  const reason = readReason(textIn(story.values, 'reason'))
  if (isRefusal(reason)) return void (await story.complain(fieldErrors([reason])))
  const checked = await checkForm(story, 'request')
  if (!checked || isRefusal(checked)) return checked
  return askForApproval(story, checked, reason)
}

/** [Approve]: the decision and the key are one act. The key waits for the person who asked. */
export const approve: Conversation<ClickStory> = async (story) => {
  const { actor, workspace } = story.caller
  const { world } = story.door
  const gone = await requesterIsGone(story)
  if (gone) return gone
  const decided = await perform(
    world,
    actor,
    async (act) => {
      const request = await openForDecision(act, workspace.id, story.value)
      if (isRefusal(request)) return request
      const draft = { ...request.draft, scopes: request.draft.scopes.filter(isScope) }
      const key =
        breaksPolicy(draft, workspace.terms) ?? (await issue(act, workspace.id, draft, world.random))
      if (isRefusal(key)) return orDeny(key)
      const done = await decideRequest(act, request, { approved: true, keyId: key.id })
      return isRefusal(done) ? done : { request: done, key }
    },
    { requestId: story.requestId },
  )
  if (isRefusal(decided)) return decided
  await keepMessageTrue(story, decided.request)
  await offerReveal(story, decided.key)
  story.door.settle(workspace)
  return undefined
}

/** The key would be for somebody who is no longer a full member of the team. */
async function requesterIsGone(story: ClickStory): Promise<Refusal | undefined> {
  const { door, caller, value } = story
  const request = await orDatabaseOut(() => findRequest(door.world.db, caller.workspace.id, value))
  if (isRefusal(request)) return request
  // What is missing or decided already is the act's to say.
  if (request?.state !== 'waiting') return undefined
  const { ownerId } = request.draft
  if (await isFullMember(door.web, ownerId, caller.teamId)) return undefined
  return refuse('invalid', say`${{ user: ownerId }} is no longer a full member of your team.`, {
    next: 'Deny the request.',
  })
}

/** Policy may have changed since somebody asked. */
const breaksPolicy = ({ lifetimeDays, scopes }: KeyDraft, terms: Terms): Refusal | undefined => {
  const lifetime = readExpiry(String(lifetimeDays ?? ''), scopes, terms)
  return isRefusal(lifetime) ? lifetime : undefined
}

/** Whoever decides cannot change what was asked for. */
const orDeny = ({ field: _, ...refusal }: Refusal): Refusal =>
  refusal.code === 'forbidden'
    ? refusal
    : { ...refusal, next: ['Deny the request, saying so; then they can ask again.'] }

/** [Deny] asks for a reason first. */
export const openDeny: Conversation<ClickStory> = async (story) => {
  const request = await orDatabaseOut(() =>
    findRequest(story.door.world.db, story.caller.workspace.id, story.value),
  )
  if (isRefusal(request)) return request
  if (!request) return noSuchKey({ action: 'request.decide' })
  const late = cannotDecide(request, story.caller.actor.id)
  if (late) return late
  await story.show(denyForm(request))
  return undefined
}

export const submitDeny: Conversation<SubmitStory> = async (story) => {
  const { actor, workspace } = story.caller
  const reason = readReason(textIn(story.values, 'reason'))
  if (isRefusal(reason)) return void (await story.complain(fieldErrors([reason])))
  await story.work(notice('Deny request', [plainSection('Saving...')]))
  const denied = await perform(
    story.door.world,
    actor,
    async (act) => {
      const request = await openForDecision(act, workspace.id, story.metadata)
      return isRefusal(request) ? request : decideRequest(act, request, { approved: false, reason })
    },
    { requestId: story.requestId },
  )
  if (isRefusal(denied)) return denied
  await story.show(deniedView(denied))
  await keepMessageTrue(story, denied)
  await tell(story, denied.requestedBy, deniedMessage(denied))
  story.door.settle(workspace)
  return undefined
}

async function keepMessageTrue({ door }: Story, request: KeyRequest): Promise<void> {
  if (!request.posted) return
  const { channelId: channel, ts } = request.posted
  const { log } = door.world
  const update = (form: Message) => door.web.chat.update({ channel, ts, ...form })
  await sendOrInWords(requestMessage(request), update, { log }).catch((error) =>
    log.warn({ request: request.id, error: String(error) }, 'a request shows old'),
  )
}
