import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { bearer } from './bearer.ts'

/** Whether the sender of a request may read metrics and details of readiness. */
export type MayOperate = (request: FastifyRequest) => boolean

/** On an address that only the operator's own network reaches. */
export const everybody: MayOperate = () => true

const hash = (secret: string) => createHash('sha256').update(secret).digest()

/** Lets those who send `Authorization: Bearer` with this token; without a token nobody. */
export function holderOf(token: string | undefined): MayOperate {
  const wanted = token === undefined ? undefined : hash(token)
  return ({ headers }) => {
    const sent = bearer(headers.authorization)
    return wanted !== undefined && sent !== undefined && timingSafeEqual(hash(sent), wanted)
  }
}
