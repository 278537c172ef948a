import { scrubber } from '../foundation/scrub.ts'
import { storable } from '../foundation/storable.ts'

const maxCharacters = 300

/** Where a token was found, as it may be kept: without that token or anything that looks like one. */
export function whereOf(text: string, token: string, tokenPrefix: string): string {
  const line = storable(text).replace(/\s+/g, ' ').trim()
  const clean = scrubber(tokenPrefix)(token === '' ? line : line.replaceAll(token, '...'))
  return [...clean].slice(0, maxCharacters).join('')
}
