import { perform } from '../../audit/perform.ts'
import { orDatabaseOut } from '../../foundation/database.ts'
import { isRefusal, type Refusal } from '../../foundation/refusal.ts'
import { nameInUse } from '../../keys/find.ts'
import { issue, type KeyDraft, type KeyRequest, nameIsTaken, readDraft } from '../../keys/issue.ts'
import { reveal } from '../../keys/reveal.ts'
import { notice, plainSection } from '../blocks.ts'
import { createForm } from '../messages/create.ts'
import { fieldErrors } from '../messages/refusal.ts'
import type { CommandStory, Conversation, SubmitStory, Values } from '../story.ts'
import { showOnce } from './show-once.ts'

/** `/keys create [name]` */
export const openCreate: Conversation<CommandStory> = async (story) => {
  await story.show(createForm(story.caller.workspace, story.words))
  return undefined
}

/** The form comes back: either with sentences on its fields, or it becomes the key, shown once. */
export const submitCreate: Conversation<SubmitStory> = async (story) => {
  const { workspace } = story.caller
  const request = readDraft(readForm(story), workspace.terms)
  if (Array.isArray(request)) return void (await story.complain(fieldErrors(request)))
  const taken = await orDatabaseOut(() => nameInUse(story.door.world.db, workspace.id, request.name))
  if (isRefusal(taken)) return taken
  if (taken) return void (await story.complain(fieldErrors([nameIsTaken(request.name)])))
  await story.work(notice('Create key', [plainSection('Creating...')]))
  return makeAndShow(story, request)
}

function readForm({ values, caller }: SubmitStory): KeyDraft {
  return {
    name: text(values, 'name'),
    description: text(values, 'description'),
    integration: '',
    scopes: [values.scopes ?? []].flat(),
    expiresInDays: text(values, 'expires'),
    ownerId: caller.actor.id,
  }
}

const text = (values: Values, field: string): string => {
  const value = values[field]
  return typeof value === 'string' ? value : ''
}

/** Issue and reveal are one act here: a key made in this dialog is never seen waiting. */
async function makeAndShow(story: SubmitStory, request: KeyRequest): Promise<Refusal | undefined> {
  const { world } = story.door
  const { actor, workspace } = story.caller
  const means = {
    random: world.random,
    tokenPrefix: world.config.tokenPrefix,
    timeZone: workspace.terms.timeZone,
  }
  const made = await perform(
    world,
    actor,
    async (act) => {
      const key = await issue(act, workspace.id, request, world.random)
      return isRefusal(key) ? key : reveal(act, workspace.id, key.id, means)
    },
    { requestId: story.requestId },
  )
  if (isRefusal(made)) return made
  await showOnce(story, made.key, made.token)
  return undefined
}
