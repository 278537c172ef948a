import type { BandHour } from '../anomaly/band.ts'
import type { Severity } from '../anomaly/severity.ts'
import type { Digest } from '../findings/digest.ts'
import type { Kind, Resolution } from '../findings/finding.ts'
import type { World } from '../foundation/world.ts'
import type { Role } from '../members/member.ts'
import type { Asked } from '../reviews/keys-asked.ts'
import type { ReviewProgress } from '../reviews/progress.ts'

/** The dependencies of delivery besides the channel. */
export type Deps = Pick<World, 'db' | 'clock' | 'log' | 'random'>

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
export type Group = { id: string; kind: Kind; workspaceId: string; day: string | null; alerts: Alert[] }

/** A fleet event: many keys of a workspace changed at once. Its current state. */
export type Fleet = {
  id: string
  direction: 'more' | 'less' | 'failing'
  keys: number
  activeKeys: number
  beganAt: Date
  grownAt: Date
  overAt: Date | null
  /** some of them, the busiest first */
  names: string[]
}

/** A message that is kept up to date: one finding's own, one that many share, or one of a review or a fleet event. */
export type Parent =
  | { alert: Alert }
  | { group: Group }
  | { fleet: Fleet }
  | { asked: Asked }
  | { progress: ReviewProgress }

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
  what: 'acknowledged' | 'snoozed' | 'woken' | 'assigned' | 'asked'
  by: string
  to?: string
  until?: string
  reason?: string
}

/** A message that is sent once and never edited. */
export type Notice =
  | { about: 'channel-lost'; channel: string; reason: string; lost?: 'checkpoints' }
  | ({ about: 'checkpoint' } & PostedCheckpoint)
  | ({ about: 'digest' } & Digest)
  | { about: 'quarantined'; name: string; hint: string }
  | { about: 'review-reminder'; asked: Asked }
  | ({ about: 'offboarded-elsewhere' } & OffboardedElsewhere)
  | ({ about: 'step-refused' } & RefusedStep)

/** The effects in this workspace of an offboarding that was requested in another one. */
type OffboardedElsewhere = {
  leaver: string
  /** an actor's name */
  by: string
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

/** The end of one workspace's audit chain, signed, posted so that it survives a loss of the database. */
export type PostedCheckpoint = {
  workspace: string
  /** the workspace's own date */
  day: string
  at: string
  seq: number
  /** one word that `keywarden audit verify` reads */
  signed: string
}

/** Where an alert was posted, and with which picture. */
export type Posted = { channelId: string; ts: string; pictureId?: string }

/**
 * The outbox message that a post carries, so that `find` finds it again. The channel calls `before` just before it
 * sends. `mayJoin`: the bot may join the channel, as nothing was ever posted there; it does not rejoin one it was
 * removed from. `isLate`: earlier attempts failed, so the message goes without its picture, which must not delay it
 * again. `inWords`: the message goes as text alone, because it was refused repeatedly as it is.
 */
export type Carried = { id: string; mayJoin: boolean; isLate: boolean; inWords: boolean; before(): void }

/**
 * A channel to people; Slack implements it. Each call either succeeds or throws: `Delay` when the service asks to
 * wait, `Refused` when it refuses, anything else when it is unknown whether the message was delivered. A message
 * refused for its content is sent once more as text alone before `Refused` is thrown.
 */
export type AlertChannel = {
  post(destination: string, parent: Parent, mentions: string[], message: Carried): Promise<Posted>
  /** brings the parent message up to date */
  edit(where: Posted, parent: Parent, destination: string): Promise<void>
  /** posts in the thread what changed, and mentions the people it concerns */
  reply(where: Posted, step: Step, message: Carried): Promise<void>
  /** posts a notice once; in the thread, if one is given */
  say(destination: string, notice: Notice, message: Carried, thread?: Posted): Promise<Posted>
  /** the post that carries this outbox message, if it arrived after that time; in the thread, if one is given */
  find(
    destination: string,
    messageId: string,
    since: Date,
    thread: Posted | undefined,
  ): Promise<Posted | undefined>
  /** whether that person reads this destination */
  reaches(destination: string, userId: string): Promise<boolean>
}

/** Thrown when the channel must not be called again before `seconds` have passed. */
export class Delay extends Error {
  readonly seconds: number

  constructor(seconds: number) {
    super(`asked to wait ${seconds} s`)
    this.seconds = seconds
  }
}

/**
 * Thrown when the service refused, so that nothing was delivered. `closed`: the destination takes no messages any more;
 * `missing`: the message to edit or answer is gone; `content`: this message is refused for good, as text too; `app`:
 * every message is refused until the app has its token or scopes again; `other`: it is unknown whether a retry helps.
 * `said` is the service's own error.
 */
export class Refused extends Error {
  readonly why: 'closed' | 'missing' | 'content' | 'app' | 'other'
  readonly said: string

  constructor(why: Refused['why'], said: string) {
    super(said)
    this.why = why
    this.said = said
  }
}
