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

/** A Slack message: its blocks, and the text of its notification. */
export type Message = { text: string; blocks: KnownBlock[] }

/** A message whose first block is a sentence, which is also its fallback text. */
export const message = (phrase: Phrase, ...more: KnownBlock[]): Message => ({
  text: fallback(phrase),
  blocks: [sentenceBlock(phrase), ...more],
})

/** Slack refuses empty text, and the whole message with it. */
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

/** Only for text that no person typed: dates, mentions, figures. */
export const context = (mrkdwn: string): ContextBlock => ({
  type: 'context',
  elements: [{ type: 'mrkdwn', text: orBlank(mrkdwn) }],
})

/** Marks the block that names the workspace, so that it is not named once more above. */
export const namesWorkspace = <T extends KnownBlock>(block: T): T => ({ ...block, block_id: 'workspace' })

/** A table cell; a dash when empty. */
export const cell = (text: string) => ({ type: 'raw_text' as const, text: text || '–' })

export const actions = (...elements: ActionsBlock['elements']): ActionsBlock => ({
  type: 'actions',
  elements,
})

export type ButtonProps = { style?: 'primary' | 'danger'; label?: string }

/** A button; `label` is for screen readers, when the text alone does not name the thing acted on. */
export const button = (text: string, actionId: string, value: string, props: ButtonProps = {}): Button => ({
  type: 'button',
  text: plainText(text),
  action_id: actionId,
  value,
  ...(props.style ? { style: props.style } : {}),
  ...(props.label ? { accessibility_label: cut(props.label, 75) } : {}),
})

export const option = (text: string, value: string, description?: string): PlainTextOption => ({
  text: plainText(cut(text, 75)),
  value,
  ...(description ? { description: plainText(cut(description, 75)) } : {}),
})

/** A button that runs the command `verb` on a key. */
export const go = (
  text: string,
  verb: string,
  key: KeyRef,
  { more, ...props }: ButtonProps & { more?: string } = {},
): Button =>
  button(text, `go.${verb}.${key.id}`, ref(key.workspaceId, [verb, key.id, more].filter(Boolean).join(' ')), {
    label: `${text} ${key.name}`,
    ...props,
  })

export type KeyRef = { id: string; workspaceId: string; name: string }

/**
 * An input in a block named after its field, so that a redraw keeps what was typed. `redraws` names the form that is
 * drawn again when this input changes.
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

/** A dialog with a submit button. */
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

/** Cuts to `max` UTF-16 units, as Slack counts, and never splits a character. */
export const cut = (text: string, max: number): string =>
  text.length <= max ? text : `${text.slice(0, max - 1).replace(/[\uD800-\uDBFF]$/, '')}…`
