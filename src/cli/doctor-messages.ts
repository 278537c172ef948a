import { systemClock } from '../foundation/clock.ts'
import type { Config } from '../foundation/config.ts'
import { openDatabase } from '../foundation/database.ts'
import { delayedMessages, failedMessages, refusedForGood, type Trouble } from '../notifications/failed.ts'
import { aboutDatabase, bad, type Check, type Finding, good, warning } from './finding.ts'

/** Checks for messages that Slack refused for good, and for those that wait for a retry. */
export const checkMessages: Check = async (config: Config) => {
  const db = openDatabase(config.databaseUrl, { connections: 1, name: 'keywarden doctor' })
  try {
    // Before the migrations there is nothing to check, and the schema check reports that.
    if (!(await db.schema.hasColumn('outbox', 'source'))) return []
    const refused = await failedMessages(db)
    const delayed = await delayedMessages(db, systemClock.now())
    if (!refused && !delayed) return [good('none was refused for good, and none waits for another try')]
    return [...(refused ? [aboutRefused(refused)] : []), ...(delayed ? [aboutDelayed(delayed)] : [])]
  } catch (error) {
    return [bad(`cannot be looked at: ${aboutDatabase(error as Error)}`)]
  } finally {
    await db.destroy()
  }
}

const aboutRefused = (trouble: Trouble): Finding =>
  warning(
    `${refusedForGood(trouble)}, ${oldest(trouble)}; Slack said: ${trouble.error}; put right what it says, then: keywarden messages send-again`,
  )

const aboutDelayed = (trouble: Trouble): Finding =>
  warning(
    `${trouble.messages} ${trouble.messages === 1 ? 'waits' : 'wait'} for another try, ${oldest(trouble)}; the last answer: ${trouble.error}; none of them is given up: put right what it says, and they arrive`,
  )

const oldest = ({ since, destination }: Trouble): string =>
  `the oldest of ${since.toISOString().slice(0, 16).replace('T', ' ')} UTC to ${destination}`
