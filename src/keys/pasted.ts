import { isWellFormed, tokenLength } from './token.ts'

/** More in one text is no accident, and one look-up takes no more. */
const maxTokens = 1_000

/**
 * The whole tokens in a text, each once: prefix, length, alphabet and checksum are right, and neither a digit nor a
 * character of the alphabet stands before or after. One underscore there is markup. Pure.
 */
export function tokensIn(text: string, prefix: string): string[] {
  const found = new Set<string>()
  const length = tokenLength(prefix)
  for (let at = text.indexOf(prefix); at >= 0 && found.size < maxTokens; at = text.indexOf(prefix, at + 1)) {
    const candidate = text.slice(at, at + length)
    const isAlone = edge.test(text.slice(Math.max(0, at - 2), at)) && beginsAlone(text, at + length)
    if (isAlone && isWellFormed(candidate, prefix)) found.add(candidate)
  }
  return [...found]
}

/** The text that may stand before a token: none, or the end of no word. */
const edge = /(?:^|[^0-9A-Za-z_])_?$/
const beginsAlone = (text: string, at: number): boolean =>
  /^_?(?:$|[^0-9A-Za-z_])/.test(text.slice(at, at + 2))

/**
 * The tokens or hints that somebody pasted: the tokens that stand in the text, and its words otherwise, since an adopted
 * token may have any form; the name before an equals sign or a colon is none. At most a thousand, each once. Pure.
 */
export function pastedWords(text: string, prefix: string): string[] {
  const tokens = tokensIn(text, prefix)
  const rest = tokens.reduce((left, token) => left.replaceAll(token, ' '), text)
  const words = rest
    .split(/[\s,;"'`<>|]/)
    .map((word) => word.replace(/(\.\.\.|…)$/, ''))
    .filter((word) => word.length >= 4 && !(word.length < 20 && /[=:]$/.test(word)))
  return [...new Set([...tokens, ...words])].slice(0, maxTokens)
}
