/**
 * A signed checkpoint as one word without spaces or quotes, for where people copy from: chats straighten quotes and
 * break lines, and a word survives both. `kwc1.`, the text and its signature, each as base64url.
 */
export function asWord(signedLine: string): string {
  const { body, signature } = JSON.parse(signedLine) as { body: string; signature: string }
  return ['kwc1', Buffer.from(body).toString('base64url'), asUrl(signature)].join('.')
}

const asUrl = (base64: string) => Buffer.from(base64, 'base64').toString('base64url')

const word = /\bkwc1\.([\w-]+)\.([\w-]+)/g

/** Finds the signed lines among the words of any text. */
export const linesFromWords = (text: string): string[] =>
  [...text.matchAll(word)].map(([, body, signature]) =>
    JSON.stringify({
      body: Buffer.from(body!, 'base64url').toString(),
      signature: Buffer.from(signature!, 'base64url').toString('base64'),
    }),
  )
