import { type Range, ranges } from '../../usage/range.ts'

/** Splits off the last word when it is a range. */
export function readRange(words: string): { words: string; range: Range | undefined } {
  const [, before = '', last = ''] = /^(.*?)\s*(\S*)$/s.exec(words) ?? []
  const range = ranges.find((one) => one === last.toLowerCase())
  return range ? { words: before, range } : { words, range: undefined }
}
