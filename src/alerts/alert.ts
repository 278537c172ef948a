import type { BandHour } from '../anomaly/band.ts'
import type { Severity } from '../anomaly/severity.ts'
import type { Digest } from '../findings/digest.ts'
import type { Kind, Resolution } from '../findings/finding.ts'
import type { Role } from '../members/member.ts'

/** Everything an alert says, as data; the channel decides how to show it. */
export type Alert = {
  findingId: string
  kind: Kind
  step: string
  severity: Severity
  workspaceId: string
  facts: Record<string, unknown>
  key: {
    id: string
    name: string
    hint: string
    ownerId: string
    expiresAt: Date | null
    isActive: boolean
    isPaused: boolean
  }
  ownerRole: Role
  /** of a direct message: the person who reads it */
  reader?: { id: string; role: Role }
  requests: number
  lastUsedAt: Date | null
  /** requests in the 24 hours before a moment; absent where they would say nothing */
  inDay?: { requests: number; until: Date }
  acknowledged: { by: string; at: Date } | null
  assigned: { to: string; by: string } | null
  snoozed: { until: Date; by: string; reason: string } | null
  resolution: Resolution | null
  /** by hour, with what is usual then: for a picture, where one helps to judge it */
  band?: readonly BandHour[]
  /** the workspace's, for hours in words and pictures */
  timeZone: string
}

/** Several findings of a kind in one message, each with its current state. */
export type Group = {
  id: string
  kind: Kind
  workspaceId: string
  day: string | null
  alerts: Alert[]
  /** names of keys whose findings were sent here first, and have a message of their own since */
  moved: string[]
}

/** One step of a finding, for its thread. */
export type Step = {
  alert: Alert
  step: string
  /** Slack user ids, the most concerned first */
  mentions: string[]
  /** shown in the channel too, not only in the thread */
  broadcast: boolean
  /** the person's action that the step reports, if it reports one */
  action: FindingAction | null
}

/** An action that a person took on a finding from its alert. */
export type FindingAction = {
  what: 'acknowledged' | 'let-go' | 'snoozed' | 'woken' | 'assigned' | 'asked'
  by: string
  to?: string
  /** whom a manager took it off */
  of?: string
  until?: string
  reason?: string
}

/** A message that is sent once and never edited. */
export type Notice =
  | { about: 'channel-lost'; channel: string; reason: string; lost?: 'checkpoints' }
  | { about: 'unreachable'; person: string; what: string; reason: string }
  | ({ about: 'digest' } & Digest)
  | { about: 'welcome'; workspace: string; alertChannel: string }
  | { about: 'quarantined'; name: string; hint: string }
  | ({ about: 'offboarded-elsewhere' } & OffboardedElsewhere)
  | ({ about: 'step-refused' } & RefusedStep)

/** The effects in this workspace of an offboarding that was requested in another one. */
type OffboardedElsewhere = {
  leaver: string
  /** an actor's name */
  by: string
  /** the sources of the requests; absent in messages that an older version put */
  sources?: string[]
  /** names of the workspace where it was requested, and of this one */
  home: string
  workspace: string
  /** some of the keys that it found here, and the number of all */
  keys: { name: string; plan: string }[]
  count: number
  keepsRole: boolean
}

/** Runs of the workflow step that were refused because it is switched off: one, or those within an hour after it. */
type RefusedStep = {
  runs: number
  isMore: boolean
  /** the leavers that some of them named */
  leavers: string[]
  /** names of workspaces where it is switched off */
  offIn: string[]
}
