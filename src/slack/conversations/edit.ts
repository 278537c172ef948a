import { perform } from '../../acts/perform.ts'
import { orDatabaseOut } from '../../foundation/database.ts'
import { isRefusal, type Refusal, refuse } from '../../foundation/refusal.ts'
import { say } from '../../foundation/words.ts'
import { type Edit, edit, readEdit, type TypedEdit } from '../../keys/edit.ts'
import { nameInUse } from '../../keys/find.ts'
import { nameIsTaken } from '../../keys/issue.ts'
import type { Key } from '../../keys/key.ts'
import { fold } from '../../keys/name.ts'
import { revokedAlready } from '../../keys/revoked.ts'
import { message, notice, plainSection } from '../blocks.ts'
import { whyNotGiven } from '../caller.ts'
import { editedView, editForm } from '../messages/keys/edit.ts'
import { hintOf } from '../messages/keys/key.ts'
import { fieldErrors } from '../messages/refusal.ts'
import { type CommandStory, type Conversation, type SubmitStory, textIn } from '../story.ts'
import { keyById, keyFor } from './pick.ts'
import { offerReveal } from './show-once.ts'
import { tell } from './tell.ts'

/** `/keys edit KEY` */
export const openEdit: Conversation<CommandStory> = async (story) => {
  const key = await keyFor(story, 'edit')
  if (!key || isRefusal(key)) return key
  if (key.status === 'revoked') return revokedAlready(key)
  await story.show(editForm(key))
  return undefined
}

export const submitEdit: Conversation<SubmitStory> = async (story) => {
  const [keyId = '', version = ''] = story.metadata.split(' ')
  const wanted = readEdit(readForm(story))
  if (Array.isArray(wanted)) return void (await story.complain(fieldErrors(wanted)))
  const before = await keyById(story, keyId)
  if (isRefusal(before)) return before
  const wrong = await misfits(story, before, wanted)
  if (isRefusal(wrong)) return wrong
  if (wrong.length > 0) return void (await story.complain(fieldErrors(wrong)))
  await story.work(notice('Edit key', [plainSection('Saving...')]))
  const { actor, workspace } = story.caller
  const saved = await perform(
    story.door.world,
    actor,
    (act) => edit(act, workspace.id, keyId, wanted, Number(version)),
    { requestId: story.requestId },
  )
  if (isRefusal(saved)) return saved
  await story.show(editedView(saved))
  await tellNewOwner(story, before, saved)
  story.door.settle(workspace)
  return undefined
}

/** What only the database and Slack can say about an edit; the act checks the name again. */
async function misfits(story: SubmitStory, before: Key, wanted: Edit): Promise<Refusal[] | Refusal> {
  const { door, caller } = story
  const renamed = fold(wanted.name) !== fold(before.name)
  const taken = await orDatabaseOut(
    async () => renamed && (await nameInUse(door.world.db, caller.workspace.id, wanted.name)),
  )
  if (isRefusal(taken)) return taken
  const misfit =
    wanted.ownerId === before.ownerId
      ? undefined
      : await whyNotGiven(door.world, door.web, caller, wanted.ownerId)
  return [
    ...(taken ? [nameIsTaken(wanted.name)] : []),
    ...(misfit ? [refuse('invalid', misfit, { field: 'owner' })] : []),
  ]
}

function readForm({ values, caller }: SubmitStory): TypedEdit {
  return {
    name: textIn(values, 'name'),
    description: textIn(values, 'description'),
    integration: textIn(values, 'integration'),
    ownerId: textIn(values, 'owner') || caller.actor.id,
    networks: textIn(values, 'networks'),
    limit: textIn(values, 'limit'),
  }
}

/** A new owner hears of it; for a key that still waits, they are the one who can reveal it now. */
async function tellNewOwner(story: SubmitStory, before: Key, saved: Key): Promise<void> {
  if (saved.ownerId === before.ownerId) return
  if (saved.status === 'unrevealed') return void (await offerReveal(story, saved))
  if (saved.ownerId === story.caller.actor.id) return
  const { id } = story.caller.actor
  const said = say`${{ user: id }} made you the owner of ${{ name: saved.name }} ${hintOf(saved)}. You will hear when it needs something.`
  await tell(story, saved.ownerId, message(said))
}
