import { straightQuotes } from '../keys/name.ts'
import { isWellFormed, tokenLength } from '../keys/token.ts'

/** The text after `/keys`. */
export type Typed = { verb: string; words: string; workspace?: string }

/**
 * Splits a command into its verb, `in:WORKSPACE` (quoted when it has spaces) and the rest. The verb's case does not
 * matter. Straight or curly quotes around a name are removed, and their content is a name.
 */
export function readCommand(text: string): Typed {
  // Slack makes links of addresses, and escapes markup in what people type.
  const plain = text.replace(link, (_, target, label) => label ?? target)
  const typed = plain.replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&')
  const straight = straightQuotes(typed.replace(/[\p{Cc}\p{Zs}]/gu, ' ')).trim()
  // `/keys in:EU` is `/keys` alone, in that workspace.
  const [verb = ''] = /^in:/i.test(straight) ? [] : straight.split(/\s/, 1)
  const words = straight.slice(verb.length).trim()
  const quoted = /^(["']).*\1$/s.test(words)
  const [found, named, bare] = (quoted ? undefined : /(?:^|\s)in:(?:"([^"]+)"|(\S+))/i.exec(words)) ?? []
  const workspace = named ?? bare
  return {
    verb: verb.toLowerCase(),
    words: unquote((found ? words.replace(found, ' ') : words).trim()),
    ...(workspace ? { workspace } : {}),
  }
}

const link = /<(?:mailto:|tel:)?((?:https?:\/\/)?[^@#!|<>][^|<>]*)(?:\|([^<>]*))?>/g

const unquote = (words: string): string => /^(["'])(.*)\1$/s.exec(words)?.[2]?.trim() ?? words

/** The first whole token in the text, if any. */
export function pastedToken(text: string, prefix: string): string | undefined {
  for (let at = text.indexOf(prefix); at >= 0; at = text.indexOf(prefix, at + 1)) {
    const candidate = text.slice(at, at + tokenLength(prefix))
    if (isWellFormed(candidate, prefix)) return candidate
  }
  return undefined
}
