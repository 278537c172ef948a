import type { Message } from 'local-slack/contract'
import { messagesIn } from 'local-slack/inspect'
import type { PersonClient } from 'local-slack/person'
import { said, security } from '../../sandbox/acting.ts'

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
