import { say } from '../../../foundation/words.ts'
import type { PastedContent } from '../../../leaks/source.ts'
import type { LeakAction } from '../../../policy/leaked.ts'
import { context, type Message, message } from '../../blocks.ts'
import { sentenceBlock } from '../../phrase.ts'

const done: Record<LeakAction, string> = {
  notify: 'It still works; those in charge of it know.',
  quarantine: 'It is refused until somebody activates it, as policy says; those in charge of it know.',
  rotate: 'It is refused, and its owner gets a new one, as policy says; those in charge of it know.',
  revoke: 'It is refused for good, as policy says; those in charge of it know.',
}

/** To the author: what their message holds, and what to do. */
export const pastedMessage = ({ hint, link, did }: PastedContent): Message =>
  message(
    say`A message of yours holds the whole key ${{ code: hint }}. Everybody who can read the channel can use it. ${done[did ?? 'notify']}`,
    ...(isLink(link) ? [context(`<${link}|The message>`)] : []),
    sentenceBlock(
      say`Delete the message now. That does not make the key safe: somebody may have read it. To replace it: ${{ code: `/keys rotate ${hint.replace(/\.\.\.$/, '')}` }}, or ask whoever is in charge of it.`,
    ),
  )

const isLink = (link: string): boolean => /^https?:\/\/[^\s<>|]+$/.test(link)
