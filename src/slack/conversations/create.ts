import { perform } from '../../acts/perform.ts'
import { orDatabaseOut } from '../../foundation/database.ts'
import { isRefusal, type Refusal, refuse } from '../../foundation/refusal.ts'
import { liveKeyOfIntegration, nameInUse } from '../../keys/find.ts'
import { issue, type KeyDraft, type KeyRequest, nameIsTaken, readDraft } from '../../keys/issue.ts'
import type { Key } from '../../keys/key.ts'
import { tidy } from '../../keys/name.ts'
import { reveal } from '../../keys/reveal.ts'
import { may } from '../../policy/may.ts'
import { cut, notice, plainSection } from '../blocks.ts'
import { whyNotGiven } from '../caller.ts'
import { type CreateLook, createForm, defaultExpiry } from '../messages/keys/create.ts'
import { waitingForOwnerView } from '../messages/keys/reveal.ts'
import { fieldErrors } from '../messages/refusal.ts'
import {
  type ClickStory,
  type CommandStory,
  type Conversation,
  choicesIn,
  type Story,
  type SubmitStory,
  textIn,
  type Values,
} from '../story.ts'
import { askForApproval } from './ask.ts'
import { offerReveal, showOnce, tokenMeans } from './show-once.ts'

/** `/keys create [name]` */
export const openCreate: Conversation<CommandStory> = (story) => openForm(story, 'create')

/** The form, empty but for what stood behind the verb. */
export async function openForm(story: CommandStory, kind: CreateLook['kind']): Promise<undefined> {
  await story.show(createForm(lookNow(story, kind, { name: story.words })))
  return undefined
}

/** A choice on the form changes what the form has to say. */
export const redrawCreate: Conversation<ClickStory> = async (story) => {
  const kind = story.metadata === 'request' ? 'request' : 'create'
  const chosen = story.caller.workspaces.find(
    (workspace) => workspace.id === textIn(story.values, 'workspace'),
  )
  const caller = { ...story.caller, workspace: chosen ?? story.caller.workspace }
  // Whoever was asked about a second key for an integration keeps the question, and the answer.
  const integration = 'another' in story.values ? tidy(textIn(story.values, 'integration')) : ''
  const rival = await rivalOf({ ...story, caller }, integration)
  await story.show(
    createForm(
      lookNow({ ...story, caller }, kind, { ...readLook(story.values), ...(rival ? { rival } : {}) }),
    ),
  )
  return undefined
}

function lookNow(story: Story, kind: CreateLook['kind'], typed: Partial<CreateLook>): CreateLook {
  const { workspace, workspaces, actor } = story.caller
  const now = story.door.world.clock.now()
  return { kind, workspace, workspaces, ownerId: actor.id, chosen: [], expires: defaultExpiry, now, ...typed }
}

const readLook = (values: Values): Partial<CreateLook> => ({
  chosen: choicesIn(values, 'scopes'),
  expires: textIn(values, 'expires') || defaultExpiry,
})

/** What is wrong with the expiry stands where it was typed. */
export function expiryErrors(values: Values, refusals: readonly Refusal[]): Record<string, string> {
  const { expires, ...others } = fieldErrors(refusals)
  if (expires === undefined) return others
  return { ...others, [textIn(values, 'expires') === 'other' ? 'days' : 'expires']: expires }
}

/** The form comes back: with sentences on its fields, or as the key, shown once. */
export const submitCreate: Conversation<SubmitStory> = async (story) => {
  const checked = await checkForm(story, 'create')
  if (!checked || isRefusal(checked)) return checked
  const { terms } = story.caller.workspace
  if (terms.writeNeedsApproval && checked.scopes.includes('write'))
    return askForApproval(
      story,
      checked,
      cut(`Policy: a key with write needs a second person. ${checked.description}`.trim(), 300),
    )
  await story.work(notice('Create key', [plainSection('Creating...')]))
  return make(story, checked)
}

/**
 * What the form asks for, checked as far as can be before the act. Nothing is returned when the form went back to
 * the person.
 */
export async function checkForm(
  story: SubmitStory,
  kind: CreateLook['kind'],
): Promise<KeyRequest | Refusal | undefined> {
  const { workspace, actor } = story.caller
  const { world, web } = story.door
  const request = readDraft(readForm(story), workspace.terms)
  if (Array.isArray(request)) return void (await story.complain(expiryErrors(story.values, request)))
  const looked = await orDatabaseOut(async () => ({
    taken: await nameInUse(world.db, workspace.id, request.name),
    rival: choicesIn(story.values, 'another').includes('yes')
      ? undefined
      : await rivalOf(story, request.integration),
    misfit:
      request.ownerId === actor.id ? undefined : await whyNotGiven(world, web, story.caller, request.ownerId),
  }))
  if (isRefusal(looked)) return looked
  const wrong = [
    ...(looked.taken ? [nameIsTaken(request.name)] : []),
    ...(looked.misfit ? [refuse('invalid', looked.misfit, { field: 'owner' })] : []),
  ]
  if (wrong.length > 0) return void (await story.complain(fieldErrors(wrong)))
  if (!looked.rival) return request
  return void (await story.work(
    createForm(lookNow(story, kind, { ...readLook(story.values), rival: looked.rival })),
  ))
}

/**
 * A live key of the same integration. A member who asks for a key learns of none that is not theirs: whoever decides
 * sees it on the request.
 */
async function rivalOf(story: Story, integration: string): Promise<Key | undefined> {
  if (integration === '') return undefined
  const { actor, workspace } = story.caller
  const rival = await liveKeyOfIntegration(story.door.world.db, workspace.id, integration)
  return rival && may(actor, 'key.show', { workspaceId: workspace.id, ownerId: rival.ownerId })
    ? rival
    : undefined
}

function readForm({ values, caller }: SubmitStory): KeyDraft {
  const expires = textIn(values, 'expires')
  return {
    name: textIn(values, 'name'),
    description: textIn(values, 'description'),
    integration: tidy(textIn(values, 'integration')),
    scopes: choicesIn(values, 'scopes'),
    expiresInDays:
      expires === 'never' ? '' : expires === 'other' ? textIn(values, 'days').trim() || '0' : expires,
    networks: textIn(values, 'networks'),
    limit: textIn(values, 'limit'),
    ownerId: textIn(values, 'owner') || caller.actor.id,
  }
}

/** For oneself, issue and reveal are one act; for somebody else the key waits for its owner. */
async function make(story: SubmitStory, request: KeyRequest): Promise<Refusal | undefined> {
  const { world } = story.door
  const { actor, workspace } = story.caller
  const mine = request.ownerId === actor.id
  const made = await perform(
    world,
    actor,
    async (act) => {
      const key = await issue(act, workspace.id, request, world.random)
      if (isRefusal(key) || !mine) return isRefusal(key) ? key : { key }
      return reveal(act, workspace.id, key.id, tokenMeans(story))
    },
    { requestId: story.requestId },
  )
  if (isRefusal(made)) return made
  if ('token' in made) await showOnce(story, made.key, made.token)
  else {
    await offerReveal(story, made.key)
    await story.show(waitingForOwnerView(made.key))
  }
  story.door.settle(workspace)
  return undefined
}
