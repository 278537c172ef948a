import { type Phrase, plain } from '../foundation/words.ts'

/**
 * Makes text safe for a terminal: removes control characters and marks that change the writing direction, so that no
 * name can move the cursor or pose as another. Line breaks stay.
 */
export const printable = (text: string): string => text.replace(/(?![\n\u200d])[\p{Cc}\p{Cf}]/gu, '')

export const printOut = (words: Phrase | string): void => console.log(inWords(words))

export const printError = (words: Phrase | string): void => console.error(inWords(words))

const inWords = (words: Phrase | string) => printable(typeof words === 'string' ? words : plain(words))

/** A time to the minute in UTC, or a dash. */
export const minute = (at: Date | null): string =>
  at ? at.toISOString().slice(0, 16).replace('T', ' ') : '-'

/** A day in UTC, or a dash. */
export const day = (at: Date | null): string => (at ? at.toISOString().slice(0, 10) : '-')
