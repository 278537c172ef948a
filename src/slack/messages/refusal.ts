import type { ModalView } from '@slack/types'
import { type Refusal, sentence } from '../../foundation/refusal.ts'
import { plain } from '../../foundation/words.ts'
import { type Message, message, notice } from '../blocks.ts'
import { sentenceBlock } from '../phrase.ts'

/** A refusal where somebody typed a command or clicked: what happened, then what to do or who can. */
export const refusalMessage = (refusal: Refusal): Message => message(sentence(refusal))

/** A refusal in place of the dialog that it ends. */
export const refusalView = (title: string, refusal: Refusal): ModalView =>
  notice(title, [sentenceBlock(refusal.told), ...(refusal.next ? [sentenceBlock(refusal.next)] : [])])

/** Refusals as Slack wants them on fields: plain text, one per field. */
export const fieldErrors = (refusals: readonly Refusal[]): Record<string, string> =>
  Object.fromEntries(refusals.map((refusal) => [refusal.field ?? 'name', plain(sentence(refusal))]))
