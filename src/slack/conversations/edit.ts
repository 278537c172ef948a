import { perform } from '../../audit/perform.ts'
import { isRefusal, refuse } from '../../foundation/refusal.ts'
import { say } from '../../foundation/words.ts'
import { edit, readEdit, type TypedEdit } from '../../keys/edit.ts'
import type { Key } from '../../keys/key.ts'
import { message, notice, plainSection } from '../blocks.ts'
import { isFullMember } from '../caller.ts'
import { editedView, editForm } from '../messages/edit.ts'
import { fieldErrors } from '../messages/refusal.ts'
import { type CommandStory, type Conversation, type SubmitStory, textIn } from '../story.ts'
import { keyById, keyFor } from './pick.ts'
import { offerReveal } from './show-once.ts'
import { tell } from './tell.ts'

/** `/keys edit KEY` */
export const openEdit: Conversation<CommandStory> = async (story) => {
  const key = await keyFor(story, 'edit')
  if (!key || isRefusal(key)) return key
  if (key.status === 'revoked')
    return refuse('gone', say`${{ name: key.name }} was revoked; it cannot change.`)
  await story.show(editForm(key))
  return undefined
}

export const submitEdit: Conversation<SubmitStory> = async (story) => {
  const [keyId = '', version = ''] = story.metadata.split(' ')
  const wanted = readEdit(readForm(story))
  if (Array.isArray(wanted)) return void (await story.complain(fieldErrors(wanted)))
  const before = await keyById(story, keyId)
  if (isRefusal(before)) return before
  if (wanted.ownerId !== before.ownerId && !(await ownerFits(story, wanted.ownerId)))
    return void (await story.complain({ owner: 'Choose a full member of your team.' }))
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

const ownerFits = (story: SubmitStory, userId: string) =>
  isFullMember(story.door.web, userId, story.caller.teamId)

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
  if (saved.status === 'unrevealed') return offerReveal(story, saved)
  if (saved.ownerId === story.caller.actor.id) return
  const { id } = story.caller.actor
  const said = say`${{ user: id }} made you the owner of ${{ name: saved.name }} ${{ code: saved.hint ?? '' }}. You will hear when it needs something.`
  await tell(story, saved.ownerId, message(said))
}
