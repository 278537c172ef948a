import { setTimeout as pause } from 'node:timers/promises'
import { perform } from '../../acts/perform.ts'
import { orDatabaseOut } from '../../foundation/database.ts'
import { isRefusal, type Refusal } from '../../foundation/refusal.ts'
import type { Key } from '../../keys/key.ts'
import { markSaved, replace, replacedAt, type TokenRef } from '../../keys/replace.ts'
import { reveal, voidReveal } from '../../keys/reveal.ts'
import type { Token } from '../../keys/token.ts'
import { rememberTokenMessage, takeTokenMessages } from '../../keys/token-messages.ts'
import { type Message, notice, plainSection } from '../blocks.ts'
import type { ClickInteraction, Handler, Interaction } from '../interaction.ts'
import { notShownMessage, notVoidMessage, offerMessage, revealedMessage } from '../messages/keys/reveal.ts'
import {
  didYouCopyMessage,
  formerMessage,
  keptMessage,
  savedView,
  shownMessage,
  showOnceView,
} from '../messages/keys/show-once.ts'
import { keyById } from './pick.ts'
import { sendDirect } from './send-direct.ts'

/** What making a token takes. */
export const tokenDeps = ({ bot, caller }: Interaction) => ({
  random: bot.world.random,
  tokenPrefix: bot.world.config.tokenPrefix,
  timeZone: caller.workspace.terms.timeZone,
})

/**
 * Shows the token. Slack's reply is the evidence that it took the view; without that evidence nobody can say who
 * saw what, so the token is void from now on and its owner is offered another. Returns whether it was shown. `former`
 * is the hint of the token whose place it takes.
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
    await takeBack(interaction, key)
    return false
  }
  await offerReplacement(interaction, key, shownMessage(key))
  return true
}

/** A direct message with [Replace key] on it, which goes once the token is saved or replaced. */
async function offerReplacement(interaction: Interaction, key: Key, message: Message): Promise<void> {
  const posted = await sendDirect(interaction, interaction.caller.actor.id, message)
  if (!posted) return
  const { db, clock } = interaction.bot.world
  const token = { keyId: key.id, hint: key.hint ?? '' }
  await orDatabaseOut(() => rememberTokenMessage(db, token, posted, clock.now()))
  // They may have been quicker than the message.
  await bringUpToDate(interaction, token)
}

/**
 * Takes [Replace key] from every message about a token that is saved or replaced by now, and from the one that was
 * clicked. A message that stays as it was does no harm: its button refuses.
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

/** What there is to say of a token that is no longer to be replaced; nothing of one that may be. */
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
const againSeconds = [0.2, 1, 5, 15, 60]

async function takeBack(interaction: Interaction, key: Key): Promise<void> {
  const voided = await voidForSure(interaction, key)
  const { id } = interaction.caller.actor
  if (isRefusal(voided)) {
    interaction.bot.world.log.error(
      { event: 'key.void_failed', keyId: key.id },
      'failed to void a token that may not have been shown; it is live',
    )
    await sendDirect(interaction, id, notVoidMessage(key))
    return
  }
  await sendDirect(interaction, key.ownerId, notShownMessage(voided))
  // The dialog may be there after all, with a token that is void.
  const gone = notice('Copy your key', [
    plainSection('This key was not shown safely and is void. I sent you a message.'),
  ])
  await interaction.show(gone).catch(() => undefined)
}

async function voidForSure({ bot, caller }: Interaction, key: Key): Promise<Key | Refusal> {
  const attempt = () => perform(bot.world, caller.actor, (act) => voidReveal(act, key.workspaceId, key.id))
  let voided = await attempt()
  for (const seconds of againSeconds) {
    if (!isRefusal(voided)) break
    await pause(seconds * 1000)
    voided = await attempt()
  }
  return voided
}

/** Sends the owner of an unrevealed key the way to its token. */
export const offerReveal = (interaction: Interaction, key: Key) =>
  sendDirect(interaction, key.ownerId, offerMessage(key, interaction.caller.actor.id))

/** [Reveal key]: of several clicks one gets the token. */
export const revealKey: Handler<ClickInteraction> = async (interaction): Promise<Refusal | undefined> => {
  const { world, web } = interaction.bot
  const { actor, workspace } = interaction.caller
  const made = await perform(
    world,
    actor,
    (act) => reveal(act, workspace.id, interaction.value, tokenDeps(interaction)),
    { requestId: interaction.requestId },
  )
  if (isRefusal(made)) return made
  const shown = await showOnce(interaction, made.key, made.token)
  const at = interaction.message && { channel: interaction.message.channelId, ts: interaction.message.ts }
  if (at && shown) await web.chat.update({ ...at, ...revealedMessage(made.key) }).catch(() => undefined)
  interaction.bot.refresh(workspace)
  return undefined
}

/** [Replace key]: another token for the same key, for whoever saw the one that the button speaks of and did not keep it. */
export const replaceKey: Handler<ClickInteraction> = async (interaction): Promise<Refusal | undefined> => {
  const { actor, workspace } = interaction.caller
  const former = tokenIn(interaction.value)
  const made = await perform(
    interaction.bot.world,
    actor,
    (act) => replace(act, workspace.id, former, tokenDeps(interaction)),
    { requestId: interaction.requestId },
  )
  if (!isRefusal(made)) await showOnce(interaction, made.key, made.token, former.hint)
  await bringUpToDate(interaction, former, interaction.message)
  if (isRefusal(made)) return made
  interaction.bot.refresh(workspace)
  return undefined
}

/** [I have saved it]: the token leaves the dialog, and nothing replaces it any more. */
export const confirmSaved: Handler<ClickInteraction> = async (interaction) => {
  const { actor, workspace } = interaction.caller
  const token = tokenIn(interaction.value)
  const key = await perform(interaction.bot.world, actor, (act) => markSaved(act, workspace.id, token), {
    requestId: interaction.requestId,
  })
  if (isRefusal(key)) return key
  await interaction.show(savedView(key))
  await bringUpToDate(interaction, token)
  return undefined
}

/** The dialog was closed without saying so. */
export const closedUnconfirmed: Handler<ClickInteraction> = async (interaction) => {
  const { keyId, hint } = tokenIn(interaction.value)
  const key = await keyById(interaction, keyId)
  if (isRefusal(key) || key.status === 'unrevealed' || key.hint !== hint || key.savedAt) return undefined
  await offerReplacement(interaction, key, didYouCopyMessage(key))
  return undefined
}
