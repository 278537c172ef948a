import type { ServerResponse } from 'node:http'
import type { Log } from '../foundation/log.ts'
import { isOutage } from '../foundation/outage.ts'
import type { Account } from '../verification/entries.ts'
import { Overloaded } from '../verification/reader.ts'
import type { Verifier } from '../verification/verifier.ts'
import { sendError, sendUnauthenticated, sendUnavailable } from './answers.ts'
import { countFailure } from './metrics.ts'

/**
 * Authenticates the caller and goes on with the account, at once where memory allows. A caller without a live service
 * token is answered here and learns nothing.
 */
export function withAccount(
  verifier: Verifier,
  log: Log,
  response: ServerResponse,
  serviceToken: string | undefined,
  next: (account: Account) => void | Promise<void>,
) {
  if (serviceToken === undefined) return sendUnauthenticated(response)
  const goOn = (account: Account | null) => (account ? next(account) : sendUnauthenticated(response))
  try {
    const account = verifier.account(serviceToken)
    const going = account instanceof Promise ? account.then(goOn) : goOn(account)
    if (going instanceof Promise) going.catch((error) => fail(log, response, error))
  } catch (error) {
    fail(log, response, error)
  }
}

/** Answers for an error: 503 when the database is out or too much is asked of it, 500 for a fault of ours. */
function fail(log: Log, response: ServerResponse, error: unknown) {
  if (response.headersSent) return
  if (error instanceof Overloaded || isOutage(error)) {
    log.debug({ event: 'http.verify_unavailable', error: String(error) }, 'answered a verify with 503')
    countFailure(503)
    return sendUnavailable(response)
  }
  log.error({ event: 'http.request_failed', error: (error as Error).stack }, 'an HTTP request failed')
  countFailure(500)
  sendError(response, 500, 'ERROR', 'Something went wrong here; the log says what.')
}
