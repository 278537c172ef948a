import type { KnownBlock } from '@slack/types'
import type { Log } from '../foundation/log.ts'
import { cut, type Message } from './blocks.ts'
import { escapeMrkdwn } from './phrase.ts'
import { isAboutContent, translateError } from './refusals.ts'

type More = {
  /** the command that replaces the buttons, such as `/keys review` */
  instead?: string
  log?: Log
}

/**
 * Sends a message; where Slack refuses its content, sends it once more as plain text. A plan or a roll-out may lack
 * charts or tables, and no layout is worth a lost message.
 * @throws the error of `send` when Slack refuses the text too or fails otherwise
 */
export async function sendOrInWords<T>(
  message: Message,
  send: (form: Message) => Promise<T>,
  { instead, log }: More = {},
): Promise<T> {
  try {
    return await send(message)
  } catch (error) {
    if (!isAboutContent(error)) throw error
    const why = String(translateError(error))
    log?.warn(
      { event: 'slack.blocks_refused', error: why },
      'Slack refused the blocks of a message; it is sent as text',
    )
    const words = inWords(message, instead)
    // Slack would refuse the metadata with plain text too.
    return send(why.includes('metadata') ? { ...words, ...withoutMetadata } : words)
  }
}

const withoutMetadata = { metadata: undefined }

/** The longest text that Slack lets a bot edit, in UTF-16 units. */
const maxCharacters = 4_000

/** Renders a message as plain text: its blocks without charts, pictures, buttons and menus. */
export function inWords({ text, blocks }: Message, instead?: string): Message {
  const paragraphs = blocks.map((block) => wordsOf(block as unknown as Block)).filter((words) => words !== '')
  const way = blocks.some(hasControls) ? [wayOn(instead)] : []
  const room = maxCharacters - way.join('').length - `\n${fence}\n…\n`.length
  return {
    text: [...fitting(paragraphs.length > 0 ? paragraphs : [text], room), ...way].join('\n'),
    blocks: [],
  }
}

const wayOn = (instead?: string) =>
  instead
    ? `Buttons cannot be shown here. Type ${code(instead)} instead.`
    : 'Buttons cannot be shown here. Keywarden’s Home and `/keys` have the same.'

const hasControls = (block: KnownBlock): boolean =>
  block.type === 'actions' || (block.type === 'section' && block.accessory !== undefined)

/** As many whole paragraphs as fit. */
function fitting(paragraphs: readonly string[], room: number): string[] {
  const lines = paragraphs.join('\n').split('\n')
  const kept: string[] = []
  let left = room
  for (const line of lines) {
    if (line.length + 1 > left) {
      const first = kept.length === 0 ? cut(line, room) : '…'
      const isOpen = kept.filter((one) => one === fence).length % 2 === 1
      return [...kept, ...(isOpen ? [fence] : []), first]
    }
    kept.push(line)
    left -= line.length + 1
  }
  return kept
}

const fence = '```'

/** The fields of blocks and elements; which of them are present depends on the type. */
type Block = {
  type?: string
  text?: Block | string
  style?: unknown
  title?: Block | string
  elements?: Block[]
  fields?: Block[]
  rows?: Block[][]
  tasks?: Block[]
  output?: Block
  user_id?: string
  url?: string
  timestamp?: number
  format?: string
  fallback?: string
}

function wordsOf(block: Block): string {
  switch (block.type) {
    case 'rich_text':
      return all(block.elements, '\n')
    case 'rich_text_preformatted':
      return [fence, all(block.elements, ''), fence].join('\n')
    case 'rich_text_section':
      return all(block.elements, '')
    case 'section':
      return [textOf(block.text), all(block.fields, '\n')].filter(Boolean).join('\n')
    case 'header':
      return textOf(block.text)
    case 'context':
      return all(block.elements, ' ')
    case 'table':
      return (block.rows ?? []).map((row) => all(row, ' · ')).join('\n')
    case 'plan':
      return [textOf(block.title), all(block.tasks, '\n')].join('\n')
    case 'task_card':
      return `• ${textOf(block.title)}: ${block.output ? wordsOf(block.output) : ''}`
    case 'user':
      return `<@${block.user_id}>`
    case 'date':
      return `<!date^${block.timestamp}^${block.format}|${escapeMrkdwn(block.fallback ?? '')}>`
    case 'link':
      return `<${block.url}|${textOf(block.text)}>`
    case 'text':
      return isCode(block) ? code(String(block.text)) : textOf(block.text)
    case 'mrkdwn':
      return String(block.text)
    case 'plain_text':
    case 'raw_text':
      return textOf(block.text)
    default:
      return ''
  }
}

const all = (parts: readonly Block[] | undefined, between: string): string =>
  (parts ?? [])
    .map(wordsOf)
    .filter((words) => words !== '')
    .join(between)

const textOf = (text: Block | string | undefined): string =>
  typeof text === 'string' ? escapeMrkdwn(text) : text ? wordsOf(text) : ''

const code = (text: string): string => `\`${escapeMrkdwn(text).replace(/`/g, "'")}\``

const isCode = ({ style }: Block): boolean => (style as { code?: boolean } | undefined)?.code === true
