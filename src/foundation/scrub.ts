/**
 * Removes secrets from any text on its way out. A key's token keeps its hint, so that a log line still says
 * which key it was; Slack's and our own service credentials keep their kind.
 */
export function scrubber(tokenPrefix: string): (text: string) => string {
  const escaped = tokenPrefix.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const token = new RegExp(`(${escaped}[0-9A-Za-z]{4})[0-9A-Za-z]{4,}`, 'g')
  return (text) =>
    text
      .replace(token, '$1...')
      .replace(/\b(xox[a-z]|xapp)-[0-9A-Za-z-]{6,}/g, '$1-...')
      .replace(/\bkws_[0-9A-Za-z]{6,}/g, 'kws_...')
      .replace(/(postgres(?:ql)?|rediss?):\/\/([^:@/\s]*):[^@/\s]+@/g, '$1://$2:...@')
}
