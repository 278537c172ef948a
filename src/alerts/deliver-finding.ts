import { transact } from '../foundation/database.ts'
import { isRefusal } from '../foundation/refusal.ts'
import { plain } from '../foundation/words.ts'
import { type Claimed, complete, type Outcome, put } from '../outbox/outbox.ts'
import {
  type Alert,
  type AlertChannel,
  type Carried,
  type Deps,
  type Parent,
  type Posted,
  Refused,
} from './channel.ts'
import {
  findParent,
  forgetParent,
  foundAgain,
  hasMoreComing,
  otherParents,
  rememberParent,
  wasOvertaken,
} from './parents.ts'
import { readAlert, readGroup, stepOf } from './read.ts'

type Delivery = { world: Deps; channel: AlertChannel; message: Claimed; carried: Carried; alert: Alert }

/**
 * Brings one step of a finding to one place: as the parent message when there is none yet, else as a reply in its
 * thread, with the parent made true first. What may have arrived before is looked for. The send is the last thing
 * that happens outside, so that whatever fails before it means that nothing was said.
 */
export async function deliverFinding(
  world: Deps,
  channel: AlertChannel,
  message: Claimed,
  carried: Carried,
): Promise<Outcome> {
  const { db } = world
  const alert = await readAlert(db, message.findingId!, world.clock.now())
  const parent = await findParent(db, message)
  const isMoot = !alert || (alert.resolution && !parent) || (await wasOvertaken(db, message))
  if (isMoot) {
    await complete(db, message, 'moot', world.clock.now())
    return 'moot'
  }
  const delivery = { world, channel, message, carried, alert }
  const alone = await needsDirectMessage(delivery)
  await makeOthersTrue(delivery)
  const posted = parent ? await follow(delivery, parent) : await begin(delivery)
  await recordArrival(delivery, posted, alone)
  return 'arrived'
}

const readParent = async ({ world, message }: Delivery, alert: Alert): Promise<Parent> =>
  message.subjectId === message.findingId
    ? { alert }
    : { group: await readGroup(world.db, message.subjectId, world.clock.now(), ownerIn(message.destination)) }

const ownerIn = (destination: string) => /^dm:(.+)$/.exec(destination)?.[1]

/** The first message. One that many share comes first by itself; each finding in it is a reply. */
async function begin(delivery: Delivery): Promise<Posted> {
  const { world, channel, message, carried, alert } = delivery
  const parent = await readParent(delivery, alert)
  const isShared = 'group' in parent
  const id = isShared ? `${message.id}:parent` : message.id
  const step = await stepOf(world.db, message, alert)
  const posted =
    (await arrived(delivery, id)) ??
    (await channel.post(message.destination, parent, isShared ? [] : step.mentions, { ...carried, id }))
  if (!isShared) return posted
  await rememberParent(world.db, message, posted, world.clock.now())
  if (!(await arrived(delivery, message.id, posted))) await channel.reply(posted, step, carried)
  return posted
}

/** A further step: the parent shows how things stand, the thread says what happened. */
async function follow(delivery: Delivery, posted: Posted): Promise<Posted> {
  const { world, channel, message, carried, alert } = delivery
  try {
    if (!(await hasMoreComing(world.db, message))) await makeTrue(delivery, posted)
    if (!(await arrived(delivery, message.id, posted)))
      await channel.reply(posted, await stepOf(world.db, message, alert), carried)
    return posted
  } catch (error) {
    // Somebody deleted the message. The finding goes on, so the next attempt begins anew.
    if (error instanceof Refused && error.why === 'missing') await forgetParent(world.db, message)
    throw error
  }
}

/** Where Slack does not let the message be changed, its thread still says what happened. */
async function makeTrue(delivery: Delivery, posted: Posted): Promise<void> {
  const { world, channel, message, alert } = delivery
  const parent = await readParent(delivery, alert)
  await channel.edit(posted, parent, message.destination).catch((error) => {
    if (!(error instanceof Refused) || !['content', 'other'].includes(error.why)) throw error
    world.log.warn(
      { event: 'alert.update_refused', message: message.id, error: error.said },
      'Slack refused to update an alert; it shows an earlier state',
    )
  })
}

const arrived = async ({ channel, message }: Delivery, id: string, thread?: Posted) =>
  message.doubtSince ? channel.find(message.destination, id, message.doubtSince, thread) : undefined

/** Messages that the finding shared before must not go on showing it. */
async function makeOthersTrue({ world, channel, message }: Delivery): Promise<void> {
  for (const other of await otherParents(world.db, message)) {
    const group = await readGroup(world.db, other.subjectId, world.clock.now(), ownerIn(message.destination))
    await channel.edit(other, { group }, message.destination).catch((error) => {
      if (!(error instanceof Refused)) throw error
    })
  }
}

/** Whether the owner has to be told apart, since they do not read the channel. */
async function needsDirectMessage({ channel, message, alert }: Delivery): Promise<boolean> {
  if (!message.destination.startsWith('channel:') || alert.kind === 'orphaned') return false
  return !(await channel.reaches(message.destination, alert.key.ownerId))
}

/** Where it stands, that it arrived, and who must hear it too: all of it or nothing. */
async function recordArrival({ world, message, alert }: Delivery, posted: Posted, alone: boolean) {
  const now = world.clock.now()
  const recorded = await transact(world.db, async (trx) => {
    await rememberParent(trx, message, posted, now)
    await complete(trx, message, 'arrived', now)
    const { workspaceId, subjectId, step, level, body } = message
    await foundAgain(trx, message)
    if (!alone) return
    const destination = `dm:${alert.key.ownerId}`
    const copy = { workspaceId, findingId: alert.findingId, subjectId, step, level, destination }
    await put(trx, [body ? { ...copy, body } : copy], now, world.random)
  })
  if (isRefusal(recorded)) throw new Error(plain(recorded.message))
}
