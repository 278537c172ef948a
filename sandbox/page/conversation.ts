import type { Message } from '../slack/contract.ts'
import { dayKey, type Reader, tsToMs } from './time.ts'

const SAME_BREATH_MS = 5 * 60_000

/** A message with what stands above it: the day where it begins one, and its sender unless they just spoke. */
export type Row = { message: Message; newDay: boolean; compact: boolean }

export function rowsOf(messages: Message[], reader: Reader): Row[] {
  return messages.map((message, index) => {
    const before = messages[index - 1]
    const newDay = !before || dayKey(tsToMs(before.ts), reader) !== dayKey(tsToMs(message.ts), reader)
    return { message, newDay, compact: !newDay && before !== undefined && continues(before, message) }
  })
}

function continues(before: Message, message: Message): boolean {
  return (
    before.user === message.user &&
    before.username === message.username &&
    before.ephemeral === message.ephemeral &&
    before.replies === 0 &&
    message.blocks.length === 0 &&
    tsToMs(message.ts) - tsToMs(before.ts) < SAME_BREATH_MS
  )
}

/** What a channel shows outside of its threads. */
export function topLevel(messages: Message[]): Message[] {
  return messages.filter((message) => !isReply(message))
}

/** A thread: its parent and the replies to it, oldest first. */
export function threadOf(messages: Message[], parentTs: string): Message[] {
  return messages.filter((message) => message.ts === parentTs || message.threadTs === parentTs)
}

/** Newest reply's time by parent, for `2 replies · Last reply today at 14:02`. */
export function lastReply(messages: Message[], parentTs: string): string | undefined {
  return messages.findLast((message) => isReply(message) && message.threadTs === parentTs)?.ts
}

function isReply(message: Message): boolean {
  return message.threadTs !== undefined && message.threadTs !== message.ts
}
