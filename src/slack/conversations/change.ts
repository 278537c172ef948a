import { perform } from '../../acts/perform.ts'
import { orDatabaseOut } from '../../foundation/database.ts'
import { isRefusal, type Refusal } from '../../foundation/refusal.ts'
import { plain, say } from '../../foundation/words.ts'
import { holdersOf } from '../../keys/holders.ts'
import type { Key } from '../../keys/key.ts'
import { activate, cannot, deactivate, revoke } from '../../keys/state.ts'
import { hintCharacters, isConfirmedBy } from '../../keys/typed-confirmation.ts'
import { confirmChange } from '../../leases/confirm.ts'
import { receiptPhrase } from '../../leases/receipt-words.ts'
import type { Act } from '../../members/actor.ts'
import { latelyOf } from '../../usage/lately.ts'
import { notice, plainSection } from '../blocks.ts'
import {
  activatedMessage,
  type Change,
  deactivateView,
  ownerToldMessage,
  restrictedView,
  revokeView,
} from '../messages/keys/change.ts'
import { type CommandStory, type Conversation, type Story, type SubmitStory, textIn } from '../story.ts'
import { keyById, keyFor } from './pick.ts'
import { tell } from './tell.ts'

const acts = { deactivate, revoke }
const dialogs = { deactivate: deactivateView, revoke: revokeView }
const working = {
  deactivate: notice('Deactivate key', [plainSection('Deactivating...')]),
  revoke: notice('Revoke key', [plainSection('Revoking...')]),
}

/** `/keys deactivate KEY`, `/keys revoke KEY`: a dialog with the facts of this moment. */
export const openChange =
  (change: keyof typeof dialogs): Conversation<CommandStory> =>
  async (story) => {
    const key = await keyFor(story, change)
    if (!key || isRefusal(key)) return key
    const late = cannot(change, key)
    if (late) return late
    const { db, clock } = story.door.world
    const read = await orDatabaseOut(() =>
      Promise.all([latelyOf(db, key.id, clock.now()), holdersOf(db, key.id)]),
    )
    if (isRefusal(read)) return read
    const [lately, holders] = read
    await story.show(dialogs[change](key, { lately, holders }))
    return undefined
  }

/**
 * `/keys activate KEY`: nothing can break, so nothing is asked. A button that tells of a pause carries the time of that
 * pause, and ends no other.
 */
export const activateKey: Conversation<CommandStory> = async (story) => {
  const found = await keyFor(story, 'activate')
  if (!found || isRefusal(found)) return found
  const since = story.keyId && story.words ? new Date(story.words) : undefined
  const key = await change(story, 'activate', (act) =>
    activate(act, story.caller.workspace.id, found.id, undefined, since),
  )
  if (isRefusal(key)) return key
  // Nobody's safety waits for this, but the sentence says that it works, so it had better be true.
  await confirmChange(story.door.world, [key.id], { withinMs: quickMs })
  await story.say(activatedMessage(key))
  return undefined
}

export const submitDeactivate: Conversation<SubmitStory> = (story) => workAndShow(story, 'deactivate')

/** Deactivates a key at once, without a dialog, and waits a moment for the proof that every server refuses it. */
export async function restrict(story: Story, act: (act: Act) => Promise<Key | Refusal>) {
  const key = await change(story, 'deactivate', act)
  if (isRefusal(key)) return key
  return {
    key,
    receipt: await confirmChange(story.door.world, [key.id], { withinMs: patienceMs, to: 'inactive' }),
  }
}

/** What was typed must be the key's name, or the four characters of its hint. */
export const submitRevoke: Conversation<SubmitStory> = async (story) => {
  const key = await keyById(story, story.metadata)
  if (isRefusal(key)) return key
  const typed = textIn(story.values, 'confirm')
  if (isConfirmedBy(typed, key)) return workAndShow(story, 'revoke')
  const characters = hintCharacters(key)
  const expected = characters ? say`${{ name: key.name }} or ${characters}` : say`${{ name: key.name }}`
  await story.complain({ confirm: plain(say`That does not match ${expected}.`) })
  return undefined
}

async function workAndShow(story: SubmitStory, what: keyof typeof working): Promise<Refusal | undefined> {
  await story.work(working[what])
  const key = await change(story, what, (act) => acts[what](act, story.caller.workspace.id, story.metadata))
  if (isRefusal(key)) return key.code === 'already' || key.code === 'gone' ? stillUnderWay(story, key) : key
  const to = what === 'revoke' ? 'revoked' : 'inactive'
  const confirm = (withinMs: number) => confirmChange(story.door.world, [key.id], { withinMs, to })
  const receipt = await confirm(quickMs)
  await story.show(restrictedView(what, key, receipt))
  if (receipt.state !== 'confirmed') await story.show(restrictedView(what, key, await confirm(patienceMs)))
  // Homes that were drawn meanwhile say that it is under way.
  story.door.settle(story.caller.workspace)
  return undefined
}

/** Real milliseconds after which a person reads that it takes longer, and after which they no longer look. */
const quickMs = 1_000
const patienceMs = 120_000

/** Somebody else was first. Whether it holds everywhere is a question of its own. */
async function stillUnderWay(story: SubmitStory, refusal: Refusal): Promise<Refusal> {
  const receipt = await confirmChange(story.door.world, [story.metadata], { withinMs: 1 })
  return receipt.state === 'confirmed' ? refusal : { ...refusal, next: receiptPhrase(receipt) }
}

/** The act itself, once per dialog or click; then alerts catch up, and an owner hears what somebody else did. */
async function change(
  story: Story,
  what: Change,
  act: (act: Act) => Promise<Key | Refusal>,
): Promise<Key | Refusal> {
  const { door, caller } = story
  const key = await perform(door.world, caller.actor, act, {
    requestId: `${story.requestId} ${what}`,
  })
  if (isRefusal(key)) return key
  door.settle(caller.workspace)
  if (key.ownerId !== caller.actor.id)
    await tell(story, key.ownerId, ownerToldMessage(what, key, caller.actor.id))
  return key
}
