import type { Lab, Placed } from './lab.ts'

/** The faults. Each begins, lasts, and is over when it returns. */
export type Fault = (at: Placed, lastMs: number) => Promise<void>

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

const held =
  (statement: string, side: 'request' | 'reply'): Fault =>
  async ({ cable }, lastMs) => {
    const hold = cable.hold(statement, side)
    await pause(lastMs)
    hold.release()
  }

export const faults: Record<string, Fault> = {
  stopped: async ({ process }, lastMs) => {
    process.stop()
    await pause(lastMs)
    process.resume()
  },
  blackhole: async ({ cable }, lastMs) => {
    cable.blackhole()
    await pause(lastMs)
    cable.heal()
  },
  reset: async ({ cable }) => cable.reset(),
  'fill held': held('keys by hash', 'reply'),
  'fill not sent': held('keys by hash', 'request'),
  'renewal held': held('renew', 'reply'),
  'renewal not sent': held('renew', 'request'),
  'acknowledgement held': held('acknowledge', 'reply'),
  'acknowledgement not sent': held('acknowledge', 'request'),
  'changes held': held('changes', 'reply'),
}

/** Ends the connections on which verifiers listen. */
export async function loseListeners(lab: Lab): Promise<void> {
  await lab.sql
    .query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'keywarden learn'`,
    )
    .catch(() => undefined)
}
