import type {
  ActionsBlock,
  Button,
  ContextBlock,
  HeaderBlock,
  InputBlock,
  KnownBlock,
  ModalView,
  PlainTextElement,
  PlainTextOption,
  SectionBlock,
} from '@slack/types'
import type { Phrase } from '../foundation/words.ts'
import { fallback, sentenceBlock } from './phrase.ts'

/** What the bot says in a message. */
export type Message = { text: string; blocks: KnownBlock[] }

/** A message that opens with a sentence; the sentence is its fallback too. */
export const message = (phrase: Phrase, ...more: KnownBlock[]): Message => ({
  text: fallback(phrase),
  blocks: [sentenceBlock(phrase), ...more],
})

export const plainText = (text: string): PlainTextElement => ({ type: 'plain_text', text, emoji: false })

export const header = (text: string): HeaderBlock => ({ type: 'header', text: plainText(cut(text, 150)) })

export const plainSection = (text: string, more: Partial<SectionBlock> = {}): SectionBlock => ({
  type: 'section',
  text: plainText(cut(text, 3000)),
  ...more,
})

/** Only for text that nobody typed: dates, mentions, figures. */
export const context = (mrkdwn: string): ContextBlock => ({
  type: 'context',
  elements: [{ type: 'mrkdwn', text: mrkdwn }],
})

export const actions = (...elements: ActionsBlock['elements']): ActionsBlock => ({
  type: 'actions',
  elements,
})

export type ButtonLook = { style?: 'primary' | 'danger'; label?: string }

/** A button; `label` is what a screen reader says when the words alone do not name the thing acted on. */
export const button = (text: string, actionId: string, value: string, look: ButtonLook = {}): Button => ({
  type: 'button',
  text: plainText(text),
  action_id: actionId,
  value,
  ...(look.style ? { style: look.style } : {}),
  ...(look.label ? { accessibility_label: cut(look.label, 75) } : {}),
})

export const option = (text: string, value: string, description?: string): PlainTextOption => ({
  text: plainText(cut(text, 75)),
  value,
  ...(description ? { description: plainText(cut(description, 75)) } : {}),
})

/** An input whose block id and action id are the field's name, so that what was typed survives a redraw. */
export const input = (
  field: string,
  label: string,
  element: InputBlock['element'],
  more: { hint?: string; optional?: boolean; dispatch?: boolean } = {},
): InputBlock => ({
  type: 'input',
  block_id: field,
  label: plainText(label),
  element: { ...element, action_id: field } as InputBlock['element'],
  optional: more.optional ?? false,
  dispatch_action: more.dispatch ?? false,
  ...(more.hint ? { hint: plainText(more.hint) } : {}),
})

/** A dialog without inputs. */
export const notice = (title: string, blocks: KnownBlock[], close = 'Close'): ModalView => ({
  type: 'modal',
  title: plainText(title),
  close: plainText(close),
  blocks,
})

export const cut = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most - 1)}…`
