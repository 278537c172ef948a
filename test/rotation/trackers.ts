import { said, security } from '../../sandbox/acting.ts'
import type { Message } from '../../sandbox/slack/contract.ts'
import { messagesIn } from '../../sandbox/slack/look.ts'
import type { PersonClient } from '../../sandbox/slack/person.ts'

/** The message of a rotation in the alert channel, once it says this. */
export const tracker = (who: PersonClient, name: string, words: string | RegExp): Promise<Message> =>
  who.waitFor((screen) =>
    messagesIn(screen, security).findLast(
      (message) => !isReply(message) && said(message).includes(name) && fits(said(message), words),
    ),
  )

/** A reply below some message, once it says this. */
export const reply = (who: PersonClient, words: string | RegExp): Promise<Message> =>
  who.waitFor((screen) =>
    messagesIn(screen, security).findLast((message) => isReply(message) && fits(said(message), words)),
  )

const isReply = ({ threadTs, ts }: Message) => threadTs !== undefined && threadTs !== null && threadTs !== ts

const fits = (text: string, words: string | RegExp) =>
  typeof words === 'string' ? text.includes(words) : words.test(text)
