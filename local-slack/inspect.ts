import type { KnownBlock } from '@slack/types'
import type { Message, ModalView, Screen } from './contract.ts'
import { controlsOf, findControl } from './controls.ts'
import { type Fields, fieldsAt, isFields } from './fields.ts'
import { optionsOf } from './inputs.ts'

export type FoundControl = { blockId: string; actionId: string; type: string; value?: string; label: string }

function labelOf(element: Fields, block: Fields): string {
  const own = fieldsAt(element, 'text').text
  const placeholder = fieldsAt(element, 'placeholder').text
  return String(own ?? fieldsAt(block, 'label').text ?? placeholder ?? '')
}

/** Every control of these blocks with the words a person would call it by. */
export function controlsIn(blocks: KnownBlock[]): FoundControl[] {
  return controlsOf(blocks as unknown as Fields[]).map(({ blockId, actionId, element, block }) => ({
    blockId,
    actionId,
    type: String(element.type),
    value: typeof element.value === 'string' ? element.value : undefined,
    label: labelOf(element, block),
  }))
}

/** The button with this label, whole or by pattern; undefined when there is none. */
export function findButton(blocks: KnownBlock[], label: string | RegExp): FoundControl | undefined {
  return controlsIn(blocks).find(
    (one) =>
      one.type.includes('button') &&
      (typeof label === 'string' ? one.label === label : label.test(one.label)),
  )
}

/** The control with this action id. */
export function findAction(blocks: KnownBlock[], actionId: string | RegExp): FoundControl | undefined {
  return controlsIn(blocks).find((one) =>
    typeof actionId === 'string' ? one.actionId === actionId : actionId.test(one.actionId),
  )
}

/** The input whose label is this. */
export function findInput(blocks: KnownBlock[], label: string | RegExp): FoundControl | undefined {
  return controlsIn(blocks).find((one) =>
    typeof label === 'string' ? one.label === label : label.test(one.label),
  )
}

/** The control that stands beside a section's text, such as the menu of a row in a list. */
export function findBeside(blocks: KnownBlock[], text: string | RegExp): FoundControl | undefined {
  return blocks
    .filter((block) => {
      const words = textOf([block])
      return block.type === 'section' && (typeof text === 'string' ? words.includes(text) : text.test(words))
    })
    .flatMap((block) => controlsIn([block]))[0]
}

/** The value of the option that reads `label`, of the control with these ids; undefined when it is not offered. */
export function optionValue(
  blocks: KnownBlock[],
  control: { blockId: string; actionId: string },
  label: string,
): string | undefined {
  const found = findControl(blocks as unknown as Fields[], control.blockId, control.actionId)
  const option = optionsOf(found?.element ?? {}).find((one) => fieldsAt(one, 'text').text === label)
  return option === undefined ? undefined : String(option.value)
}

const readable = new Set(['text', 'title', 'caption', 'alt_text', 'label', 'fallback', 'name', 'user_id'])

function wordsIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(wordsIn)
  if (!isFields(value)) return []
  return Object.entries(value).flatMap(([key, one]) =>
    typeof one === 'string' ? (readable.has(key) ? [one] : []) : wordsIn(one),
  )
}

/** All the human-readable text of these blocks, one piece a line. */
export function textOf(blocks: KnownBlock[]): string {
  return wordsIn(blocks).join('\n')
}

/** The words of a message: its blocks where it has any, its text otherwise. */
export function textOfMessage(message: Message): string {
  return message.blocks.length > 0 ? textOf(message.blocks) : message.text
}

/** A person's messages in a channel, newest last. */
export function messagesIn(screen: Screen, channel: string): Message[] {
  const found = screen.channels.find((one) => one.id === channel || one.name === channel)
  return screen.messages[found?.id ?? channel] ?? []
}

export function topModal(screen: Screen): ModalView | undefined {
  return screen.modals.at(-1)
}

/** The screen in words, for error messages. */
export function describe(screen: Screen): string {
  const lines = [`${screen.person.name} at ${screen.now} sees:`]
  for (const channel of screen.channels) {
    for (const message of messagesIn(screen, channel.id)) {
      const kind = message.ephemeral ? ' (ephemeral)' : message.threadTs ? ' (reply)' : ''
      lines.push(
        `  #${channel.name || 'dm'}${kind} ${message.username}: ${textOfMessage(message).replaceAll('\n', ' | ')}`,
      )
    }
  }
  for (const modal of screen.modals) {
    lines.push(
      `  modal "${modal.title}" (${modal.callbackId}): ${textOf(modal.blocks).replaceAll('\n', ' | ')}`,
    )
    if (Object.keys(modal.errors).length > 0) lines.push(`    errors: ${JSON.stringify(modal.errors)}`)
  }
  if (screen.home) lines.push(`  Home: ${textOf(screen.home.blocks).replaceAll('\n', ' | ')}`)
  return lines.join('\n')
}
