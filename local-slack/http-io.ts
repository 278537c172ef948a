import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Fields, isFields } from './fields.ts'

const largestBody = 20 * 1024 * 1024

/** The request's body. Throws when it is larger than 20 MB. */
export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > largestBody) throw new Error('The body is too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** The fields of a JSON or form body. */
export function fieldsOf(body: Buffer, type: string | undefined): Fields {
  if (body.length === 0) return {}
  if (type?.startsWith('application/json')) {
    const parsed: unknown = JSON.parse(body.toString())
    return isFields(parsed) ? parsed : {}
  }
  return Object.fromEntries(new URLSearchParams(body.toString()))
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers })
  response.end(JSON.stringify(body))
}

export function sendBytes(response: ServerResponse, type: string, body: Uint8Array | string): void {
  response.writeHead(200, { 'content-type': type, 'cache-control': 'no-store' })
  response.end(body)
}
