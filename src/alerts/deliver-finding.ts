import { transact } from '../foundation/database.ts'
import { isRefusal } from '../foundation/refusal.ts'
import { plain } from '../foundation/words.ts'
import { type Claimed, complete, type DeliveryOutcome, put } from '../outbox/outbox.ts'
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
 * Delivers one step of a finding to one destination: as the parent message if there is none yet, otherwise as a reply
 * in its thread, after the parent is brought up to date. A message that an earlier attempt may have delivered is
 * searched for first. The send is the last external call, so any earlier failure means that nothing was delivered.
 */
export async function deliverFinding(
  world: Deps,
  channel: AlertChannel,
  message: Claimed,
  carried: Carried,
): Promise<DeliveryOutcome> {
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
  await updateOthers(delivery)
  const posted = parent ? await follow(delivery, parent) : await begin(delivery)
  await recordArrival(delivery, posted, alone)
  return 'arrived'
}

const readParent = async ({ world, message }: Delivery, alert: Alert): Promise<Parent> =>
  message.subjectId === message.findingId
    ? { alert }
    : { group: await readGroup(world.db, message.subjectId, world.clock.now(), ownerIn(message.destination)) }

const ownerIn = (destination: string) => /^dm:(.+)$/.exec(destination)?.[1]

/** Posts the parent message. One that many findings share is posted first; each finding is a reply to it. */
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

/** Delivers a further step: updates the parent and replies in its thread. */
async function follow(delivery: Delivery, posted: Posted): Promise<Posted> {
  const { world, channel, message, carried, alert } = delivery
  try {
    if (!(await hasMoreComing(world.db, message))) await update(delivery, posted)
    if (!(await arrived(delivery, message.id, posted)))
      await channel.reply(posted, await stepOf(world.db, message, alert), carried)
    return posted
  } catch (error) {
    // The message was deleted. The finding goes on, so the next attempt posts another.
    if (error instanceof Refused && error.why === 'missing') await forgetParent(world.db, message)
    throw error
  }
}

/** Updates the parent message. If Slack refuses the edit, the thread still says what happened. */
async function update(delivery: Delivery, posted: Posted): Promise<void> {
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

/** Updates the messages that the finding shared before, so that they no longer show it. */
async function updateOthers({ world, channel, message }: Delivery): Promise<void> {
  for (const other of await otherParents(world.db, message)) {
    const group = await readGroup(world.db, other.subjectId, world.clock.now(), ownerIn(message.destination))
    await channel.edit(other, { group }, message.destination).catch((error) => {
      if (!(error instanceof Refused)) throw error
    })
  }
}

/** Whether the owner needs a direct message because they do not read the channel. */
async function needsDirectMessage({ channel, message, alert }: Delivery): Promise<boolean> {
  if (!message.destination.startsWith('channel:') || alert.kind === 'orphaned') return false
  return !(await channel.reaches(message.destination, alert.key.ownerId))
}

/** Records the parent and the delivery, and puts the owner's copy, in one transaction. */
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
