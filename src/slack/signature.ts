import { createHmac, timingSafeEqual } from 'node:crypto'

/** Real seconds before and after now in which a signature is valid; Slack's own window. */
export const windowSeconds = 300

export type Signed = { signature: unknown; timestamp: unknown; body: Buffer }

/**
 * The signature, as hexadecimal digits, of a request that Slack signed within `windowSeconds` of `nowSeconds`, else undefined.
 * Both headers are taken in the one form that Slack writes them in, `v0=` and 64 digits, and whole seconds since 1970: a
 * signature that could be written in several ways could be sent several times.
 */
export function signatureOf(
  secret: string,
  { signature, timestamp, body }: Signed,
  nowSeconds: number,
): string | undefined {
  const digits = /^v0=([0-9a-f]{64})$/.exec(String(signature))?.[1]
  const seconds = /^[1-9]\d{0,11}$/.exec(String(timestamp))?.[0]
  if (digits === undefined || seconds === undefined) return undefined
  if (Math.abs(Number(seconds) - nowSeconds) > windowSeconds) return undefined
  const expected = createHmac('sha256', secret).update(`v0:${seconds}:`).update(body).digest()
  return timingSafeEqual(Buffer.from(digits, 'hex'), expected) ? digits : undefined
}
