import type { Kind, Resolution, Severity } from '../findings/finding.ts'

/** Everything an alert says, as data; how it looks is the channel's business. */
export type Alert = {
  findingId: string
  kind: Kind
  step: string
  severity: Severity
  workspaceId: string
  key: { id: string; name: string; hint: string; ownerId: string; expiresAt: Date | null }
  requests: number
  lastUsedAt: Date | null
  resolution: Resolution | null
}

/** Where an alert stands. */
export type Posted = { channelId: string; ts: string }

/**
 * A way to people. Slack implements it. Each call either arrives, or throws: a `Delay` when the other side named
 * a time, anything else when it failed.
 */
export type AlertChannel = {
  post(destination: string, alert: Alert, letterId: string): Promise<Posted>
  /** makes the parent message show how things stand now */
  edit(where: Posted, alert: Alert): Promise<void>
  /** says in the thread what changed, and to whom it matters */
  reply(where: Posted, alert: Alert, letterId: string): Promise<void>
}

/** Thrown by a channel that must not be asked again before `seconds` have passed. */
export class Delay extends Error {
  readonly seconds: number

  constructor(seconds: number) {
    super(`asked to wait ${seconds} s`)
    this.seconds = seconds
  }
}
