import { useEffect, useState } from 'react'
import type { Screen } from '../contract.ts'
import { api } from './api.ts'

const FIRST_RETRY_MS = 500
const LONGEST_RETRY_MS = 5000

/** One person's screen, kept up to date by one long poll at a time; `connected` is false while the server is away. */
export function useScreen(user: string | undefined): { screen: Screen | undefined; connected: boolean } {
  const [screen, setScreen] = useState<Screen>()
  const [connected, setConnected] = useState(true)
  useEffect(() => {
    if (!user) return
    const stop = new AbortController()
    void follow(user, stop.signal, setScreen, setConnected)
    return () => stop.abort()
  }, [user])
  return { screen: screen?.person.id === user ? screen : undefined, connected }
}

/** Polls until aborted. After an outage it asks for the screen as it is: a restarted server counts from the beginning. */
async function follow(
  user: string,
  signal: AbortSignal,
  show: (screen: Screen) => void,
  setConnected: (connected: boolean) => void,
): Promise<void> {
  let after: number | undefined
  let retryMs = FIRST_RETRY_MS
  while (!signal.aborted) {
    try {
      const screen = await api.screen(user, after, signal)
      if (signal.aborted) return
      show(screen)
      after = screen.version
      retryMs = FIRST_RETRY_MS
      setConnected(true)
    } catch {
      if (signal.aborted) return
      setConnected(false)
      after = undefined
      await new Promise((resolve) => setTimeout(resolve, retryMs))
      retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS)
    }
  }
}
