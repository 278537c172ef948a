import type { ActionsBlock, ModalView } from '@slack/types'
import { type Refusal, sentence } from '../../foundation/refusal.ts'
import { plain } from '../../foundation/words.ts'
import { actions, button, type Message, message, notice } from '../blocks.ts'
import { sentenceBlock } from '../phrase.ts'
import { ref } from '../ref.ts'

/** A refusal of a command or click: the reason, then what to do or whom to ask. */
export const refusalMessage = (refusal: Refusal): Message =>
  message(sentence(refusal), ...nextStepButtons(refusal))

/** A refusal that replaces the dialog. */
export const refusalView = (title: string, refusal: Refusal): ModalView =>
  notice(title, [
    sentenceBlock(refusal.message),
    ...(refusal.next ? [sentenceBlock(refusal.next)] : []),
    ...nextStepButtons(refusal),
  ])

/** A button for the next step, where there is one. */
function nextStepButtons({ code, logged }: Refusal): ActionsBlock[] {
  const run = (text: string, verb: string) => [actions(button(text, `go.${verb}.refused`, ref('', verb)))]
  if (code === 'forbidden' && logged?.action === 'key.issue') return run('Request a key', 'request')
  if (code === 'not_found' && logged && 'keyId' in logged) return run('List keys', 'list')
  return []
}

/** Refusals as field errors: plain text, one per field. */
export const fieldErrors = (refusals: readonly Refusal[]): Record<string, string> =>
  Object.fromEntries(refusals.map((refusal) => [refusal.field ?? 'name', plain(sentence(refusal))]))
