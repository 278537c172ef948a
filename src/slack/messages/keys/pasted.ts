import { say } from '../../../foundation/words.ts'
import { isByPolicy, type LeakState } from '../../../leaks/act.ts'
import type { PastedContent } from '../../../leaks/source.ts'
import { context, type Message, message } from '../../blocks.ts'
import { sentenceBlock } from '../../phrase.ts'

const states: Record<LeakState, string> = {
  waits: 'What policy says is under way; those in charge of it know.',
  works: 'It still works; those in charge of it know.',
  suspended: 'It works once its workspace is resumed; those in charge of it know.',
  paused: 'It was paused already: it is refused until somebody activates it; those in charge of it know.',
  revoked: 'It was revoked already.',
  quarantine: 'It is refused until somebody activates it, as policy says; those in charge of it know.',
  rotate: 'It is refused, and its owner gets a new one, as policy says; those in charge of it know.',
  revoke: 'It is refused for good, as policy says; those in charge of it know.',
}

const unconfirmed = ' Some servers may still accept it for a moment.'

const isUsable = (state: LeakState): boolean => ['waits', 'works'].includes(state)

/** To the author: what their message holds, and what to do. */
export const pastedMessage = ({ hint, link, state, isConfirmed }: PastedContent): Message =>
  message(
    say`A message of yours holds the whole key ${{ code: hint }}. Everybody who can read the channel can ${isUsable(state) ? 'use' : 'see'} it. ${states[state]}${isByPolicy(state) && !isConfirmed ? unconfirmed : ''}`,
    ...(isLink(link) ? [context(`<${link}|The message>`)] : []),
    sentenceBlock(
      say`Delete the message now. That does not make the key safe: somebody may have read it. To replace it: ${{ code: `/keys rotate ${hint.replace(/\.\.\.$/, '')}` }}, or ask whoever is in charge of it.`,
    ),
  )

const isLink = (link: string): boolean => /^https?:\/\/[^\s<>|]+$/.test(link)
