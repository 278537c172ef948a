import { useEffect, useMemo, useState } from 'react'
import type { Screen } from '../contract.ts'
import { topLevel } from './conversation.ts'

/** Unread messages by channel. */
export type Unread = Record<string, number>

type Memory = { since: string; read: Record<string, string> }

/**
 * Counts what has come since this tab was opened and its person has not looked at, their own messages aside.
 * The tab remembers it for each person, so that one finds what came while one was somebody else.
 */
export function useUnread(screen: Screen | undefined, current: string | undefined): Unread {
  const [memory, setMemory] = useState(load)
  const user = screen?.person.id
  const newest = current ? screen?.messages[current]?.at(-1)?.ts : undefined
  const nowSeconds = screen ? Date.parse(screen.now) / 1000 : undefined
  useEffect(() => {
    if (nowSeconds === undefined) return
    setMemory((was) => (was && Number(was.since) <= nowSeconds ? was : { since: `${nowSeconds}`, read: {} }))
  }, [nowSeconds])
  useEffect(() => {
    if (!user || !current || !newest) return
    setMemory((was) => was && { ...was, read: { ...was.read, [`${user}/${current}`]: newest } })
  }, [user, current, newest])
  useEffect(() => save(memory), [memory])
  return useMemo(() => (screen && memory ? count(screen, memory, current) : {}), [screen, memory, current])
}

function count(screen: Screen, memory: Memory, current: string | undefined): Unread {
  const entries = Object.entries(screen.messages).map(([channel, messages]) => {
    const seen = Math.max(Number(memory.since), Number(memory.read[`${screen.person.id}/${channel}`] ?? 0))
    const fresh = topLevel(messages).filter((one) => Number(one.ts) > seen && one.user !== screen.person.id)
    return [channel, channel === current ? 0 : fresh.length] as const
  })
  return Object.fromEntries(entries)
}

const KEY = 'unread'

function load(): Memory | undefined {
  const text = window.sessionStorage.getItem(KEY)
  return text ? (JSON.parse(text) as Memory) : undefined
}

function save(memory: Memory | undefined): void {
  if (memory) window.sessionStorage.setItem(KEY, JSON.stringify(memory))
}
