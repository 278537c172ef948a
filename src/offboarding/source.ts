import type { Executor } from '../foundation/database.ts'
import { isSlackUser } from '../foundation/words.ts'
import { Delay, type Posted } from '../notifications/channel.ts'
import { postedAt } from '../notifications/posted-messages.ts'
import type { Reading, Source, Waiting } from '../notifications/source.ts'
import { type Counts, countKeys, type OffboardingReport, readReport, reportFile } from './report.ts'

/** The content of messages of offboardings. */
export type OffboardingContent =
  | { about: 'offboarding'; report: OffboardingReport }
  | { about: 'file'; name: string; text: string }
  | StepContent

/** The outputs of a completed workflow step. `report`: where its report stands, if it does. */
export type StepContent = { about: 'step-completed'; counts: Counts; report: Posted | null }

/** A leaver has a message, or shares one, which becomes the report; the file follows in the thread when all are done. */
export const offboardings: Source = {
  read: (db, messages, now) => Promise.all(messages.map((message) => readOne(db, message, now))),
}

async function readOne(db: Executor, message: Waiting, now: Date): Promise<Reading | undefined> {
  const report = await readReport(db, message.subjectId, now)
  if (report.offboardings.length === 0) return undefined
  const isOver = report.offboardings.every(({ state }) => state === 'done')
  const concerned = [...new Set(report.offboardings.map((one) => one.requestedBy))].filter(isSlackUser)
  const content: OffboardingContent = { about: 'offboarding', report }
  const reading = { live: { content, isOver }, concerned }
  if (message.mode === 'live') return reading
  const named = report.elsewhere.reduce((left, one) => left - one.keys, report.counts.all)
  if (!isOver || named === 0 || (await isFiled(db, message))) return undefined
  const file: OffboardingContent = {
    about: 'file',
    name: `offboarding-${message.subjectId.slice(4, 12)}.csv`,
    text: await reportFile(db, report.offboardings, now),
  }
  return { ...reading, said: { content: file } }
}

/** Of several who are done at the same time each brings the file, and the first one does. */
async function isFiled(db: Executor, { subjectId, destination }: Waiting): Promise<boolean> {
  const row = await db('outbox')
    .where({ source: 'offboarding', item_id: subjectId, destination, outcome: 'arrived' })
    .whereLike('step', 'file:%')
    .first('seq')
  return row !== undefined
}

/** How long a workflow waits for the report that it links to. */
const reportWithinMs = 60_000

/** A run of a workflow is completed with what became of the keys, and the link to the report. */
export const offboardingSteps: Source = {
  read: (db, messages, now) =>
    Promise.all(
      messages.map(async ({ subjectId }) => {
        const one = await db('offboardings').where({ id: subjectId }).first()
        const report = one.message_id && (await reportOf(db, one.message_id))
        const isEarly = one.done_at && now.getTime() - one.done_at.getTime() < reportWithinMs
        if (one.announced && isEarly && (!one.message_id || report === 'coming'))
          return new Delay(0.5, 'method')
        const counts = await countKeys(db, [subjectId])
        const where = report === 'coming' ? undefined : report
        const content: OffboardingContent = { about: 'step-completed', counts, report: where || null }
        return { said: { content } }
      }),
    ),
}

/** Where the report stands for all to see; undefined where its channel is lost. */
async function reportOf(db: Executor, messageId: string): Promise<Posted | 'coming' | undefined> {
  const places = await postedAt(db, 'offboarding', messageId)
  const inChannel = places.find(({ destination }) => destination.startsWith('channel:'))
  if (inChannel) return inChannel.where
  const ended = await db('outbox')
    .where({ source: 'offboarding', item_id: messageId })
    .whereNotNull('completed_at')
    .first('seq')
  return ended ? undefined : 'coming'
}
