import type {
  ActionsBlock,
  Button,
  ContextBlock,
  HeaderBlock,
  InputBlock,
  KnownBlock,
  ModalView,
  PlainTextElement,
  PlainTextInput,
  PlainTextOption,
  SectionBlock,
  StaticSelect,
} from '@slack/types'
import type { Phrase } from '../foundation/words.ts'
import { fallback, sentenceBlock } from './phrase.ts'
import { ref } from './ref.ts'

/** What the bot says in a message. */
export type Message = { text: string; blocks: KnownBlock[] }

/** A message that opens with a sentence; the sentence is its fallback too. */
export const message = (phrase: Phrase, ...more: KnownBlock[]): Message => ({
  text: fallback(phrase),
  blocks: [sentenceBlock(phrase), ...more],
})

/** Slack refuses a text of no characters, and all that it stands in with it. */
const orBlank = (text: string): string => text || ' '

export const plainText = (text: string): PlainTextElement => ({
  type: 'plain_text',
  text: orBlank(text),
  emoji: false,
})

export const header = (text: string): HeaderBlock => ({ type: 'header', text: plainText(cut(text, 150)) })

export const plainSection = (text: string, more: Partial<SectionBlock> = {}): SectionBlock => ({
  type: 'section',
  text: plainText(cut(text, 3000)),
  ...more,
})

/** Only for text that nobody typed: dates, mentions, figures. */
export const context = (mrkdwn: string): ContextBlock => ({
  type: 'context',
  elements: [{ type: 'mrkdwn', text: orBlank(mrkdwn) }],
})

/** A cell of a table; of nothing there is a dash. */
export const cell = (text: string) => ({ type: 'raw_text' as const, text: text || '–' })

export const actions = (...elements: ActionsBlock['elements']): ActionsBlock => ({
  type: 'actions',
  elements,
})

export type ButtonProps = { style?: 'primary' | 'danger'; label?: string }

/** A button; `label` is what a screen reader says when the words alone do not name the thing acted on. */
export const button = (text: string, actionId: string, value: string, look: ButtonProps = {}): Button => ({
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

/** A button that runs a command on a key: what it does is the command's to say. */
export const go = (
  text: string,
  verb: string,
  key: KeyRef,
  { more, ...look }: ButtonProps & { more?: string } = {},
): Button =>
  button(text, `go.${verb}.${key.id}`, ref(key.workspaceId, [verb, key.id, more].filter(Boolean).join(' ')), {
    label: `${text} ${key.name}`,
    ...look,
  })

export type KeyRef = { id: string; workspaceId: string; name: string }

/**
 * An input in a block of the field's name, so that what was typed survives a redraw. `redraws` names the form whose
 * next look depends on this input.
 */
export const input = (
  field: string,
  label: string,
  element: InputBlock['element'],
  more: { hint?: string; optional?: boolean; redraws?: string } = {},
): InputBlock => ({
  type: 'input',
  block_id: field,
  label: plainText(label),
  element: {
    ...element,
    action_id: more.redraws ? `form.${more.redraws}.${field}` : field,
  } as InputBlock['element'],
  optional: more.optional ?? false,
  dispatch_action: more.redraws !== undefined,
  ...(more.hint ? { hint: plainText(more.hint) } : {}),
})

export const textInput = (
  more: Partial<PlainTextInput> & { placeholder?: never; hintText?: string } = {},
) => {
  const { hintText, ...rest } = more
  return {
    type: 'plain_text_input',
    ...(hintText ? { placeholder: plainText(hintText) } : {}),
    ...rest,
  } as PlainTextInput
}

export const select = (options: PlainTextOption[], chosen?: string): StaticSelect => {
  const initial = options.find((one) => one.value === chosen)
  return { type: 'static_select', options, ...(initial ? { initial_option: initial } : {}) }
}

/** A dialog that is submitted. */
export const form = (
  title: string,
  submit: string,
  callbackId: string,
  metadata: string,
  blocks: KnownBlock[],
  close = 'Cancel',
): ModalView => ({
  type: 'modal',
  callback_id: callbackId,
  private_metadata: metadata,
  title: plainText(title),
  submit: plainText(submit),
  close: plainText(close),
  blocks,
})

/** A dialog without inputs. */
export const notice = (title: string, blocks: KnownBlock[], close = 'Close'): ModalView => ({
  type: 'modal',
  title: plainText(title),
  close: plainText(close),
  blocks,
})

/** At most that many UTF-16 units, as Slack counts, and never half a character. */
export const cut = (text: string, max: number): string =>
  text.length <= max ? text : `${text.slice(0, max - 1).replace(/[\uD800-\uDBFF]$/, '')}…`
