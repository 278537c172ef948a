import { transact } from '../foundation/database.ts'
import { isRefusal } from '../foundation/refusal.ts'
import { plain } from '../foundation/words.ts'
import { type Claimed, type Outcome, put, settle } from '../outbox/outbox.ts'
import {
  type Alert,
  type AlertChannel,
  type Carried,
  type Means,
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

type Delivery = { world: Means; channel: AlertChannel; letter: Claimed; carried: Carried; alert: Alert }

/**
 * Brings one step of a finding to one place: as the parent message when there is none yet, else as a reply in its
 * thread, with the parent made true first. What may have arrived before is looked for. The send is the last thing
 * that happens outside, so that whatever fails before it means that nothing was said.
 */
export async function deliverFinding(
  world: Means,
  channel: AlertChannel,
  letter: Claimed,
  carried: Carried,
): Promise<Outcome> {
  const { db } = world
  const alert = await readAlert(db, letter.findingId!, world.clock.now())
  const standing = await findParent(db, letter)
  const isMoot = !alert || (alert.resolution && !standing) || (await wasOvertaken(db, letter))
  if (isMoot) {
    await settle(db, letter, 'moot', world.clock.now())
    return 'moot'
  }
  const delivery = { world, channel, letter, carried, alert }
  const alone = await needsDirectMessage(delivery)
  await makeOthersTrue(delivery)
  const posted = standing ? await follow(delivery, standing) : await begin(delivery)
  await recordArrival(delivery, posted, alone)
  return 'arrived'
}

const readParent = async ({ world, letter }: Delivery, alert: Alert): Promise<Parent> =>
  letter.subjectId === letter.findingId
    ? { alert }
    : { group: await readGroup(world.db, letter.subjectId, world.clock.now(), ownerIn(letter.destination)) }

const ownerIn = (destination: string) => /^dm:(.+)$/.exec(destination)?.[1]

/** The first message. One that many share comes first by itself; each finding in it is a reply. */
async function begin(delivery: Delivery): Promise<Posted> {
  const { world, channel, letter, carried, alert } = delivery
  const parent = await readParent(delivery, alert)
  const isShared = 'group' in parent
  const id = isShared ? `${letter.id}:parent` : letter.id
  const step = await stepOf(world.db, letter, alert)
  const posted =
    (await arrived(delivery, id)) ??
    (await channel.post(letter.destination, parent, isShared ? [] : step.mentions, { ...carried, id }))
  if (!isShared) return posted
  await rememberParent(world.db, letter, posted, world.clock.now())
  if (!(await arrived(delivery, letter.id, posted))) await channel.reply(posted, step, carried)
  return posted
}

/** A further step: the parent shows how things stand, the thread says what happened. */
async function follow(delivery: Delivery, standing: Posted): Promise<Posted> {
  const { world, channel, letter, carried, alert } = delivery
  try {
    if (!(await hasMoreComing(world.db, letter))) await makeTrue(delivery, standing)
    if (!(await arrived(delivery, letter.id, standing)))
      await channel.reply(standing, await stepOf(world.db, letter, alert), carried)
    return standing
  } catch (error) {
    // Somebody deleted the message. The finding goes on, so the next attempt begins anew.
    if (error instanceof Refused && error.why === 'missing') await forgetParent(world.db, letter)
    throw error
  }
}

/** Where Slack does not let the message be changed, its thread still says what happened. */
async function makeTrue(delivery: Delivery, standing: Posted): Promise<void> {
  const { world, channel, letter, alert } = delivery
  const parent = await readParent(delivery, alert)
  await channel.edit(standing, parent, letter.destination).catch((error) => {
    if (!(error instanceof Refused) || !['content', 'other'].includes(error.why)) throw error
    world.log.warn({ letter: letter.id, error: error.said }, 'an alert goes on showing what was so before')
  })
}

const arrived = async ({ channel, letter }: Delivery, id: string, thread?: Posted) =>
  letter.doubtSince ? channel.find(letter.destination, id, letter.doubtSince, thread) : undefined

/** Messages that the finding shared before must not go on showing it. */
async function makeOthersTrue({ world, channel, letter }: Delivery): Promise<void> {
  for (const other of await otherParents(world.db, letter)) {
    const group = await readGroup(world.db, other.subjectId, world.clock.now(), ownerIn(letter.destination))
    await channel.edit(other, { group }, letter.destination).catch((error) => {
      if (!(error instanceof Refused)) throw error
    })
  }
}

/** Whether the owner has to be told apart, since they do not read the channel. */
async function needsDirectMessage({ channel, letter, alert }: Delivery): Promise<boolean> {
  if (!letter.destination.startsWith('channel:') || alert.kind === 'orphaned') return false
  return !(await channel.reaches(letter.destination, alert.key.ownerId))
}

/** Where it stands, that it arrived, and who must hear it too: all of it or nothing. */
async function recordArrival({ world, letter, alert }: Delivery, posted: Posted, alone: boolean) {
  const now = world.clock.now()
  const recorded = await transact(world.db, async (trx) => {
    await rememberParent(trx, letter, posted, now)
    await settle(trx, letter, 'arrived', now)
    const { workspaceId, subjectId, step, level, body } = letter
    await foundAgain(trx, letter)
    if (!alone) return
    const destination = `dm:${alert.key.ownerId}`
    const copy = { workspaceId, findingId: alert.findingId, subjectId, step, level, destination }
    await put(trx, [body ? { ...copy, body } : copy], now, world.random)
  })
  if (isRefusal(recorded)) throw new Error(plain(recorded.told))
}
