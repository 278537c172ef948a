import type { ModalView } from '@slack/types'
import { orDatabaseOut } from '../../foundation/database.ts'
import { isRefusal, type Refusal } from '../../foundation/refusal.ts'
import { plain, say } from '../../foundation/words.ts'
import { holdersOf } from '../../keys/holders.ts'
import type { Key } from '../../keys/key.ts'
import { notifyOwner } from '../../keys/notify-owner.ts'
import { activate, cannot, deactivate, revoke } from '../../keys/state.ts'
import { hintCharacters, isConfirmedBy } from '../../keys/typed-confirmation.ts'
import { confirmChange, confirmRequest, type Receipt } from '../../leases/confirm.ts'
import { isLost } from '../../leases/receipt.ts'
import { receiptPhrase } from '../../leases/receipt-words.ts'
import type { Act } from '../../members/actor.ts'
import { last24hOf } from '../../usage/last-24h.ts'
import { isSuspended } from '../../workspaces/suspend.ts'
import { message, notice, plainSection } from '../blocks.ts'
import {
  type Handled,
  type Interaction,
  type OnCommand,
  type OnSubmit,
  type SubmitInteraction,
  textIn,
} from '../interaction.ts'
import {
  type Activated,
  activatedMessage,
  type Change,
  deactivateView,
  restrictedView,
  revokeView,
} from '../messages/keys/change.ts'
import { performFor, requestOf } from '../perform-for.ts'
import { keyById, keyFor } from './pick.ts'

const acts = { deactivate, revoke }
const dialogs = { deactivate: deactivateView, revoke: revokeView }
const working = {
  deactivate: notice('Deactivate key', [plainSection('Deactivating...')]),
  revoke: notice('Revoke key', [plainSection('Revoking...')]),
}

/** `/keys deactivate KEY`, `/keys revoke KEY`: a dialog with the key's current facts. */
export const openChange =
  (change: keyof typeof dialogs): OnCommand =>
  async (interaction) => {
    const key = await keyFor(interaction, change)
    if (!key || isRefusal(key)) return key
    const late = cannot(change, key)
    if (late) return late
    const { db, clock } = interaction.bot.world
    const read = await orDatabaseOut(() =>
      Promise.all([last24hOf(db, key.id, clock.now()), holdersOf(db, key.id)]),
    )
    if (isRefusal(read)) return read
    const [last24h, holders] = read
    await interaction.show(dialogs[change](key, { last24h, holders }))
  }

/**
 * `/keys activate KEY`: nothing can break, so there is no confirmation. A button carries the time of the pause that
 * it ends, and ends no other.
 */
export const activateKey: OnCommand = async (interaction) => {
  const found = await keyFor(interaction, 'activate')
  if (!found || isRefusal(found)) return found
  const since = interaction.keyId && interaction.words ? new Date(interaction.words) : undefined
  const key = await make(interaction, 'activate', (act) =>
    activate(act, interaction.caller.workspace.id, found.id, undefined, since),
  )
  if (isRefusal(key)) return key
  // Nobody's safety depends on this wait, but a reply that says that the key works must be true.
  const receipt = await confirmStep(interaction, 'activate', quickMs)
  if (isLost(receipt)) return interaction.say(message(receiptPhrase(receipt)))
  const suspended = await orDatabaseOut(() => isSuspended(interaction.bot.world.db, key.workspaceId))
  await interaction.say(activatedMessage(key, worksAgain(receipt, suspended)))
}

/** Where nobody knows whether the workspace is suspended, nothing says that the key works. */
const worksAgain = (receipt: Receipt, suspended: boolean | Refusal): Activated => {
  if (suspended === true) return 'when-resumed'
  return receipt.state === 'confirmed' && suspended === false ? 'now' : 'soon'
}

export const submitDeactivate: OnSubmit = (interaction) => workAndShow(interaction, 'deactivate')

/** Deactivates a key without a dialog, and waits for the receipt that every server refuses it. */
export async function deactivateNow(interaction: Interaction, act: (act: Act) => Promise<Key | Refusal>) {
  const key = await make(interaction, 'deactivate', act)
  if (isRefusal(key)) return key
  return { key, receipt: await confirmStep(interaction, 'deactivate', timeoutMs) }
}

/** The person must type the key's name, or the four characters of its hint. */
export const submitRevoke: OnSubmit = async (interaction) => {
  const key = await keyById(interaction, interaction.metadata)
  if (isRefusal(key)) return key
  const typed = textIn(interaction.values, 'confirm')
  if (isConfirmedBy(typed, key)) return workAndShow(interaction, 'revoke')
  const characters = hintCharacters(key)
  const expected = characters ? say`${{ name: key.name }} or ${characters}` : say`${{ name: key.name }}`
  await interaction.complain({ confirm: plain(say`That does not match ${expected}.`) })
}

async function workAndShow(interaction: SubmitInteraction, what: keyof typeof working): Promise<Handled> {
  await interaction.work(working[what])
  const key = await make(interaction, what, (act) =>
    acts[what](act, interaction.caller.workspace.id, interaction.metadata),
  )
  if (isRefusal(key))
    return key.code === 'already' || key.code === 'gone' ? stillUnderWay(interaction, key) : key
  await showReceipts(interaction, what, (receipt) => restrictedView(what, key, receipt))
  // Homes that were drawn meanwhile show the change as pending.
  interaction.bot.refresh(interaction.caller.workspace)
}

/** Real milliseconds after which the dialog says that it takes longer, and after which the wait ends. */
const quickMs = 1_000
const timeoutMs = 120_000

/** Shows how far the change of this step is: after a second, and once more when that was too soon. */
export async function showReceipts(
  interaction: SubmitInteraction,
  step: string | undefined,
  view: (receipt: Receipt) => ModalView,
): Promise<void> {
  const receipt = await confirmStep(interaction, step, quickMs)
  await interaction.show(view(receipt))
  if (receipt.state !== 'confirmed')
    await interaction.show(view(await confirmStep(interaction, step, timeoutMs)))
}

const confirmStep = (interaction: Interaction, step: string | undefined, withinMs: number) =>
  confirmRequest(interaction.bot.world, requestOf(interaction, step), { withinMs })

/** Another person was first. Whether the change is confirmed everywhere is a separate question. */
async function stillUnderWay(interaction: SubmitInteraction, refusal: Refusal): Promise<Refusal> {
  const receipt = await confirmChange(interaction.bot.world, [interaction.metadata], { withinMs: quickMs })
  return receipt.state === 'confirmed' ? refusal : { ...refusal, next: receiptPhrase(receipt) }
}

/** Performs the act once per dialog or click, updates alerts, and notifies an owner of another person's change. */
async function make(
  interaction: Interaction,
  what: Change,
  change: (act: Act) => Promise<Key | Refusal>,
): Promise<Key | Refusal> {
  const { bot, caller } = interaction
  const work = async (act: Act) => {
    const key = await change(act)
    if (!isRefusal(key)) await notifyOwner(act, key, what, bot.world.random)
    return key
  }
  const key = await performFor(interaction, work, what)
  if (!isRefusal(key)) bot.refresh(caller.workspace)
  return key
}
