import { isUtf8 } from 'node:buffer'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { sendError } from './answers.ts'
import { headerOf } from './header.ts'

export const bodyLimitBytes = 64 * 1024

/** Reads a JSON body of bounded size and hands it on; what cannot be read is answered here. */
export function readJson(request: IncomingMessage, response: ServerResponse, next: (body: unknown) => void) {
  if (!headerOf(request, 'content-type')?.startsWith('application/json'))
    return sendError(response, 415, 'UNSUPPORTED_MEDIA_TYPE', 'Send application/json.', close)
  if (Number(headerOf(request, 'content-length') ?? 0) > bodyLimitBytes) return tooLarge(response)
  let received: Buffer | undefined
  request.on('data', (chunk: Buffer) => {
    if (response.writableEnded) return
    received = received ? Buffer.concat([received, chunk]) : chunk
    if (received.length > bodyLimitBytes) tooLarge(response)
  })
  request.on('end', () => {
    if (response.writableEnded) return
    const body = received && parse(received)
    if (body === undefined) return sendError(response, 400, 'BAD_REQUEST', 'The body is not JSON in UTF-8.')
    next(body)
  })
}

function parse(received: Buffer): unknown {
  const text = received.toString('utf8')
  // Bytes that are not UTF-8 become U+FFFD, which may also have been sent.
  if (text.includes('\uFFFD') && !isUtf8(received)) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

// The rest of the body would be taken for the next request.
const close = ['connection', 'close']

const tooLarge = (response: ServerResponse) =>
  sendError(response, 413, 'TOO_LARGE', `Send at most ${bodyLimitBytes} bytes.`, close)
