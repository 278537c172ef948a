import { orDatabaseOut } from '../../foundation/database.ts'
import { isRefusal, type Refusal, refuse } from '../../foundation/refusal.ts'
import { findKey } from '../../keys/find.ts'
import { holdersOf } from '../../keys/holders.ts'
import { readScopes } from '../../keys/issue.ts'
import type { Key, KeyWithUsage } from '../../keys/key.ts'
import { readExpiry } from '../../keys/lifetime.ts'
import { type Changes, cannotRotate } from '../../keys/rotate.ts'
import { confirmRotation } from '../../rotation/confirm.ts'
import { type Reason, type Rotation, reasons, runningRotationOf } from '../../rotation/rotation.ts'
import { type Started, startRotation } from '../../rotation/start.ts'
import { readTrackers } from '../../rotation/tracker.ts'
import { last24hOf } from '../../usage/last-24h.ts'
import { notice, plainSection } from '../blocks.ts'
import { recipientError } from '../caller.ts'
import {
  type CommandInteraction,
  choicesIn,
  type Handled,
  type Interaction,
  type OnClick,
  type OnCommand,
  type OnSubmit,
  type SubmitInteraction,
  textIn,
  type Values,
} from '../interaction.ts'
import { presets } from '../messages/keys/expiry.ts'
import { compromisedView, rotatedView, rotateForm } from '../messages/rotation/rotate.ts'
import { trackerView } from '../messages/rotation/tracker.ts'
import { performFor } from '../perform-for.ts'
import { type ExpiryChoice, expiryErrors, readExpiryChoice, readLifetime } from './expiry.ts'
import { keyById, keyFor, viewer } from './pick.ts'
import { openCampaign } from './rotate-many.ts'

const quickMs = 1_000
const timeoutMs = 60_000

/** `/keys rotate KEY`, and `/keys rotate all ...` for many keys. Shows a rotation that is already running. */
export const openRotate: OnCommand = async (interaction) => {
  const many = await wantsMany(interaction)
  if (many !== undefined) return isRefusal(many) ? many : openCampaign({ ...interaction, words: many })
  const named = await sameRotation(interaction)
  if (isRefusal(named)) return named
  if (named) return showRunning(interaction, named)
  const key = await keyFor(interaction, 'rotate')
  if (!key || isRefusal(key)) return key
  const running = await orDatabaseOut(() => runningRotationOf(interaction.bot.world.db, key.id))
  if (isRefusal(running)) return running
  const wanted = presetReason(interaction)
  const isUrgent = wanted === 'compromised'
  if (running && !isUrgent) return showRunning(interaction, running)
  // A compromised old key of a running rotation is refused at once; its successor already exists.
  const isOld = isUrgent && running?.predecessorId === key.id && key.status !== 'revoked'
  const blocked = isOld ? undefined : cannotRotate(key)
  if (blocked) return blocked
  return draw(interaction, key, { reason: wanted, chosen: key.scopes })
}

/** The reason that a button carries. */
const presetReason = ({ keyId, words }: CommandInteraction): Reason => {
  if (!keyId) return 'scheduled'
  return words === 'changes' ? 'scope-change' : (reasons.find((reason) => reason === words) ?? 'scheduled')
}

/** The words after "all", unless a key has that name. */
async function wantsMany(interaction: CommandInteraction): Promise<string | Refusal | undefined> {
  const words = /^all\b\s*(.*)$/is.exec(interaction.words)?.[1]
  if (interaction.keyId || words === undefined) return undefined
  const found = await findNamedKey(interaction)
  return isRefusal(found) ? found : found.match === 'none' ? words : undefined
}

const findNamedKey = (interaction: CommandInteraction) =>
  orDatabaseOut(() =>
    findKey(
      interaction.bot.world.db,
      viewer(interaction),
      interaction.words,
      interaction.bot.world.config.tokenPrefix,
    ),
  )

/** The running rotation, when both of its keys match the name. */
async function sameRotation(interaction: CommandInteraction): Promise<Rotation | Refusal | undefined> {
  if (interaction.keyId || interaction.words === '') return undefined
  const found = await findNamedKey(interaction)
  if (isRefusal(found)) return found
  if (found.match !== 'several') return undefined
  const running = await orDatabaseOut(() => runningRotationOf(interaction.bot.world.db, found.keys[0]!.id))
  if (isRefusal(running) || !running) return running
  const both = [running.predecessorId, running.successorId]
  return found.keys.every((key) => both.includes(key.id)) ? running : undefined
}

async function showRunning(interaction: Interaction, rotation: Rotation): Promise<Handled> {
  const { db, clock } = interaction.bot.world
  const trackers = await orDatabaseOut(() => readTrackers(db, [rotation], clock.now()))
  if (isRefusal(trackers)) return trackers
  await interaction.show(trackerView(trackers[0]!, interaction.caller.actor))
}

type Chosen = { reason: Reason; chosen: readonly string[]; expiry?: ExpiryChoice }

async function draw(interaction: Interaction, key: KeyWithUsage, chosen: Chosen): Promise<Handled> {
  const { workspace } = interaction.caller
  const { db, clock } = interaction.bot.world
  const now = clock.now()
  const read = await orDatabaseOut(() => Promise.all([last24hOf(db, key.id, now), holdersOf(db, key.id)]))
  if (isRefusal(read)) return read
  const [last24h, holders] = read
  await interaction.show(rotateForm({ key, workspace, now, last24h, holders, ...chosen }))
}

/** The expiry inputs, set to the key's own lifetime. */
function asItIs({ lifetimeDays }: Key): ExpiryChoice {
  const days = String(lifetimeDays ?? 'never')
  const named = days === 'never' || presets.includes(days)
  return { expires: named ? days : 'other', ...(named ? {} : { days }) }
}

/** Redraws the form after a choice: the reason decides which fields it has. */
export const redrawRotate: OnClick = async (interaction) => {
  const key = await keyById(interaction, interaction.metadata)
  if (isRefusal(key)) return key
  const { values } = interaction
  const isOpen = 'expires' in values
  const expiry = isOpen ? readExpiryChoice(values) : interaction.value === 'change' ? asItIs(key) : undefined
  return draw(interaction, key, { ...reasonAndScopes(values, key), ...(expiry ? { expiry } : {}) })
}

function reasonAndScopes(values: Values, key: Key): { reason: Reason; chosen: readonly string[] } {
  const reason = reasons.find((one) => one === textIn(values, 'reason')) ?? 'scheduled'
  const mayChange = reason === 'scope-change' && 'scopes' in values
  return { reason, chosen: mayChange ? choicesIn(values, 'scopes') : key.scopes }
}

export const submitRotate: OnSubmit = async (interaction) => {
  const { actor, workspace } = interaction.caller
  const { world } = interaction.bot
  const key = await keyById(interaction, interaction.metadata)
  if (isRefusal(key)) return key
  const { reason } = reasonAndScopes(interaction.values, key)
  const changes = readChanges(interaction, key)
  if (Array.isArray(changes)) return interaction.complain(expiryErrors(interaction.values, changes))
  // A leaver must not be the one who sees the new key.
  const isLeaver = reason === 'leaver'
  if (isLeaver && !changes.ownerId) return interaction.complain({ owner: 'Choose who takes over.' })
  if (isLeaver && changes.ownerId === key.ownerId)
    return interaction.complain({ owner: 'They own the old key. Choose somebody who stays.' })
  await interaction.work(notice('Rotate key', [plainSection('Starting...')]))
  const wrong =
    changes.ownerId && (await recipientError(world, interaction.bot.web, interaction.caller, changes.ownerId))
  if (wrong) return interaction.complain({ owner: wrong })
  const started = await performFor(interaction, (act) =>
    startRotation(act, workspace, key.id, { reason, changes }, world.random),
  )
  if (isRefusal(started)) return started
  const isMine = started.successor.ownerId === actor.id
  const { alertChannel } = workspace.policy
  if (reason === 'compromised') await showReceipt(interaction, started, isMine)
  else await interaction.show(rotatedView(started, isMine, alertChannel, world.clock.now()))
  interaction.bot.refresh(workspace)
}

/** Shows the receipt first; the new key is offered once the old one is confirmed refused. */
async function showReceipt(interaction: SubmitInteraction, started: Started, isMine: boolean): Promise<void> {
  const { world } = interaction.bot
  const receipt = await confirmRotation(world, started.rotation, quickMs)
  await interaction.show(compromisedView(started, isMine, receipt))
  if (receipt && receipt.state !== 'confirmed')
    await interaction.show(
      compromisedView(started, isMine, await confirmRotation(world, started.rotation, timeoutMs)),
    )
}

const needsApproval = refuse('invalid', 'A second manager or owner has to approve write.', {
  next: 'Create a key with write instead; that asks them.',
  field: 'scopes',
})

/** The changes on the form. A field that it did not offer stays unchanged while policy allows the key as it is. */
function readChanges({ values, caller, bot }: SubmitInteraction, key: Key): Changes | Refusal[] {
  const { policy } = caller.workspace
  const { reason, chosen } = reasonAndScopes(values, key)
  const owner = textIn(values, 'owner')
  const isOpen = 'expires' in values
  const scopes = readScopes([...chosen])
  const lifetimeDays = isOpen
    ? readExpiry(readLifetime(values, bot.world.clock.now()), [...chosen], policy)
    : undefined
  const grows = chosen.includes('write') && !key.scopes.includes('write')
  const wrong = [
    ...[scopes, lifetimeDays].filter(isRefusal),
    ...(grows && policy.writeNeedsApproval ? [needsApproval] : []),
  ]
  if (wrong.length > 0 || isRefusal(scopes) || isRefusal(lifetimeDays)) return wrong
  return {
    ...(reason === 'scope-change' ? { scopes } : {}),
    ...(lifetimeDays === undefined ? {} : { lifetimeDays }),
    ...(reason === 'leaver' && owner ? { ownerId: owner } : {}),
  }
}
