import type { Posted } from '../notifications/channel.ts'
import type { NoteKind } from './notes.ts'
import type { CampaignView, Tracker } from './tracker.ts'

/** The content of one message: a rotation, or a campaign of many. */
export type Shown = { about: 'rotation'; tracker: Tracker } | { about: 'campaign'; campaign: CampaignView }

/** A note that is sent once in the thread of a rotation's message, with the people it mentions. */
export type Said = {
  kind: Exclude<NoteKind, 'offer'>
  tracker: Tracker
  mentions: string[]
  report?: CompromiseReport
}

/** The last hours of a compromised key: networks and clients, and which of them are new. */
export type CompromiseReport = {
  hours: number
  requests: number
  refused: number
  sources: {
    network: string
    client: string
    requests: number
    refused: number
    lastAt: Date
    isNew: boolean
  }[]
}

/**
 * Shows rotations to people; Slack implements it. Each call is delivered, or throws. `again`: an earlier try may have
 * arrived without an answer, so look before you send.
 */
export type RotationBoard = {
  post(shown: Shown, channel: string, messageId: string, again: boolean): Promise<Posted>
  edit(where: Posted, shown: Shown): Promise<void>
  /** in the message's thread */
  reply(where: Posted, said: Said, noteId: string, again: boolean): Promise<void>
  /** to the owner of new keys: the way to their tokens */
  offer(userId: string, trackers: readonly Tracker[]): Promise<void>
  /** to the owner of a new key that still waits */
  remind(userId: string, tracker: Tracker): Promise<void>
}
