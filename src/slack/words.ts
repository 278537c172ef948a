import { straightQuotes } from '../keys/name.ts'
import { isWellFormed, tokenLength } from '../keys/token.ts'

/** What somebody typed behind `/keys`. */
export type Typed = { verb: string; words: string; workspace?: string }

/**
 * Splits a command into its verb, `in:WORKSPACE` (quoted when it has spaces) and the rest. Case of the verb does
 * not matter; straight and curly quotes around a name are taken off, and what stands between them is a name.
 */
export function readCommand(text: string): Typed {
  // Slack escapes what could be markup in what people type.
  const typed = text.replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&')
  const straight = straightQuotes(typed.replace(/\p{Cc}/gu, ' ')).trim()
  // `/keys in:EU` is `/keys` alone, there.
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

const unquote = (words: string): string => /^(["'])(.*)\1$/s.exec(words)?.[2]?.trim() ?? words

/** A whole token somewhere in the text, if somebody pasted one, whatever stands around it. */
export function pastedToken(text: string, prefix: string): string | undefined {
  for (let at = text.indexOf(prefix); at >= 0; at = text.indexOf(prefix, at + 1)) {
    const candidate = text.slice(at, at + tokenLength(prefix))
    if (isWellFormed(candidate, prefix)) return candidate
  }
  return undefined
}
