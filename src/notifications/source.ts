import type { Executor } from '../foundation/database.ts'
import type { Fellow } from './claims.ts'
import type { Claimed } from './outbox.ts'

/** The content of a message, as data; the channel knows by `about` how to show it. */
export type Content = { about: string }

/** A live message as it is now. */
export type Live = {
  content: Content
  /** changes when a reader would notice; the whole content unless given */
  hash?: string
  /** moves with traffic: while it alone changes, the message is edited once a minute at most */
  figures?: string
  /** nothing more will change */
  isOver?: boolean
}

/** A message that is sent once. */
export type Said = {
  content: Content
  /** Slack user ids, the most concerned first */
  mentions?: readonly string[]
  /** shown in the channel too, not only in the thread */
  broadcast?: boolean
}

/** The things to deliver for one outbox message, as they are now. */
export type Reading = {
  /** the message that is kept up to date: for the modes `live` and `thread` */
  live?: Live
  /** for the modes `once` and `thread` */
  said?: Said
  /** posting the live message says it already, so that no reply follows */
  isSaidByLive?: boolean
  /** whose matter it is: they get it when its channel is lost, besides the workspace's owners */
  concerned?: readonly string[]
  /** those concerned get a direct message of it too when they do not read the channel */
  mustBeRead?: boolean
  /** of a source that `sumsUp`: the fellows that `said` says too, so that they need no message of their own */
  covers?: readonly string[]
  /** who sent it to a person: notified when that person takes no messages */
  sender?: string
}

/**
 * An outbox message that is about to be delivered, whether its live message was posted, and the fellows that it may say
 * too: only for sources that `sumsUp`.
 */
export type Waiting = Pick<
  Claimed,
  'source' | 'workspaceId' | 'subjectId' | 'itemId' | 'step' | 'level' | 'destination' | 'body' | 'mode'
> & { isPosted: boolean; fellows?: readonly Fellow[] }

/** Knows what the messages of one kind say now. */
export type Source = {
  /**
   * Aligned with `messages`; undefined where there is nothing to say any more, an error where it cannot be said yet.
   */
  read(db: Executor, messages: readonly Waiting[], now: Date): Promise<(Reading | Error | undefined)[]>
  /** real seconds after which a live message is refreshed, for what changes without a message being put */
  everySeconds?: number
  /** messages that wait together for the same subject, place and mode may be said as one */
  sumsUp?: boolean
}

export type Sources = Readonly<Record<string, Source>>
