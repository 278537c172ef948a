/** Names whose values are never written: `token`, `botToken`, `client_secret`. */
const secretNames = '[\\w-]*(?:token|secret|password|authorization|cookie)'

const general: readonly (readonly [RegExp, string])[] = [
  // JSON, and JSON that was quoted once more
  [new RegExp(`("${secretNames}"\\s*:\\s*)"(?:[^"\\\\]|\\\\.)*"`, 'gi'), '$1"..."'],
  [new RegExp(`(\\\\"${secretNames}\\\\"\\s*:\\s*)\\\\"(?:[^"\\\\]|\\\\[^"])*\\\\"`, 'gi'), '$1\\"...\\"'],
  // query strings, forms and connection strings
  [new RegExp(`\\b(${secretNames}|ticket)=[^&\\s"'\\\\]+`, 'gi'), '$1=...'],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]{8,}/gi, '$1 ...'],
  [/\b((?:postgres(?:ql)?|rediss?):\/\/[^:@/\s"]*):[^\s"]*@/gi, '$1:...@'],
  [/\b([a-z][a-z0-9+.-]*:\/\/[^:@/\s"]*):[^@/\s"]*@/gi, '$1:...@'],
  [/(hooks\.slack\.com\/)[^\s"\\]+/gi, '$1...'],
  [/\b(xox[a-z]|xapp)-[0-9A-Za-z-]{6,}/g, '$1-...'],
  [/\b(kw[sdh]_)[0-9A-Za-z]{6,}/g, '$1...'],
]

/**
 * The rest of a token that was cut in two: a long run of digits, upper and lower case, which neither ids nor
 * hashes have.
 */
const bare =
  /(?<![0-9A-Za-z])(?=[0-9A-Za-z]*[0-9])(?=[0-9A-Za-z]*[a-z])(?=[0-9A-Za-z]*[A-Z])[0-9A-Za-z]{20,}(?![0-9A-Za-z])/g

/** Whether a text holds something that looks like a token of any prefix. */
export const holdsToken = (text: string): boolean => text.search(bare) !== -1

/**
 * Removes secrets from any text on its way out. A key's token keeps its hint, so that a log line still says
 * which key it was; Slack's and our own service credentials keep their kind.
 */
export function scrubber(tokenPrefix: string): (text: string) => string {
  const escaped = tokenPrefix.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const token = new RegExp(`(${escaped}[0-9A-Za-z]{4})[0-9A-Za-z]{4,}`, 'g')
  return (text) => {
    let clean = text.replace(token, '$1...')
    for (const [secret, instead] of general) clean = clean.replace(secret, instead)
    return clean.replace(bare, '...')
  }
}
