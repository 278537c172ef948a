import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { BusyOptions } from './busy.ts'

/** Verifies at a rate from a process of its own. What it returns ends that, and resolves with how long each took. */
export async function startBusy(options: BusyOptions): Promise<() => Promise<number[]>> {
  const child = fork(new URL('./busy.ts', import.meta.url))
  child.send(options)
  await once(child, 'message')
  return async () => {
    child.send('stop')
    const [tookMs] = await once(child, 'message')
    child.disconnect()
    return tookMs
  }
}
