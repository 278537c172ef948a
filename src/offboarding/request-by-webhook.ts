import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { markConnectionUsed } from '../directory/connections.ts'
import type { Executor } from '../foundation/database.ts'
import type { Random } from '../foundation/random.ts'
import { isRefusal, type Refusal, refuse } from '../foundation/refusal.ts'
import type { Act } from '../members/actor.ts'
import type { Workspace } from '../workspaces/workspace.ts'
import { findOffboarding, type Mode, type Offboarding } from './offboarding.ts'
import { requestOffboarding } from './request.ts'
import { requestByEmail } from './request-by-email.ts'

/** Real seconds that a signature's time may lie before or after ours. */
const windowSeconds = 300

/** HMAC-SHA-256 in hex over `v1:TIMESTAMP:CONTENT`; the content is the body, or the path where there is none. */
export const sign = (secret: string, timestamp: string, content: string | Buffer): string =>
  createHmac('sha256', secret).update(`v1:${timestamp}:`).update(content).digest('hex')

/** Whether a request was signed with that secret within `windowSeconds`. `nowSeconds` is real time. */
export function isSigned(
  secret: string,
  { timestamp, signature, content }: { timestamp: string; signature: string; content: string | Buffer },
  nowSeconds: number,
): boolean {
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(nowSeconds - Number(timestamp)) > windowSeconds) return false
  const given = Buffer.from(signature.replace(/^v1=/, ''), 'hex')
  const expected = Buffer.from(sign(secret, timestamp, content), 'hex')
  return given.length === expected.length && timingSafeEqual(given, expected)
}

/** The body of a request from an HR system. */
export type RequestBody = {
  user?: string
  email?: string
  mode?: Mode
  successor?: string
  note?: string
}

export type Delivery = { connectionId: string; idempotencyKey: string; body: Buffer; signature: string }

/**
 * Takes a signed request once. The same request with the same idempotency key gets the same answer; a signature that
 * comes again under another key is a replay, and another body under the same key is a mistake.
 */
export async function receive(
  act: Act,
  workspace: Workspace,
  delivery: Delivery,
  wanted: RequestBody,
  random: Random,
): Promise<{ offboarding: Offboarding; isNew: boolean } | Refusal> {
  const { connectionId, idempotencyKey } = delivery
  // Two deliveries at once of one request wait for each other.
  const bodyHash = createHash('sha256').update(delivery.body).digest()
  const signature = Buffer.from(delivery.signature.replace(/^v1=/, ''), 'hex')
  // In this order everywhere, so that no two deliveries wait for each other.
  for (const once of [signature.toString('hex'), idempotencyKey])
    await act.trx.raw('select pg_advisory_xact_lock(hashtextextended(?, 0))', [
      `webhook ${connectionId} ${once}`,
    ])
  const earlier = await act
    .trx('webhook_deliveries')
    .where({ connection_id: connectionId })
    .where((query) => query.where({ idempotency_key: idempotencyKey }).orWhere({ signature }))
  const same = earlier.find((row) => row.idempotency_key === idempotencyKey)
  if (same && !bodyHash.equals(same.body_hash))
    return refuse('changed', 'That Idempotency-Key was used for another body.')
  if (!same && earlier.length > 0) return refuse('repeated', 'That signature was used already.')
  // Asking anew would begin again what somebody has undone since.
  const answered = same && (await findOffboarding(act.trx, workspace.accountId, same.offboarding_id))
  if (answered) return { offboarding: answered, isNew: false }
  const offboarding = await ask(act, workspace, connectionId, wanted, random)
  if (isRefusal(offboarding)) return offboarding
  await act.trx('webhook_deliveries').insert({
    connection_id: connectionId,
    idempotency_key: idempotencyKey,
    body_hash: bodyHash,
    signature,
    offboarding_id: offboarding.id,
    received_at: act.now,
  })
  await markConnectionUsed(act, connectionId)
  return { offboarding, isNew: true }
}

function ask(
  act: Act,
  workspace: Workspace,
  reference: string,
  { user, email, mode, successor: successorId, note }: RequestBody,
  random: Random,
): Promise<Offboarding | Refusal> {
  const request = { source: 'webhook' as const, reference, mode, successorId, note }
  return user
    ? requestOffboarding(act, workspace, { ...request, userId: user }, random)
    : requestByEmail(act, workspace, { ...request, emails: [email!] }, random)
}

/** Whether the connection asked for this offboarding, or for one that was joined to it. */
export async function askedFor(db: Executor, connectionId: string, offboardingId: string): Promise<boolean> {
  const row = await db('webhook_deliveries')
    .where({ connection_id: connectionId, offboarding_id: offboardingId })
    .first('connection_id')
  return row !== undefined
}

/** The database's real time: signatures are about machines, not about the calendar. */
export async function realSeconds(db: Executor): Promise<number> {
  const { rows } = await db.raw('select extract(epoch from clock_timestamp()) as seconds')
  return Number(rows[0].seconds)
}
