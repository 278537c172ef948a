import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Log } from '../foundation/log.ts'
import type { Account } from '../verification/entries.ts'
import type { Verifier } from '../verification/verifier.ts'
import type { Question, Verdict } from '../verification/verify.ts'
import { type Answer, jsonAnswer, sendError, sendSoon, writtenOnce } from './answers.ts'
import { bearer } from './bearer.ts'
import { readJson } from './body.ts'
import { withAccount } from './caller.ts'
import { headerOf } from './header.ts'
import { countRead, countVerdict } from './metrics.ts'
import { readQuestion } from './question.ts'
import { rateLimitHeaders } from './rate-limit.ts'

/**
 * `POST /v1/verify {key, workspace?, scope? | method, path, ip?, userAgent?}` with a service token answers 200 and a
 * verdict. It stands on node:http itself: this is the request that every request of the platform waits for.
 */
export function verifyHandler(verifier: Verifier, log: Log) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    const began = performance.now()
    readJson(request, response, (body) =>
      withAccount(verifier, log, response, bearer(headerOf(request, 'authorization')), (account) =>
        answer(account, body, response, began),
      ),
    )
  }

  function answer(
    account: Account,
    body: unknown,
    response: ServerResponse,
    began: number,
  ): void | Promise<void> {
    const question: Question | string = readQuestion(body, verifier)
    if (typeof question === 'string') return sendError(response, 400, 'BAD_REQUEST', `${usage} ${question}.`)
    const verdict = verifier.verify(account, question)
    if (!(verdict instanceof Promise)) return send(response, verdict, began)
    countRead()
    return verdict.then((late) => send(response, late, began))
  }
}

const usage =
  'Send JSON {"key": "...", "workspace"?: "...", "scope"?: "..." or "method" and "path", "ip"?: "..."}.'

function send(response: ServerResponse, verdict: Verdict, began: number) {
  countVerdict(verdict.code, began)
  if (!verdict.allowance) return sendSoon(response, 200, answerTo(verdict))
  const { limit, remaining, resetSeconds } = verdict.allowance
  const body = { ...describe(verdict), rateLimit: { limit, remaining, resetSeconds } }
  sendSoon(response, 200, jsonAnswer(JSON.stringify(body), rateLimitHeaders(verdict.allowance)))
}

const validAnswer = writtenOnce((key: NonNullable<Verdict['key']>) =>
  jsonAnswer(JSON.stringify(describe({ code: 'VALID', key }))),
)

function answerTo(verdict: Verdict): Answer {
  return verdict.code === 'VALID' ? validAnswer(verdict.key!) : jsonAnswer(JSON.stringify(describe(verdict)))
}

function describe({ code, key }: Verdict) {
  if (code === 'VALID')
    return { valid: true, code, keyId: key!.id, workspace: key!.workspace.id, scopes: key!.scopes }
  return { valid: false, code, keyId: key?.id, workspace: key?.workspace.id }
}
