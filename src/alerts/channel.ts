import type { BandHour } from '../anomaly/band.ts'
import type { Severity } from '../anomaly/severity.ts'
import type { Digest } from '../findings/digest.ts'
import type { Kind, Resolution } from '../findings/finding.ts'
import type { World } from '../foundation/world.ts'
import type { Role } from '../members/member.ts'
import type { Asked } from '../reviews/keys-asked.ts'
import type { ReviewProgress } from '../reviews/progress.ts'

/** What delivering needs beside the channel. */
export type Deps = Pick<World, 'db' | 'clock' | 'log' | 'random'>

/** Everything an alert says, as data; how it looks is the channel's business. */
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

/** Many findings of a kind in one message, with how things stand for each now. */
export type Group = { id: string; kind: Kind; workspaceId: string; day: string | null; alerts: Alert[] }

/** What many keys of a workspace did at once, as it stands now. */
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

/** A message that is kept true: one finding's own, one that many share, or one of a review or a fleet. */
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
  /** what somebody did or asked, when that is what the step is about */
  action: FindingAction | null
}

/** What a person did to a finding from its alert. */
export type FindingAction = {
  what: 'acknowledged' | 'snoozed' | 'woken' | 'assigned' | 'asked'
  by: string
  to?: string
  until?: string
  reason?: string
}

/** What is said once and stands for itself. */
export type Notice =
  | { about: 'channel-lost'; channel: string; reason: string; lost?: 'checkpoints' }
  | ({ about: 'checkpoint' } & PostedCheckpoint)
  | ({ about: 'digest' } & Digest)
  | { about: 'quarantined'; name: string; hint: string }
  | { about: 'review-reminder'; asked: Asked }
  | ({ about: 'offboarded-elsewhere' } & OffboardedElsewhere)
  | ({ about: 'step-refused' } & RefusedStep)

/** What an offboarding that somebody asked for in another workspace does in this one. */
type OffboardedElsewhere = {
  leaver: string
  /** an actor's name */
  by: string
  /** names of the workspace where it was asked for, and of this one */
  home: string
  workspace: string
  /** some of the keys that it found here, and how many there are */
  keys: { name: string; plan: string }[]
  count: number
  keepsRole: boolean
}

/** Runs of the workflow step that were refused since it is switched off: one, or what followed it within the hour. */
type RefusedStep = {
  runs: number
  isMore: boolean
  /** what some of them named as leaver */
  leavers: string[]
  /** names of workspaces where it is switched off */
  offIn: string[]
}

/** Where one workspace's audit ended, signed: what outlives the database if anything does. */
export type PostedCheckpoint = {
  workspace: string
  /** the workspace's own date */
  day: string
  at: string
  seq: number
  /** one word that `keywarden audit verify` reads */
  signed: string
}

/** Where an alert stands, and with which picture. */
export type Posted = { channelId: string; ts: string; pictureId?: string }

/**
 * Which letter a message carries, so that it can be found again; `before` is called at the last moment. A channel
 * that never heard anything may be joined; one that the bot was taken out of may not. A letter that is late, since it
 * was tried before, goes without its picture: that must not hold it up again. `inWords`: what is said goes in words
 * alone, since it was refused over and over as it is.
 */
export type Carried = { id: string; mayJoin: boolean; isLate: boolean; inWords: boolean; before(): void }

/**
 * A way to people. Slack implements it. Each call either arrives, or throws: a `Delay` when the other side named
 * a time, a `Refused` when it said no, anything else when it is unknown whether it arrived. What is refused for its
 * content goes once more in words alone before `Refused` is thrown.
 */
export type AlertChannel = {
  post(destination: string, parent: Parent, mentions: string[], message: Carried): Promise<Posted>
  /** makes the parent message show how things stand now */
  edit(where: Posted, parent: Parent, destination: string): Promise<void>
  /** says in the thread what changed, and to whom it matters */
  reply(where: Posted, step: Step, message: Carried): Promise<void>
  /** says something once; in the thread, when one is named */
  say(destination: string, notice: Notice, message: Carried, thread?: Posted): Promise<Posted>
  /** the message that carries this letter, if it arrived after that time; in the thread, when one is named */
  find(
    destination: string,
    messageId: string,
    since: Date,
    thread: Posted | undefined,
  ): Promise<Posted | undefined>
  /** whether that person reads what is said there */
  reaches(destination: string, userId: string): Promise<boolean>
}

/** Thrown by a channel that must not be asked again before `seconds` have passed. */
export class Delay extends Error {
  readonly seconds: number

  constructor(seconds: number) {
    super(`asked to wait ${seconds} s`)
    this.seconds = seconds
  }
}

/**
 * Thrown when the other side said no, so that nothing arrived. `closed`: nobody can be told anything there;
 * `missing`: the message to edit or answer is gone; `content`: this message is refused for good, in words too;
 * `app`: every message is refused, until somebody gives the app back its token or its rights; `other`: it is unknown
 * whether trying again helps. `said` is what the other side said.
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
