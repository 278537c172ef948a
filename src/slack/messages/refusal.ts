import type { ActionsBlock, ModalView } from '@slack/types'
import { type Refusal, sentence } from '../../foundation/refusal.ts'
import { plain } from '../../foundation/words.ts'
import { actions, button, type Message, message, notice } from '../blocks.ts'
import { sentenceBlock } from '../phrase.ts'
import { ref } from '../ref.ts'

/** A refusal where somebody typed a command or clicked: what happened, then what to do or who can. */
export const refusalMessage = (refusal: Refusal): Message => message(sentence(refusal), ...wayOn(refusal))

/** A refusal in place of the dialog that it ends. */
export const refusalView = (title: string, refusal: Refusal): ModalView =>
  notice(title, [
    sentenceBlock(refusal.message),
    ...(refusal.next ? [sentenceBlock(refusal.next)] : []),
    ...wayOn(refusal),
  ])

/** Where a click is the next step, the button that makes it. */
function wayOn({ code, logged }: Refusal): ActionsBlock[] {
  const run = (text: string, verb: string) => [actions(button(text, `go.${verb}.refused`, ref('', verb)))]
  if (code === 'forbidden' && logged?.action === 'key.issue') return run('Request a key', 'request')
  if (code === 'not_found' && logged && 'keyId' in logged) return run('List keys', 'list')
  return []
}

/** Refusals as Slack wants them on fields: plain text, one per field. */
export const fieldErrors = (refusals: readonly Refusal[]): Record<string, string> =>
  Object.fromEntries(refusals.map((refusal) => [refusal.field ?? 'name', plain(sentence(refusal))]))
