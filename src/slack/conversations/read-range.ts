import { type Range, ranges } from '../../usage/range.ts'

/** The last word names a range, when it is one; what stands before it is left. */
export function readRange(words: string): { words: string; range: Range | undefined } {
  const [, before = '', last = ''] = /^(.*?)\s*(\S*)$/s.exec(words) ?? []
  const range = ranges.find((one) => one === last.toLowerCase())
  return range ? { words: before, range } : { words, range: undefined }
}
