import { isRefusal, type Refusal, refuse } from '../foundation/refusal.ts'
import { dayMs, readMoment } from '../foundation/time.ts'
import { longestDays, mustExpire, type Policy } from '../policy/policy.ts'
import { readScopes } from './issue.ts'
import { readLimit } from './limit.ts'
import { readName, readWords } from './name.ts'
import { readNetworks } from './networks.ts'
import type { Scope } from './scope.ts'
import { hashToken, isHint } from './token.ts'

/** The fields of a key that exists elsewhere; the first five are required. */
export const adoptionFields = [
  'sha256',
  'hint',
  'name',
  'scopes',
  'owner',
  'expires',
  'created',
  'description',
  'integration',
  'networks',
  'limit',
] as const
export type AdoptionFields = Record<(typeof adoptionFields)[number], string>

/** A key that exists elsewhere, in the form it will be kept. */
export type Adoption = {
  tokenHash: Buffer
  hint: string
  name: string
  description: string
  integration: string
  scopes: Scope[]
  allowedNetworks: string[]
  limitPerMinute: number | null
  /** a Slack user id, or an e-mail address that is still to be looked up */
  owner: string
  expiresAt: Date | null
  createdAt: Date
}

/** Reads one key; all that is wrong at once, each refusal naming its field. Pure. */
export function readAdoption(fields: AdoptionFields, now: Date): Adoption | Refusal[] {
  const tokenHash = readHash(fields.sha256)
  const read = {
    tokenHash,
    hint: readHint(fields.hint, isRefusal(tokenHash) ? undefined : tokenHash),
    name: readName(fields.name),
    description: readWords(fields.description, 300, 'description'),
    integration: readWords(fields.integration, 80, 'integration'),
    scopes: readScopes(fields.scopes.split(/[\s,;|]+/).filter((scope) => scope !== '')),
    allowedNetworks: readNetworks(fields.networks),
    limitPerMinute: readLimit(fields.limit),
    owner: readOwner(fields.owner),
    expiresAt: readExpires(fields.expires.trim(), now),
    createdAt: readCreated(fields.created.trim(), now),
  }
  const refusals = Object.values(read).filter(isRefusal)
  return refusals.length > 0 ? refusals : (read as Adoption)
}

/** Warnings for an adopted key that policy would not allow to be made; it is adopted all the same. Pure. */
export function policyWarnings({ scopes, expiresAt }: Adoption, policy: Policy, now: Date): Refusal[] {
  const field = 'expires'
  if (expiresAt === null)
    return mustExpire(scopes, policy)
      ? [refuse('invalid', 'By policy this key must expire, and it never does.', { field })]
      : []
  const max = longestDays(policy)
  if (expiresAt.getTime() <= now.getTime() + max * dayMs) return []
  return [refuse('invalid', `By policy keys last at most ${max} days.`, { field })]
}

function readHash(text: string): Buffer | Refusal {
  const hex = text.trim().toLowerCase()
  if (/^[0-9a-f]{64}$/.test(hex)) return Buffer.from(hex, 'hex')
  return refuse('invalid', 'Give the SHA-256 of the token as 64 hexadecimal digits.', { field: 'sha256' })
}

/** The beginning of the token that people will know the key by. Never the whole of it. */
function readHint(text: string, tokenHash: Buffer | undefined): string | Refusal {
  const field = 'hint'
  const bare = text.trim().replace(/(\.{3}|…)$/, '')
  if (tokenHash?.equals(hashToken(bare)))
    return refuse('invalid', 'This is the whole token. Anyone who sees it can use it: replace that key.', {
      field,
    })
  if (isHint(bare)) return `${bare}...`
  return refuse('invalid', 'Give the first 4 to 16 characters of the token.', { field })
}

function readOwner(text: string): string | Refusal {
  const owner = text.trim()
  if (/^[UW][A-Z0-9]{5,20}$/.test(owner)) return owner
  if (/^[^\s@<>]+@[^\s@<>]+$/.test(owner)) return owner.toLowerCase()
  return refuse('invalid', 'Give a Slack user id such as U012AB3CD, or an e-mail address.', {
    field: 'owner',
  })
}

function readExpires(text: string, now: Date): Date | null | Refusal {
  const field = 'expires'
  if (text === '') return null
  const at = readMoment(text)
  if (!at) return refuse('invalid', 'Write a day as 2026-03-01 or a moment as 2026-03-01T08:00Z.', { field })
  return at > now ? at : refuse('expired', 'It has expired. Leave the line out.', { field })
}

function readCreated(text: string, now: Date): Date | Refusal {
  const field = 'created'
  if (text === '') return now
  const at = readMoment(text)
  if (!at) return refuse('invalid', 'Write a day as 2026-03-01 or a moment as 2026-03-01T08:00Z.', { field })
  return at <= now ? at : refuse('invalid', 'It lies in the future.', { field })
}
