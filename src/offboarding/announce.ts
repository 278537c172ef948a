import { newId } from '../foundation/ids.ts'
import type { World } from '../foundation/world.ts'
import type { Posted } from '../notifications/channel.ts'
import { Refused } from '../notifications/channel.ts'
import { announceClosedRequests } from './announce-closed-requests.ts'
import { offerKeys } from './announce-offers.ts'
import type { Announcer } from './announcer.ts'
import { answerWorkflows } from './complete-workflows.ts'
import { isUnattended } from './offboarding.ts'
import { type OffboardingReport, readReport, reportFile } from './report.ts'

/** More leavers at once than these share a message. */
const apart = 3
const maxTogether = 500
const groupEveryMs = 60_000
/** A file that was refused so often is given up; an outage is no refusal. */
const maxFileRefusals = 5
/** Real seconds. */
const claimSeconds = 30

/**
 * Posts the progress of offboardings: one message per leaver, edited until it is the report, and a file in its thread.
 * When many people leave at once they share a message, one a minute. Sends each once, even when Slack's answer is lost.
 */
export async function announce(world: World, announcer: Announcer): Promise<void> {
  await assignMessages(world)
  const tried = new Set<string>()
  for (let row = await claim(world, tried); row; row = await claim(world, tried)) {
    tried.add(row.id)
    try {
      const progress = await announceOne(world, announcer, row)
      if (progress === 'changed meanwhile') tried.delete(row.id)
      if (progress !== 'in full') await release(world, row.id)
    } catch (error) {
      world.log.warn(
        { event: 'offboarding.announcement_failed', message: row.id, error: String(error) },
        'failed to announce an offboarding',
      )
      await release(world, row.id, secondsToWait(error, row.attempts))
    }
  }
  await offerKeys(world, announcer)
  await announceClosedRequests(world, announcer)
  await answerWorkflows(world, announcer)
}

/** Slack's 429 names its own time. */
const secondsToWait = (error: unknown, attempts: number): number =>
  (error as { seconds?: number }).seconds ?? Math.min(2 ** attempts, 60)

/** Assigns a message to every announced offboarding: its own, or one that it shares with others. */
async function assignMessages({ db, clock, random }: World): Promise<void> {
  const now = clock.now()
  const rows = await db('offboardings')
    .whereNull('message_id')
    .where({ announced: true })
    .whereNot({ state: 'requested' })
    .groupBy('workspace_id')
    .select('workspace_id')
  for (const { workspace_id } of rows)
    await db.transaction(async (trx) => {
      await trx('workspaces').where({ id: workspace_id }).forUpdate().first('id')
      const waiting = await trx('offboardings')
        .where({ workspace_id, announced: true })
        .whereNull('message_id')
        .whereNot({ state: 'requested' })
        .orderBy('requested_at')
        .limit(maxTogether)
        .select('id', 'requested_by')
      const since = new Date(now.getTime() - groupEveryMs)
      const last24h = await trx('offboarding_messages')
        .where({ workspace_id })
        .where('put_at', '>', since)
        .count('id as n')
        .first()
      for (const ids of sharing(waiting, Number(last24h!.n))) {
        const id = newId('ofm', random)
        await trx('offboarding_messages').insert({
          id,
          workspace_id,
          kind: ids.length === 1 ? 'one' : 'group',
          put_at: now,
        })
        await trx('offboardings').whereIn('id', ids).update({ message_id: id })
      }
    })
}

/** Groups offboardings by message. One that a person asked for has a message of its own, at once. Pure. */
function sharing(waiting: readonly { id: string; requested_by: string }[], recent: number): string[][] {
  const isAlone = (row: { requested_by: string }) => !isUnattended({ requestedBy: row.requested_by })
  const others = waiting.filter((row) => !isAlone(row))
  const alone = recent + others.length <= apart ? waiting : waiting.filter(isAlone)
  const together = alone.length < waiting.length && recent < apart ? [others.map((row) => row.id)] : []
  return [...alone.map((row) => [row.id]), ...together]
}

type Row = {
  id: string
  attempts: number
  channel_id: string | null
  ts: string | null
  shown: string
  filed_at: Date | null
  file_attempts: number
  file_refusals: number
}

async function claim({ db }: World, tried: ReadonlySet<string>): Promise<Row | undefined> {
  const { rows } = await db.raw(
    `update offboarding_messages set claimed_until = clock_timestamp() + make_interval(secs => ?)
     where id = (
       select id from offboarding_messages
       where reported_at is null and not id = any(?)
         and (claimed_until is null or claimed_until < clock_timestamp())
         and (retry_after is null or retry_after < clock_timestamp())
       order by put_at, id limit 1 for update skip locked)
     returning id, attempts, channel_id, ts, shown, filed_at, file_attempts, file_refusals`,
    [claimSeconds, [...tried]],
  )
  return rows[0]
}

const release = ({ db }: World, id: string, seconds = 0) =>
  db.raw(
    `update offboarding_messages set claimed_until = null,
       retry_after = clock_timestamp() + make_interval(secs => ?) where id = ?`,
    [seconds, id],
  )

type Progress = 'so far' | 'in full' | 'changed meanwhile'

/** Brings one message up to date, and files the report when there is nothing left to wait for. */
async function announceOne(world: World, announcer: Announcer, row: Row): Promise<Progress> {
  const { db, clock } = world
  const save = (what: Record<string, unknown>) =>
    db('offboarding_messages').where({ id: row.id }).update(what)
  const report = await readReport(db, row.id)
  const shown = shownOf(report)
  if (report.offboardings.length === 0) return endReporting(world, row.id, shown)
  let where: Posted | undefined = row.ts ? { channelId: row.channel_id!, ts: row.ts } : undefined
  if (!where) {
    await save({ attempts: row.attempts + 1 })
    where = await announcer.post(report, row.id, row.attempts > 0)
    await save({ channel_id: where.channelId, ts: where.ts, shown })
  } else if (row.shown !== shown) {
    await announcer.edit(where, report)
    await save({ shown })
  }
  if (report.offboardings.some((one) => one.state !== 'done')) return 'so far'
  const named = report.elsewhere.reduce((left, one) => left - one.keys, report.counts.all)
  if (!row.filed_at && row.file_refusals < maxFileRefusals && named > 0) {
    await save({ file_attempts: row.file_attempts + 1 })
    await fileReport(world, announcer, row, report, where).catch(async (error) => {
      if (error instanceof Refused) await save({ file_refusals: row.file_refusals + 1 })
      throw error
    })
    await save({ filed_at: clock.now() })
  }
  return endReporting(world, row.id, shown)
}

/** The part of a report that its message shows: when it changes, the message is edited. */
const shownOf = ({ counts, offboardings }: OffboardingReport): string =>
  JSON.stringify([counts, offboardings.map((one) => [one.id, one.state, one.endedBecause])])

/**
 * Ends the reporting, unless the report changed during the call to Slack. A change that comes now waits for this lock,
 * and the claim ends with it, so that the next announcement finds the message free.
 */
const endReporting = ({ db, clock }: World, id: string, shown: string): Promise<Progress> =>
  db.transaction(async (trx) => {
    await trx('offboarding_messages').where({ id }).forUpdate().first('id')
    if (shownOf(await readReport(trx, id)) !== shown) return 'changed meanwhile'
    await trx('offboarding_messages').where({ id }).update({ reported_at: clock.now(), claimed_until: null })
    return 'in full'
  })

async function fileReport(
  world: World,
  announcer: Announcer,
  row: Row,
  report: OffboardingReport,
  where: Posted,
) {
  const csv = await reportFile(world.db, report.offboardings)
  await announcer.file(where, `offboarding-${row.id.slice(4, 12)}.csv`, csv, row.file_attempts > 0)
}
