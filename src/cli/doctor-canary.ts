import { faultWords } from '../canary/fault.ts'
import { type FinishedRun, lastRuns } from '../canary/runs.ts'
import { systemClock } from '../foundation/clock.ts'
import type { Config } from '../foundation/config.ts'
import { openDatabase } from '../foundation/database.ts'
import { hourMs } from '../foundation/time.ts'
import { plain } from '../foundation/words.ts'
import { aboutDatabase, bad, type Check, type Finding, good, warning } from './finding.ts'

/** One run an hour, and one that was missed. */
const freshMs = 2 * hourMs

/** Checks what came of the canary's last run. Says nothing where none is configured. */
export const checkCanary: Check = async ({ databaseUrl, canaryWorkspace }: Config) => {
  if (canaryWorkspace === undefined) return []
  const db = openDatabase(databaseUrl, { connections: 1, name: 'keywarden doctor' })
  try {
    // Before the migrations there is nothing to check, and the schema check reports that.
    if (!(await db.schema.hasTable('canary_runs'))) return []
    const { last } = await lastRuns(db)
    return [
      last ? about(last, systemClock.now()) : warning('there was no run yet; a worker makes one each hour'),
    ]
  } catch (error) {
    return [bad(`cannot be looked at: ${aboutDatabase(error as Error)}`)]
  } finally {
    await db.destroy()
  }
}

function about({ beganAt, outcome, verifiers, faults, confirmedMs }: FinishedRun, now: Date): Finding {
  const at = `the run of ${beganAt.toISOString().slice(0, 16).replace('T', ' ')} UTC`
  if (outcome !== 'good') return bad(`${at} was ${outcome}: ${plain(faultWords(faults))} See docs/canary.md`)
  if (now.getTime() - beganAt.getTime() > freshMs)
    return bad(
      `${at} is the last one, and more than two hours ago; is a worker running with KEYWARDEN_CANARY_WORKSPACE?`,
    )
  const confirmed = `its end was confirmed within ${((confirmedMs ?? 0) / 1_000).toFixed(1)} s`
  return good(
    `${at}: ${verifiers} ${verifiers === 1 ? 'verifier' : 'verifiers'} judged it as they should; ${confirmed}`,
  )
}
