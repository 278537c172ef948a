import type { Message } from '../contract.ts'
import { dayKey, type Reader, tsToMs } from './time.ts'

const SAME_BREATH_MS = 5 * 60_000

/** `compact` leaves out the sender, who spoke just before. */
export type Day = { key: string; ms: number; rows: { message: Message; compact: boolean }[] }

/** Messages by the day on which the reader has them. */
export function daysOf(messages: Message[], reader: Reader): Day[] {
  const days: Day[] = []
  for (const message of messages) {
    const ms = tsToMs(message.ts)
    const key = dayKey(ms, reader)
    const today = days.at(-1)
    const before = today?.rows.at(-1)?.message
    if (today?.key !== key) days.push({ key, ms, rows: [{ message, compact: false }] })
    else today.rows.push({ message, compact: before !== undefined && continues(before, message) })
  }
  return days
}

function continues(before: Message, message: Message): boolean {
  return (
    before.user === message.user &&
    before.username === message.username &&
    before.ephemeral === message.ephemeral &&
    before.replies === 0 &&
    !message.broadcast &&
    message.blocks.length === 0 &&
    tsToMs(message.ts) - tsToMs(before.ts) < SAME_BREATH_MS
  )
}

/** The messages that a channel shows outside of its threads. */
export function topLevel(messages: Message[]): Message[] {
  return messages.filter((message) => !isReply(message) || message.broadcast === true)
}

/** A thread: its parent, unless that is gone, and the replies to it, oldest first. */
export function threadOf(messages: Message[], parentTs: string): { parent?: Message; replies: Message[] } {
  return {
    parent: messages.find((message) => message.ts === parentTs),
    replies: messages.filter((message) => message.ts !== parentTs && message.threadTs === parentTs),
  }
}

/** Newest reply's time by parent, for `2 replies · Last reply today at 14:02`. */
export function lastReply(messages: Message[], parentTs: string): string | undefined {
  return messages.findLast(
    (message) => isReply(message) && !message.ephemeral && message.threadTs === parentTs,
  )?.ts
}

function isReply(message: Message): boolean {
  return message.threadTs !== undefined && message.threadTs !== message.ts
}
