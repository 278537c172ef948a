import type { Content, Said } from './source.ts'

/** Where a message was posted, and with which uploaded picture; `shows`: a digest of what the picture shows. */
export type Posted = { channelId: string; ts: string; picture?: { id: string; shows: string } }

/**
 * The outbox message that a post carries, so that `find` finds it again. The channel calls `before` just before it
 * sends. `mayJoin`: the bot may join the channel, as nothing was ever posted there; it does not rejoin one it was
 * removed from. `isLate`: earlier attempts failed, so the message goes without its picture, which must not delay it
 * again. `inWords`: the message goes as text alone, because it was refused repeatedly as it is.
 */
export type Carried = { id: string; mayJoin: boolean; isLate: boolean; inWords: boolean; before(): void }

/** The id of the outbox message, and what it says: a file is known by its name alone. */
export type Sought = { id: string; content: Content }

/**
 * A way to people; Slack implements it. Each call either succeeds or throws: `Delay` when the service asks to wait,
 * `Refused` when it refuses, anything else when it is unknown whether the message was delivered. A message refused for
 * its content is sent once more as text alone before `Refused` is thrown.
 */
export type Channel = {
  /** in the thread, if one is given */
  post(destination: string, said: Said, carried: Carried, thread?: Posted): Promise<Posted>
  /** brings a live message up to date, with a new picture where what it shows has changed; it returns that one */
  edit(where: Posted, content: Content, destination: string): Promise<Posted>
  /** the post that carries this outbox message, if it arrived after that time; in the thread, if one is given */
  find(destination: string, sought: Sought, since: Date, thread?: Posted): Promise<Posted | undefined>
  /** whether that person reads this destination */
  reaches(destination: string, userId: string): Promise<boolean>
}

/**
 * Thrown when the channel must not be called again before `seconds` have passed: not to this destination, or, `of` a
 * method, not in this way.
 */
export class Delay extends Error {
  readonly seconds: number
  readonly of: 'destination' | 'method'

  constructor(seconds: number, of: Delay['of'] = 'destination') {
    super(`asked to wait ${seconds} s`)
    this.seconds = seconds
    this.of = of
  }
}

/**
 * Thrown when the service refused, so that nothing was delivered. `closed`: the destination takes no messages any more;
 * `missing`: the message to edit or answer is gone; `content`: this message is refused for good, as text too; `app`:
 * every message is refused until the app has its token or scopes again; `over`: nobody waits for it any more; `other`:
 * it is unknown whether a retry helps. `said` is the service's own error.
 */
export class Refused extends Error {
  readonly why: 'closed' | 'missing' | 'content' | 'app' | 'over' | 'other'
  readonly said: string

  constructor(why: Refused['why'], said: string) {
    super(said)
    this.why = why
    this.said = said
  }
}
