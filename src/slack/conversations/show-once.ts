import { setTimeout as pause } from 'node:timers/promises'
import { perform } from '../../acts/perform.ts'
import { orDatabaseOut } from '../../foundation/database.ts'
import { isRefusal, type Refusal } from '../../foundation/refusal.ts'
import { say } from '../../foundation/words.ts'
import type { World } from '../../foundation/world.ts'
import type { Key } from '../../keys/key.ts'
import { offerKey } from '../../keys/offers.ts'
import { endPending } from '../../keys/pending-reveals.ts'
import { markSaved, replace, replacedAt, type TokenRef } from '../../keys/replace.ts'
import { reveal, voidReveal } from '../../keys/reveal.ts'
import type { Token } from '../../keys/token.ts'
import { rememberTokenMessage, takeTokenMessages } from '../../keys/token-messages.ts'
import { confirmRequest, type Receipt } from '../../leases/confirm.ts'
import { isLost } from '../../leases/receipt.ts'
import type { Act } from '../../members/actor.ts'
import { isLive } from '../../notifications/posted-messages.ts'
import { type Message, notice, plainSection } from '../blocks.ts'
import type { ClickInteraction, Interaction, OnClick } from '../interaction.ts'
import { notVoidMessage, revealedMessage } from '../messages/keys/reveal.ts'
import {
  didYouCopyMessage,
  formerMessage,
  keptMessage,
  savedView,
  shownMessage,
  showOnceView,
} from '../messages/keys/show-once.ts'
import { performFor, requestOf } from '../perform-for.ts'
import { keyById } from './pick.ts'
import { sendDirect } from './send-direct.ts'

export const tokenDeps = ({ bot, caller }: Interaction) => ({
  random: bot.world.random,
  tokenPrefix: bot.world.config.tokenPrefix,
  timeZone: caller.workspace.policy.timeZone,
})

/**
 * Runs an act that makes a token, once. A token whose hash may not be saved is not shown: nobody will ever see it, and
 * the refusal says what happens. Not so the refusal of a second delivery, which waited for the first in vain.
 */
export async function performShowing<T>(
  interaction: Interaction,
  work: (act: Act) => Promise<T | Refusal>,
): Promise<T | Refusal> {
  let isMade = false
  const made = await performFor(interaction, async (act) => {
    const done = await work(act)
    isMade = !isRefusal(done)
    return done
  })
  const isLost = isRefusal(made) && made.code === 'outcome_unknown' && isMade
  return isLost ? { ...made, next: neverShown } : made
}

const neverShown = say`No key was shown. If one was saved, I take it back within some minutes and offer it to you again. See ${{ code: '/keys list mine' }}.`

/**
 * Shows the token. Slack's reply is the evidence that it accepted the view. Without it nobody knows who saw the
 * token, so it is voided and its owner is offered another. Returns whether it was shown. `former` is the hint of the
 * token that this one replaces.
 */
export async function showOnce(
  interaction: Interaction,
  key: Key,
  token: Token,
  former?: string,
): Promise<boolean> {
  try {
    await interaction.show(showOnceView(key, token, former))
  } catch (error) {
    interaction.bot.world.log.warn(
      { event: 'key.show_failed', keyId: key.id, error: String(error) },
      'failed to show a new key; its token is voided',
    )
    await voidToken(interaction, key)
    return false
  }
  await Promise.all([noteShown(interaction, key), offerReplacement(interaction, key, shownMessage(key))])
  return true
}

/**
 * Notes that somebody has the token. While the database is out this goes on beside the work for as long as the process
 * lives: what nobody noted is void some minutes later.
 */
async function noteShown({ bot }: Interaction, { id: keyId, hint }: Pick<Key, 'id' | 'hint'>): Promise<void> {
  const { db, log } = bot.world
  const note = () => orDatabaseOut(() => endPending(db, { keyId, hint }))
  if (!isRefusal(await note())) return
  log.warn({ event: 'key.shown_not_noted', keyId }, 'a key was shown and cannot be noted as shown; trying on')
  const goOn = async () => {
    while (isRefusal(await note())) await pause(noteAgainMs, undefined, { ref: false })
    log.info({ event: 'key.shown_noted', keyId }, 'a key that was shown is noted as shown')
  }
  goOn().catch((error) =>
    log.error(
      { event: 'key.shown_forgotten', keyId, error: String(error) },
      'a key that was shown could not be noted as shown; it may be voided',
    ),
  )
}

/** Real milliseconds. */
const noteAgainMs = 2_000

/** Sends a direct message with [Replace key], which is removed once the token is saved or replaced. */
async function offerReplacement(interaction: Interaction, key: Key, message: Message): Promise<void> {
  const posted = await sendDirect(interaction, interaction.caller.actor.id, message)
  if (!posted) return
  const { db, clock } = interaction.bot.world
  const token = { keyId: key.id, hint: key.hint ?? '' }
  await orDatabaseOut(() => rememberTokenMessage(db, token, posted, clock.now()))
  // The person may have saved it before the message was sent.
  await bringUpToDate(interaction, token)
}

/**
 * Removes [Replace key] from every message about a token that has been saved or replaced, and from the clicked one. A
 * message that stays as it was does no harm: its button refuses.
 */
async function bringUpToDate(
  interaction: Interaction,
  token: TokenRef,
  clicked?: ClickInteraction['message'],
): Promise<void> {
  const { db, log } = interaction.bot.world
  const message = await orDatabaseOut(() => messageAbout(interaction, token))
  if (!message || isRefusal(message)) return
  const known = await orDatabaseOut(() => takeTokenMessages(db, token))
  const all = [...(isRefusal(known) ? [] : known), ...(clicked ? [clicked] : [])]
  for (const [ts, channel] of new Map(all.map((one) => [one.ts, one.channelId])))
    await interaction.bot.web.chat
      .update({ channel, ts, ...message })
      .catch((error) =>
        log.warn(
          { event: 'key.message_update_failed', keyId: token.keyId, error: String(error) },
          'failed to update the message about a shown key',
        ),
      )
}

/** The message about a token that can no longer be replaced; undefined for one that can. */
async function messageAbout(
  interaction: Interaction,
  { keyId, hint }: TokenRef,
): Promise<Message | undefined> {
  const key = await keyById(interaction, keyId)
  if (isRefusal(key) || hint === '') return undefined
  if (key.hint !== hint)
    return formerMessage(key, hint, await replacedAt(interaction.bot.world.db, key, hint))
  return key.savedAt ? keptMessage(key) : undefined
}

const tokenIn = (value: string): TokenRef => {
  const [keyId = '', hint = ''] = value.split(' ')
  return { keyId, hint }
}

/** Real seconds between attempts to void a token while the database is out. */
const retryDelaysSeconds = [0.2, 1, 5, 15, 60]

async function voidToken(interaction: Interaction, key: Key): Promise<void> {
  const { world } = interaction.bot
  const { voided, requestIds } = await voidWithRetries(interaction, key)
  const { id } = interaction.caller.actor
  if (isRefusal(voided) && !isUncertain(voided)) return
  if (isRefusal(voided)) {
    world.log.error(
      { event: 'key.void_failed', keyId: key.id },
      'failed to void a token that may not have been shown; it is live until the job pending-reveals voids it',
    )
    await sendDirect(interaction, id, notVoidMessage(key))
    return
  }
  if (voided.status !== 'unrevealed' && voided.hint === key.hint) {
    // They said that they saved it; or somebody ended it meanwhile, and it is not offered again.
    if (!voided.savedAt) await interaction.show(endedUnshown).catch(() => undefined)
    return
  }
  const receipt = await receiptOfOne(world, requestIds)
  // The dialog may be open after all, with a void token.
  const state = receipt.state === 'confirmed' ? 'and is void' : 'and I took it back'
  const gone = notice('Copy your key', [
    plainSection(
      `This key was not shown safely ${state}. It waits for you to reveal it again: on Home, and in a message to you.`,
    ),
  ])
  await interaction.show(gone).catch(() => undefined)
}

const endedUnshown = notice('Copy your key', [
  plainSection('Slack did not confirm that it showed this key, and somebody ended or paused it meanwhile.'),
])

/** The requests of the attempts that may have voided the token: the last one, and those whose outcome is unknown. */
async function voidWithRetries(
  { bot, caller, requestId }: Interaction,
  key: Key,
): Promise<{ voided: Key | Refusal; requestIds: string[] }> {
  const requestIds: string[] = []
  async function attempt(number: number) {
    // An id for each: one that was found to be rolled back can never be committed.
    const id = requestOf({ requestId }, `void ${key.hint} ${number}`)
    async function work(act: Act) {
      const voided = await voidReveal(
        act,
        key.workspaceId,
        { keyId: key.id, hint: key.hint },
        caller.actor.id,
      )
      // Its owner may have revealed another meanwhile.
      const isWaiting = !isRefusal(voided) && voided.status === 'unrevealed'
      if (isWaiting) await offerKey(act, voided, 'void', bot.world.random)
      return voided
    }
    const done = await perform(bot.world, caller.actor, work, { requestId: id })
    if (!isRefusal(done) || done.code === 'outcome_unknown') requestIds.push(id)
    return done
  }
  let voided = await attempt(0)
  for (const [index, seconds] of retryDelaysSeconds.entries()) {
    if (!isRefusal(voided) || !isUncertain(voided)) break
    await pause(seconds * 1000)
    voided = await attempt(index + 1)
  }
  return { voided, requestIds }
}

const isUncertain = ({ code }: Refusal): boolean => code === 'database_out' || code === 'outcome_unknown'

/**
 * The receipt of the one request among these that made the change. Not by the state of the key, which its owner may have
 * revealed again: then the change is not undone.
 */
async function receiptOfOne(world: World, requestIds: readonly string[]): Promise<Receipt> {
  const receipts = await Promise.all(requestIds.map((id) => confirmRequest(world, id)))
  const made = receipts.filter((receipt) => !isLost(receipt))
  return made.find(({ state }) => state !== 'confirmed') ?? made.at(-1) ?? receipts.at(-1)!
}

/** [Reveal key]: only one of several clicks gets the token. */
export const revealKey: OnClick = async (interaction) => {
  const { web } = interaction.bot
  const { workspace } = interaction.caller
  const made = await performShowing(interaction, (act) =>
    reveal(act, workspace.id, interaction.value, tokenDeps(interaction)),
  )
  if (isRefusal(made)) return made
  const shown = await showOnce(interaction, made.key, made.token)
  const at = interaction.message && { channel: interaction.message.channelId, ts: interaction.message.ts }
  const { db } = interaction.bot.world
  const isKept = at && (await isLive(db, `dm:${interaction.caller.actor.id}`, at.ts))
  if (at && shown && !isKept)
    await web.chat.update({ ...at, ...revealedMessage(made.key) }).catch(() => undefined)
  interaction.bot.refresh(workspace)
}

/**
 * [Replace key]: another token for the same key, for the person who saw the token that the button names and did not
 * keep it.
 */
export const replaceKey: OnClick = async (interaction) => {
  const { workspace } = interaction.caller
  const former = tokenIn(interaction.value)
  const made = await performShowing(interaction, (act) =>
    replace(act, workspace.id, former, tokenDeps(interaction)),
  )
  if (!isRefusal(made)) await showOnce(interaction, made.key, made.token, former.hint)
  await bringUpToDate(interaction, former, interaction.message)
  if (isRefusal(made)) return made
  interaction.bot.refresh(workspace)
}

/** [I have saved it]: removes the token from the dialog, after which it cannot be replaced. */
export const confirmSaved: OnClick = async (interaction) => {
  const { workspace } = interaction.caller
  const token = tokenIn(interaction.value)
  const key = await performFor(interaction, (act) => markSaved(act, workspace.id, token))
  if (isRefusal(key)) return key
  await interaction.show(savedView(key))
  await bringUpToDate(interaction, token)
}

/** The dialog was closed without [I have saved it]. */
export const closedUnconfirmed: OnClick = async (interaction) => {
  const { keyId, hint } = tokenIn(interaction.value)
  const key = await keyById(interaction, keyId)
  if (isRefusal(key) || key.status === 'unrevealed' || key.hint !== hint || key.savedAt) return
  // It was open, or it could not be closed.
  if (key.revealedBy === interaction.caller.actor.id) await noteShown(interaction, key)
  await offerReplacement(interaction, key, didYouCopyMessage(key))
}
