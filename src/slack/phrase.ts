import type { RichTextBlock, RichTextElement } from '@slack/types'
import { type Phrase, type Piece, plain } from '../foundation/words.ts'

/**
 * Renders a phrase as a rich_text block: names stay literal, people are mentioned, times are in the reader's zone.
 * Empty pieces are left out, since Slack refuses empty text and the whole message with it.
 */
export const sentenceBlock = (phrase: Phrase): RichTextBlock => richText(elementsOf(phrase))

/** The same, struck through: for what is over. */
export const struckBlock = (phrase: Phrase): RichTextBlock => richText(elementsOf(phrase).map(strike))

const elementsOf = (phrase: Phrase): RichTextElement[] =>
  phrase.filter((piece) => !isEmpty(piece)).map(element)

function richText(elements: RichTextElement[]): RichTextBlock {
  const nothing: RichTextElement = { type: 'text', text: ' ' }
  return {
    type: 'rich_text',
    elements: [{ type: 'rich_text_section', elements: elements.length > 0 ? elements : [nothing] }],
  }
}

const isEmpty = (piece: Piece): boolean =>
  typeof piece === 'string' ? piece === '' : Object.values(piece).some((value) => value === '')

function element(piece: Piece): RichTextElement {
  if (typeof piece === 'string') return { type: 'text', text: piece }
  if ('user' in piece) return { type: 'user', user_id: piece.user }
  if ('moment' in piece) return date(piece.moment, '{date_short} at {time}')
  if ('day' in piece) return date(piece.day, '{date_short}')
  if ('code' in piece) return { type: 'text', text: piece.code, style: { code: true } }
  const name = { text: isolate(piece.name), style: { bold: true } }
  return piece.url ? { type: 'link', url: piece.url, ...name } : { type: 'text', ...name }
}

const strike = (piece: RichTextElement): RichTextElement =>
  ({ ...piece, style: { ...('style' in piece ? piece.style : {}), strike: true } }) as RichTextElement

const date = (at: Date, format: string): RichTextElement => ({
  type: 'date',
  timestamp: unixSeconds(at),
  format,
  fallback: at.toISOString().slice(0, 10),
})

export const unixSeconds = (at: Date): number => Math.floor(at.getTime() / 1000)

/** Keeps a right-to-left name from reordering the words around it; strips characters that would break out. */
export const isolate = (name: string): string =>
  `\u2068${name.replace(/[\u202A-\u202E\u2066-\u2069]/g, '')}\u2069`

/**
 * The fallback `text` of a message, which notifications and screen readers use. Slack parses it as mrkdwn: people are
 * mentioned so that it shows their names, markup is escaped, and names are isolated like in blocks.
 */
export const fallback = (phrase: Phrase): string => phrase.map(fallbackPiece).join('')

function fallbackPiece(piece: Piece): string {
  if (typeof piece === 'string') return escapeMrkdwn(piece)
  if ('user' in piece) return `<@${piece.user}>`
  if ('name' in piece) return escapeMrkdwn(isolate(piece.name))
  return escapeMrkdwn('code' in piece ? isolate(piece.code) : plain([piece]))
}

export const escapeMrkdwn = (text: string): string =>
  text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')

/** A date or time in the reader's zone, for mrkdwn without text that a person typed. */
export const mrkdwnDate = (at: Date, format = '{date_short}'): string =>
  `<!date^${unixSeconds(at)}^${format}|${at.toISOString().slice(0, 10)}>`
