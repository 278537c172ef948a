import { isWellFormed } from '../keys/token.ts'

/** What somebody typed behind `/keys`. */
export type Typed = { verb: string; words: string; workspace?: string }

/**
 * Splits a command into its verb, `in:WORKSPACE` (quoted when it has spaces) and the rest. Case of the verb does
 * not matter; straight and curly quotes around a name are taken off.
 */
export function readCommand(text: string): Typed {
  // Slack escapes what could be markup in what people type.
  const typed = text.replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&')
  const straight = typed.replace(/[“”„‟]/g, '"').replace(/[‘’‚‛]/g, "'")
  const [, quoted, bare] = /(?:^|\s)in:(?:"([^"]+)"|(\S+))/i.exec(straight) ?? []
  const rest = straight.replace(/(?:^|\s)in:(?:"[^"]+"|\S+)/i, ' ').trim()
  const [verb = ''] = rest.split(/\s/, 1)
  const workspace = quoted ?? bare
  return {
    verb: verb.toLowerCase(),
    words: unquote(rest.slice(verb.length).trim()),
    ...(workspace ? { workspace } : {}),
  }
}

const unquote = (words: string): string => /^(["'])(.*)\1$/s.exec(words)?.[2]?.trim() ?? words

/** A whole token somewhere in the text, if somebody pasted one. */
export const pastedToken = (text: string, prefix: string): string | undefined =>
  text.match(/[0-9A-Za-z_]{12,}/g)?.find((word) => isWellFormed(word, prefix))
