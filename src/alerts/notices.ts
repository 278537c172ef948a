import type { Source } from '../notifications/source.ts'
import type { Notice } from './alert.ts'

/** A notice is sent once and carries its whole content as its body. */
export const notice = (about: Notice['about']): Source => ({
  read: async (_, messages) =>
    messages.map(({ body }) => ({ said: { content: { about, ...body } as Notice } })),
})
