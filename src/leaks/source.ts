import type { Source } from '../notifications/source.ts'
import type { LeakAction } from '../policy/leaked.ts'
import { readOutcomes } from './act.ts'

/** To the author of a message that has a whole token: what to do. They know the token, and no more of the key than that. */
export type PastedContent = {
  about: 'pasted'
  hint: string
  channel: string
  /** the message in Slack; empty when Slack did not say */
  link: string
  did: LeakAction | null
}

export const pastedTokens: Source = {
  async read(db, messages) {
    const outcomes = await readOutcomes(
      db,
      messages.map(({ subjectId }) => subjectId),
    )
    return messages.map(({ subjectId, body }) => {
      const did = outcomes.get(subjectId) ?? null
      return { said: { content: { about: 'pasted', ...body, did } as PastedContent } }
    })
  },
}
