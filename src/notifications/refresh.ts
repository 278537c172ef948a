import type { World } from '../foundation/world.ts'
import { type Channel, Delay, Refused } from './channel.ts'
import { put } from './outbox.ts'
import {
  claimToRefresh,
  forgetPosted,
  type PostedMessage,
  refreshAgain,
  rememberShown,
  shownBy,
} from './posted-messages.ts'
import type { Live, Reading, Sources, Waiting } from './source.ts'

/** The needs of delivery: a channel to people, and the sources that know what messages say. */
export type Messenger = {
  world: Pick<World, 'db' | 'clock' | 'log' | 'random'>
  channel: Channel
  sources: Sources
}

const refreshesARound = 200
/** Real time after which no edit begins but the first: claims end soon, and new messages wait for the round's end. */
const editWithinMs = 8_000
/** How many messages are edited in a round although only their figures changed. */
const figuresARound = 5

/** Reads what the messages say now, aligned with them; an error where their source could not be read. */
export async function readFrom(
  { world, sources }: Messenger,
  messages: readonly Waiting[],
): Promise<(Reading | undefined | Error)[]> {
  const readings: (Reading | undefined | Error)[] = messages.map(() => undefined)
  const names = [...new Set(messages.map(({ source }) => source))]
  for (const name of names) {
    const places = messages.flatMap((message, i) => (message.source === name ? [i] : []))
    const read = await readOf(
      name,
      places.map((i) => messages[i]!),
    )
    for (const [n, i] of places.entries()) readings[i] = read[n]
  }
  return readings

  type Read = (Reading | undefined | Error)[]

  async function readOf(name: string, batch: readonly Waiting[]): Promise<Read> {
    const source = sources[name]
    // Messages of a newer program wait for it.
    if (!source) return batch.map(() => new Error(`nothing here knows messages of "${name}"`))
    try {
      return await source.read(world.db, batch, world.clock.now())
    } catch (error) {
      if (batch.length === 1) return [error instanceof Error ? error : new Error(String(error))]
      // By halves, so that one that cannot be read does not hold up the others.
      const half = batch.length >> 1
      return [...(await readOf(name, batch.slice(0, half))), ...(await readOf(name, batch.slice(half)))]
    }
  }
}

/**
 * Refreshes the live messages whose content changes without a message being put, and edits those in which a reader
 * would notice a change; figures alone once a minute. Those for which there is no time are left to a later round.
 * Returns how many were edited.
 */
export async function refreshMessages(messenger: Messenger, withinMs = editWithinMs): Promise<number> {
  const { world, sources } = messenger
  const untilMs = performance.now() + withinMs
  const due = await claimToRefresh(world.db, refreshesARound)
  const readings = await readFrom(messenger, due.map(asWaiting))
  let [edited, figures] = [0, 0]
  for (const [i, one] of due.entries()) {
    const reading = readings[i]
    const every = sources[one.source]?.everySeconds
    try {
      if (reading instanceof Error) throw reading
      if (!reading?.live) {
        await refreshAgain(world.db, one, undefined)
        continue
      }
      const shown = shownBy(reading.live)
      const isNews = shown.hash !== one.hash
      const isRefresh = !isNews && shown.figures !== one.figures && !one.isFresh && figures < figuresARound
      if (isNews || isRefresh) {
        // One at least, however long the reading took.
        if (edited > 0 && performance.now() > untilMs) break
        await showNow(messenger, one, reading.live)
        edited++
        if (isRefresh) figures++
      } else await refreshAgain(world.db, one, reading.live.isOver ? undefined : every)
    } catch (error) {
      await onFailure(messenger, one, reading instanceof Error ? undefined : reading?.live, error)
    }
  }
  return edited
}

const asWaiting = (one: PostedMessage): Waiting => ({
  source: one.source,
  workspaceId: one.workspaceId,
  subjectId: one.subjectId,
  itemId: one.itemId,
  destination: one.destination,
  step: 'refresh',
  mode: 'live',
  level: 0,
  body: one.body,
  isPosted: true,
})

/**
 * Edits the message, and remembers what it shows. An edit that Slack refuses leaves it as it is, where something else
 * says what happened; `isNews`: nothing else does.
 * @throws Refused also for an edit that is news
 */
export async function showNow(
  { world, channel, sources }: Messenger,
  message: PostedMessage,
  live: Live,
  { isNews = false } = {},
): Promise<void> {
  const where = await channel.edit(message.where, live.content, message.destination).catch((error) => {
    if (isNews || !(error instanceof Refused) || !['content', 'other'].includes(error.why)) throw error
    world.log.warn(
      { event: 'message.update_refused', message: message.subjectId, error: error.said },
      'Slack refused to update a message; it shows an earlier state',
    )
    return message.where
  })
  await rememberShown(world.db, { ...message, where }, live, sources[message.source]?.everySeconds)
}

/** A message that somebody deleted is begun anew, unless nothing more will happen. */
async function onFailure(
  { world }: Messenger,
  one: PostedMessage,
  live: Live | undefined,
  error: unknown,
): Promise<void> {
  const { db, clock, log, random } = world
  if (error instanceof Refused && error.why === 'missing') {
    await forgetPosted(db, one)
    const { workspaceId, source, subjectId, itemId, body, destination } = one
    const again = { workspaceId, source, subjectId, itemId, body, destination, mode: 'live' as const }
    if (!live?.isOver)
      await db.transaction((trx) =>
        put(trx, [{ ...again, step: `again:${clock.now().toISOString()}` }], clock.now(), random),
      )
    return
  }
  log.warn(
    { event: 'message.delayed', destination: one.destination, error: String(error) },
    'failed to bring a message up to date; trying again',
  )
  const isClosed = error instanceof Refused && error.why === 'closed'
  const seconds = isClosed ? closedSeconds : retrySeconds
  await refreshAgain(db, one, error instanceof Delay ? error.seconds : seconds)
}

const retrySeconds = 30
/** A channel that is back has its messages refreshed at once when it takes a new one. */
const closedSeconds = 300
