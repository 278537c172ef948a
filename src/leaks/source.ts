import { Delay } from '../notifications/channel.ts'
import type { Source } from '../notifications/source.ts'
import { type LeakState, readLeakStates } from './act.ts'

/** To the author of a message that has a whole token: what to do. They know the token, and no more of the key than that. */
export type PastedContent = {
  about: 'pasted'
  hint: string
  channel: string
  /** the message in Slack; empty when Slack did not say */
  link: string
  state: LeakState
  /** whether every verifier has confirmed what policy did */
  isConfirmed: boolean
}

/** How long the message waits for what policy is about to do: it is sent once. */
const waitMs = 3_000

export const pastedTokens: Source = {
  async read(db, messages, now) {
    const states = await readLeakStates(
      db,
      messages.map(({ subjectId }) => subjectId),
    )
    return messages.map(({ subjectId, body }) => {
      const known = states.get(subjectId)
      // Its report has been forgotten, long after.
      if (!known) return undefined
      if (known.state === 'waits' && now.getTime() < Date.parse(String(body.at)) + waitMs)
        return new Delay(0.5, 'method')
      return { said: { content: { about: 'pasted', ...body, ...known } as unknown as PastedContent } }
    })
  },
}
