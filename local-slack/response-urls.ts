import { newId, newSecret } from './ids.ts'

const uses = 5
const lifetimeMilliseconds = 30 * 60_000

/** The interaction that a response_url was given for, and the uses that are left. */
export type Grant = {
  channel: string
  user: string
  /** the message that the interaction came from */
  origin?: { ts: string; isEphemeral: boolean }
  threadTs?: string
  usesLeft: number
  issuedAt: number
}
export type ResponseUrls = Map<string, Grant>

/** A path for one interaction: five uses within thirty minutes of real time. */
export function grantResponseUrl(
  urls: ResponseUrls,
  grant: Omit<Grant, 'usesLeft' | 'issuedAt'>,
  teamId: string,
): string {
  const path = `/response/${teamId}/${newId('').slice(0, 8)}/${newSecret(12)}`
  urls.set(path, { ...grant, usesLeft: uses, issuedAt: performance.now() })
  return path
}

/** Counts one use. Returns the grant, or Slack's word for why it is of no more use. */
export function useResponseUrl(
  urls: ResponseUrls,
  path: string,
): Grant | 'no_such_url' | 'expired_url' | 'used_url' {
  const grant = urls.get(path)
  if (!grant) return 'no_such_url'
  if (performance.now() - grant.issuedAt > lifetimeMilliseconds) return 'expired_url'
  if (grant.usesLeft === 0) return 'used_url'
  grant.usesLeft -= 1
  return grant
}
