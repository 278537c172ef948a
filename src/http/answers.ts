import type { ServerResponse } from 'node:http'
import { SecondChance } from '../foundation/second-chance.ts'

/** An answer that is written once and sent often. No answer is ever cached by anybody else. */
export type Answer = { headers: readonly string[]; body: string }

/** JSON that is plain ASCII, which all of ours is but for messages of errors. */
export const jsonAnswer = (body: string, headers: readonly string[] = []): Answer => ({
  headers: [
    'content-type',
    'application/json; charset=utf-8',
    'cache-control',
    'no-store',
    'content-length',
    String(Buffer.byteLength(body)),
    ...headers,
  ],
  body,
})

function send(response: ServerResponse, status: number, { headers, body }: Answer): void {
  response.writeHead(status, headers as string[])
  response.end(body)
}

/** Headers alone. */
export const emptyAnswer = (headers: readonly string[] = []): Answer => ({
  headers: ['cache-control', 'no-store', 'content-length', '0', ...headers],
  body: '',
})

const answersHeld = 20_000

/**
 * The answer for a key while it is valid, serialised once for each key in use. A key that changed is another object and
 * gets a new answer.
 */
export function writtenOnce<K extends { id: string }>(write: (key: K) => Answer): (key: K) => Answer {
  const held = new SecondChance<{ key: K; answer: Answer }>(answersHeld)
  return (key) => {
    const known = held.get(key.id)
    if (known?.key === key) return known.answer
    const answer = write(key)
    held.set(key.id, { key, answer })
    return answer
  }
}

let thisTurn: { response: ServerResponse; status: number; answer: Answer }[] = []

/**
 * Sends an answer with all others of this turn of the event loop, at its end. A client with many connections wakes once
 * for all of them and not once for each: on one machine that is a third of the cost of a verify.
 */
export function sendSoon(response: ServerResponse, status: number, answer: Answer): void {
  if (thisTurn.push({ response, status, answer }) === 1) setImmediate(sendThisTurn)
}

function sendThisTurn(): void {
  const all = thisTurn
  thisTurn = []
  for (const { response, status, answer } of all) send(response, status, answer)
}

const sendJson = (
  response: ServerResponse,
  status: number,
  body: string,
  headers?: readonly string[],
): void => send(response, status, jsonAnswer(body, headers))

export const sendEmpty = (response: ServerResponse, status: number, headers?: readonly string[]): void =>
  send(response, status, emptyAnswer(headers))

/** Each code that an error's body may have: docs/log-events.md says what it means. */
export type ErrorCode =
  | 'BAD_REQUEST'
  | 'ERROR'
  | 'KEY_REUSED'
  | 'NOT_FOUND'
  | 'RATE_LIMITED'
  | 'REPLAYED'
  | 'TOO_LARGE'
  | 'UNAUTHENTICATED'
  | 'UNAVAILABLE'
  | 'UNSUPPORTED_MEDIA_TYPE'

export const errorBody = (code: ErrorCode, message: string) => ({ error: { code, message } })

const codes: Record<number, ErrorCode> = {
  401: 'UNAUTHENTICATED',
  404: 'NOT_FOUND',
  409: 'REPLAYED',
  413: 'TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  422: 'KEY_REUSED',
  503: 'UNAVAILABLE',
}

/** The code that goes with a status. */
export const codeOf = (status: number): ErrorCode => codes[status] ?? (status < 500 ? 'BAD_REQUEST' : 'ERROR')

export function sendError(
  response: ServerResponse,
  status: number,
  code: ErrorCode,
  message: string,
  headers: readonly string[] = [],
): void {
  sendJson(response, status, JSON.stringify(errorBody(code, message)), headers)
}

export const databaseIsOut = 'The database is unavailable. Try again in a second.'

/** The answer while the database is needed and cannot be asked. A key is never let through on no evidence. */
export const sendUnavailable = (response: ServerResponse): void =>
  sendError(response, 503, 'UNAVAILABLE', databaseIsOut, ['retry-after', '1'])

export const sendUnauthenticated = (response: ServerResponse): void =>
  sendError(
    response,
    401,
    'UNAUTHENTICATED',
    'Send a live service token: Authorization: Bearer kws_...; /v1/forward-auth wants it as X-Keywarden-Service-Token.',
    ['www-authenticate', 'Bearer'],
  )
