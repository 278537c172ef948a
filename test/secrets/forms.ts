/** The secrets that a test knows, and every way in which one could lie in a text. */
export type Search = {
  /** which of the secrets are in that text, by their names, and in which form */
  in(text: string): string[]
}

/**
 * Base64 of a text that stands anywhere in what was encoded: at each of the three alignments, without the characters at
 * either end that its neighbours share.
 */
function base64s(secret: string): string[] {
  return [0, 1, 2].map((shift) => {
    const encoded = Buffer.concat([Buffer.alloc(shift), Buffer.from(secret)]).toString('base64')
    const whole = encoded.replace(/=+$/, '')
    const shared = (shift + Buffer.byteLength(secret)) % 3 === 0 ? 0 : 1
    return whole.slice([0, 2, 3][shift], whole.length - shared)
  })
}

const percent = (secret: string): string =>
  [...Buffer.from(secret)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')

/** Plain, reversed, in hexadecimal, URL-encoded and in base64, each by its name. */
export function formsOf(secret: string): Record<string, string[]> {
  const hex = Buffer.from(secret).toString('hex')
  const base64 = base64s(secret)
  return {
    plain: [secret],
    reversed: [[...secret].toReversed().join('')],
    hex: [hex, hex.toUpperCase()],
    url: [
      encodeURIComponent(secret),
      percent(secret),
      percent(secret).replace(/%../g, (one) => one.toUpperCase()),
    ],
    base64: [...base64, ...base64.map((one) => one.replaceAll('+', '-').replaceAll('/', '_'))],
  }
}

/** The prefix of a token is no secret, and may be cut off. */
const unprefixed = (secret: string): string => secret.replace(/^(tml|kws|kwd|kwh)_/, '')

export function searchFor(secrets: Readonly<Record<string, string>>): Search {
  const wanted = Object.entries(secrets).flatMap(([name, secret]) =>
    Object.entries(formsOf(unprefixed(secret))).flatMap(([form, texts]) =>
      [...new Set(texts)].map((text) => ({ name: `${name} (${form})`, text })),
    ),
  )
  return {
    in: (text) => [...new Set(wanted.filter((one) => text.includes(one.text)).map(({ name }) => name))],
  }
}
