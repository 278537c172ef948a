import { createHmac, timingSafeEqual } from 'node:crypto'
import { makeStorable } from '../foundation/storable.ts'

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

/**
 * Reads a signed body as what it is: Slack's JSON begins with a brace, and its forms do not. The content type is not
 * signed, so it has to say the same. Undefined for anything else, and for a body without the fields that every
 * payload of Slack's has.
 */
export function readSignedBody(raw: Buffer, contentType: unknown): Record<string, unknown> | undefined {
  const text = raw.toString('utf8')
  const type = String(contentType ?? '')
    .split(';')[0]!
    .trim()
    .toLowerCase()
  const wanted = text.startsWith('{') ? 'application/json' : 'application/x-www-form-urlencoded'
  if (type !== wanted) return undefined
  try {
    const body = wanted === 'application/json' ? JSON.parse(text) : readForm(text)
    return (body?.type || body?.command || body?.ssl_check) && makeStorable(body) ? body : undefined
  } catch {
    return undefined
  }
}

function readForm(text: string): Record<string, unknown> {
  const form: Record<string, string> = Object.fromEntries(new URLSearchParams(text))
  return form.payload ? JSON.parse(form.payload) : form
}
