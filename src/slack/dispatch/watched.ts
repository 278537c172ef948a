import { isRefusal } from '../../foundation/refusal.ts'
import { isSlackUser } from '../../foundation/words.ts'
import { possibleTokens, reportPaste, watcherOf } from '../../leaks/paste.ts'
import type { BotContext } from '../interaction.ts'
import { readSnippets, type SlackFile } from '../snippets.ts'
import { again } from './again.ts'

/** A message of Slack's events, new or edited; every field is Slack's word and may be missing. */
export type MessageEvent = {
  subtype?: string
  channel?: string
  ts?: string
  user?: string
  bot_id?: string
  username?: string
  team?: string
  user_team?: string
  text?: string
  blocks?: unknown
  attachments?: unknown
  files?: SlackFile[]
  message?: MessageEvent
  previous_message?: MessageEvent
}

/**
 * Reports the whole tokens in a message of a watched channel: written by a person or an app, in a thread, edited, or in a
 * text file. A message without anything that could be one costs a search of its text. Nothing of it is kept or logged.
 */
export async function onMessage(
  bot: BotContext,
  { teamId, botId }: { teamId: string; botId: string },
  event: MessageEvent,
): Promise<void> {
  const isEdit = event.subtype === 'message_changed'
  const message = isEdit ? event.message : event
  const { channel } = event
  if (!message?.ts || !channel || message.bot_id === botId || message.subtype === 'tombstone') return
  const before = new Set(isEdit && event.previous_message ? textsIn(event.previous_message) : [])
  const texts = textsIn(message).filter((text) => !before.has(text))
  const files = isEdit ? [] : (message.files ?? [])
  const { db, config } = bot.world
  // Whether keys were adopted is not known yet.
  if (files.length === 0 && possibleTokens(texts, config.tokenPrefix, true).length === 0) return
  const watcher = await again(unread(bot), () => watcherOf(db, teamId, channel))
  if (!watcher) return
  const all = [...texts, ...(await readSnippets(bot, files))]
  const hashes = possibleTokens(all, config.tokenPrefix, watcher.adoptsKeys)
  if (hashes.length === 0) return
  const author = message.user ?? `app ${message.bot_id ?? ''}`
  const paste = {
    ...{ accountId: watcher.accountId, channel, ts: message.ts, hashes, author },
    link: await linkTo(bot, channel, message.ts),
    isColleague:
      isSlackUser(author) && !message.bot_id && (message.user_team ?? message.team ?? teamId) === teamId,
  }
  const isNews = await again(unread(bot), async () => {
    const done = await reportPaste(bot.world, paste)
    if (isRefusal(done)) throw new Error(done.code)
    return done
  })
  if (isNews) await bot.actOnLeaks()
}

const unread =
  ({ world }: BotContext) =>
  (error: unknown) =>
    world.log.error(
      { event: 'leak.message_unread', error: String(error) },
      'a message of a watched channel could not be looked up; it is tried again for some minutes',
    )

const linkTo = async ({ web }: BotContext, channel: string, ts: string): Promise<string> =>
  (await web.chat.getPermalink({ channel, message_ts: ts }).catch(() => undefined))?.permalink ?? ''

/** A message nests blocks a few levels deep; Slack sends no more than some hundred. */
const maxTexts = 5_000

/** Every text of a message: what it says, and what its blocks and attachments hold. Pure. */
function textsIn({ text, blocks, attachments }: MessageEvent): string[] {
  const texts: string[] = []
  const open: unknown[] = [text, blocks, attachments]
  while (open.length > 0 && texts.length < maxTexts) {
    const next = open.pop()
    if (typeof next === 'string') texts.push(next)
    else if (typeof next === 'object' && next !== null) open.push(...Object.values(next))
  }
  return texts
}
