import { type Refusal, refuse } from '../foundation/refusal.ts'

const maximumNameLength = 80

/** Half a character, which neither JSON in the database nor Slack would take. */
const halves = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g

/** Quotes as a keyboard has them: phones and word processors curl them on their own. */
export const straightQuotes = (text: string): string => text.replace(/[“”„‟]/g, '"').replace(/[‘’‚‛]/g, "'")

/** A name as it is kept: control characters and line breaks out, spaces single, nothing else touched. */
export const tidy = (text: string): string =>
  text
    .replace(halves, '')
    // A mark of byte order counts as a space in patterns, and is none.
    .replace(/\uFEFF/g, '')
    .normalize('NFC')
    .replace(/[\p{Cc}\u2028\u2029]/gu, ' ')
    .replace(/\s+/gu, ' ')
    .trim()

/** Invisible characters: directions, joiners, variation selectors, fillers, and the blank of Braille. */
const invisible = /[\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]/gu

/**
 * A name as it is compared: what looks or reads the same is the same. Invisible characters, directions, curls of
 * quotes and case do not make a new name. Folding what was folded changes nothing.
 */
export const normaliseName = (text: string): string =>
  tidy(straightQuotes(tidy(text)).normalize('NFKC').replace(invisible, '').toLowerCase().normalize('NFKC'))

/** The tidied name, or the refusal that belongs on the name's field. Length is counted in characters. */
export function readName(text: string): string | Refusal {
  const name = tidy(text)
  if (normaliseName(name) === '') return refuse('invalid', 'Give the key a name.', { field: 'name' })
  if ([...name].length > maximumNameLength)
    return refuse('invalid', `Use at most ${maximumNameLength} characters.`, { field: 'name' })
  // A single character can stand for a whole sentence, and an index row is only so long.
  if (normaliseName(name).length > 3 * maximumNameLength)
    return refuse('invalid', 'Use a shorter name; some of its letters stand for many.', { field: 'name' })
  return name
}

/** Tidied words of at most so many characters, or the refusal that belongs on their field. */
export function readWords(text: string, max: number, field: string): string | Refusal {
  const words = tidy(text)
  return [...words].length > max ? refuse('invalid', `Use at most ${max} characters.`, { field }) : words
}
