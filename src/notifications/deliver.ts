import { setTimeout as pause } from 'node:timers/promises'
import { type Executor, transact } from '../foundation/database.ts'
import { isRefusal } from '../foundation/refusal.ts'
import { isSlackUser, plain } from '../foundation/words.ts'
import { type Carried, Delay, type Posted, Refused, type Sought } from './channel.ts'
import {
  claim,
  complete,
  completeCovered,
  cover,
  fellowsOf,
  hasMoreComing,
  secondsToNextTry,
  wasOvertaken,
} from './claims.ts'
import { maxRefusals, recordFailure } from './failure.ts'
import { probeLostChannels, sendBack } from './fall-back.ts'
import { type Claimed, copyOf, put } from './outbox.ts'
import {
  earlierMessages,
  findPosted,
  forgetPosted,
  hasHeard,
  type PostedMessage,
  placeName,
  refreshWaitingAt,
  rememberPosted,
  shownBy,
} from './posted-messages.ts'
import { type Messenger, readFrom, showNow } from './refresh.ts'
import type { Live, Reading, Said } from './source.ts'

/** Real time after a claim in which a send may still begin: it has to end before the claim does. */
const sendWithinMs = 8_000
/** How many destinations are served at a time. */
const lanes = 6
/**
 * Delivers the waiting messages of the outbox, oldest first for each destination, and brings live messages up to date,
 * until nothing may be tried now. With a timeout it also waits, in real time, for retries that fall due within it.
 * Several processes may do this at once. Returns how many messages were delivered.
 */
export async function deliverWaiting(
  messenger: Messenger,
  timeout: { seconds: number } = { seconds: 0 },
): Promise<number> {
  const { db } = messenger.world
  await probeLostChannels(db)
  let arrived = await deliverOnce(messenger)
  for (let left = timeout.seconds; left > 0; ) {
    const seconds = await secondsToNextTry(db)
    if (seconds === undefined || seconds > left) break
    await pause(seconds * 1000)
    arrived += await deliverOnce(messenger)
    left -= Math.max(seconds, 1)
  }
  return arrived
}

/** Claims as many messages as lanes are free, so that one that hangs holds up its own lane alone. */
async function deliverOnce(messenger: Messenger): Promise<number> {
  const { db, clock } = messenger.world
  const running = new Set<Promise<void>>()
  let arrived = 0
  let failure: unknown
  try {
    while (failure === undefined) {
      const claimedAt = performance.now()
      // A message that ends while this claim is made may free the one behind it, which is not in the claim.
      const isAlone = running.size === 0
      const claimed = await claim(db, clock.now(), lanes - running.size)
      for (const delivery of await open(messenger, claimed, claimedAt)) {
        const work = attempt(delivery)
          .then(
            (isDelivered) => void (isDelivered && arrived++),
            // The database is out: nothing more is claimed.
            (error) => {
              failure ??= error
            },
          )
          .finally(() => running.delete(work))
        running.add(work)
      }
      if (isAlone && claimed.length === 0) return arrived
      if (running.size > 0 && (claimed.length === 0 || running.size === lanes)) await Promise.race(running)
    }
    throw failure
  } finally {
    await Promise.all(running)
  }
}

type Delivery = {
  messenger: Messenger
  message: Claimed
  reading: Reading | undefined
  /** the live message, if it stands */
  posted: PostedMessage | undefined
  claimedAt: number
}

/** Reads what the claimed messages say, in a batch for each source. One that cannot be read fails alone. */
async function open(
  messenger: Messenger,
  claimed: readonly Claimed[],
  claimedAt: number,
): Promise<Delivery[]> {
  if (claimed.length === 0) return []
  const { db, clock } = messenger.world
  const stands = await findPosted(db, claimed)
  const summedUp = claimed.filter(({ source, mode }) => mode !== 'live' && messenger.sources[source]?.sumsUp)
  const fellows = await fellowsOf(db, summedUp, clock.now())
  const waiting = claimed.map((message) => ({
    ...message,
    isPosted: stands.has(placeName(message)),
    fellows: fellows.get(message.id) ?? [],
  }))
  const readings = await readFrom(messenger, waiting)
  const failed = claimed.flatMap((message, i) => {
    const reading = readings[i]
    return reading instanceof Error ? [recordFailure(messenger, message, undefined, reading)] : []
  })
  await Promise.all(failed)
  return claimed.flatMap((message, i) => {
    const reading = readings[i]
    if (reading instanceof Error) return []
    return [{ messenger, message, reading, posted: stands.get(placeName(message)), claimedAt }]
  })
}

/** True when the message was delivered. */
async function attempt(delivery: Delivery): Promise<boolean> {
  try {
    return await deliver(delivery)
  } catch (error) {
    await recordFailure(delivery.messenger, delivery.message, delivery.reading, error)
    return false
  }
}

/**
 * Delivers one message: on its own, or as the subject's live message, or as a reply below it after it is brought up to
 * date. A message that an earlier attempt may have delivered is searched for first. The send is the last external call:
 * when anything before it fails, nothing was delivered.
 */
async function deliver(delivery: Delivery): Promise<boolean> {
  const { messenger, message, reading, posted } = delivery
  const { db, clock } = messenger.world
  if (!reading || (await wasOvertaken(db, message))) {
    await complete(db, message, 'moot', clock.now())
    return false
  }
  const copyTo = await concernedElsewhere(delivery, reading)
  if (reading.covers) await cover(db, message, reading.covers)
  if (message.mode === 'once') {
    await postOnce(delivery, reading.said!)
    return recordArrival(delivery, copyTo)
  }
  await updateEarlier(delivery)
  const begun = posted ? await follow(delivery, reading, posted) : await begin(delivery, reading)
  return recordArrival(delivery, copyTo, begun)
}

async function postOnce(delivery: Delivery, said: Said, id = delivery.message.id, thread?: Posted) {
  const { messenger, message } = delivery
  const earlier = await arrived(delivery, { id, content: said.content }, thread)
  return (
    earlier ??
    messenger.channel.post(message.destination, said, { ...(await carriedBy(delivery)), id }, thread)
  )
}

/** A send must not begin once the claim may have passed to another process. */
async function carriedBy({ messenger, message, claimedAt }: Delivery): Promise<Carried> {
  return {
    id: message.id,
    mayJoin: !(await hasHeard(messenger.world.db, message.destination)),
    isLate: message.attempts > 2,
    inWords: message.refusals >= maxRefusals - 1,
    before() {
      if (performance.now() - claimedAt > sendWithinMs) throw new Delay(0, 'method')
    },
  }
}

const arrived = async ({ messenger, message }: Delivery, sought: Sought, thread?: Posted) =>
  message.doubtSince
    ? messenger.channel.find(message.destination, sought, message.doubtSince, thread)
    : undefined

type Begun = { posted: Posted; live: Live }

/** Posts the live message, and the reply unless the live message says it. */
async function begin(delivery: Delivery, { live, said, isSaidByLive }: Reading): Promise<Begun> {
  const { message } = delivery
  if (!live) throw new Refused('content', 'there is no live message to begin')
  const isAlone = message.mode === 'live' || isSaidByLive
  const mentions = isAlone ? said?.mentions : undefined
  const parent: Said = { content: live.content, ...(mentions ? { mentions } : {}) }
  const posted = await postOnce(delivery, parent, isAlone ? message.id : `${message.id}:parent`)
  if (isAlone) return { posted, live }
  await remember(delivery.messenger.world.db, delivery, { posted, live })
  await postOnce(delivery, said!, message.id, posted)
  return { posted, live }
}

const remember = (db: Executor, { messenger, message }: Delivery, { posted, live }: Begun) =>
  rememberPosted(db, message, posted, live, messenger.world.clock.now())

/** Brings the live message up to date, and replies below it. One that somebody deleted is begun anew. */
async function follow(
  delivery: Delivery,
  reading: Reading,
  posted: PostedMessage,
): Promise<Begun | undefined> {
  const { messenger, message } = delivery
  const { db } = messenger.world
  const { live, said } = reading
  try {
    if (live && !(await hasMoreComing(db, message))) await update(delivery, live, posted)
    if (message.mode === 'thread') await postOnce(delivery, said!, message.id, posted.where)
    return undefined
  } catch (error) {
    if (!(error instanceof Refused) || error.why !== 'missing') throw error
    await forgetPosted(db, message)
    if (message.mode === 'thread') throw error
    return live && !live.isOver ? begin(delivery, reading) : undefined
  }
}

/** Where a reply follows, it says what an edit that Slack refuses would have shown. */
async function update({ messenger, message }: Delivery, live: Live, posted: PostedMessage): Promise<void> {
  const shown = shownBy(live)
  if (posted.hash === shown.hash && posted.figures === shown.figures) return
  const { itemId, body } = message
  const shows = { ...posted, itemId, ...(message.mode === 'live' ? { body } : {}) }
  await showNow(messenger, shows, live, { isNews: message.mode === 'live' })
}

/** Updates the live messages that the matter was part of before, so that they no longer show it. */
async function updateEarlier({ messenger, message }: Delivery): Promise<void> {
  const { db } = messenger.world
  const earlier = await earlierMessages(db, message)
  const waiting = earlier.map(({ subjectId }) => ({
    ...message,
    subjectId,
    mode: 'live' as const,
    isPosted: true,
  }))
  const readings = await readFrom(messenger, waiting)
  for (const [i, one] of earlier.entries()) {
    const reading = readings[i]
    if (reading instanceof Error) throw reading
    if (reading?.live)
      await showNow(messenger, one, reading.live).catch((error) => {
        if (!(error instanceof Refused)) throw error
      })
  }
}

/** Those concerned who do not read the destination. */
async function concernedElsewhere({ messenger, message }: Delivery, reading: Reading): Promise<string[]> {
  if (!reading.mustBeRead || !message.destination.startsWith('channel:')) return []
  const people = (reading.concerned ?? []).filter(isSlackUser)
  const reads = await Promise.all(people.map((one) => messenger.channel.reaches(message.destination, one)))
  return people.filter((_, i) => !reads[i])
}

/** Records the delivery, and puts the copies, in one transaction. Returns true. */
async function recordArrival(delivery: Delivery, copyTo: readonly string[], begun?: Begun): Promise<true> {
  const { messenger, message, reading } = delivery
  const { db, clock, random } = messenger.world
  const now = clock.now()
  const recorded = await transact(db, async (trx) => {
    if (begun) await remember(trx, delivery, begun)
    await complete(trx, message, 'arrived', now)
    if (reading?.covers) await completeCovered(trx, message, now)
    const lost = { workspace_id: message.workspaceId, channel: message.destination }
    if ((await trx('lost_channels').where(lost).delete()) > 0) {
      await sendBack(trx, lost)
      await refreshWaitingAt(trx, message.destination)
    }
    const copies = copyTo.map((person) => copyOf(message, `dm:${person}`))
    await put(trx, copies, now, random)
  })
  if (isRefusal(recorded)) throw new Error(plain(recorded.message))
  return true
}
