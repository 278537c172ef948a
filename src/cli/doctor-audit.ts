import { createPublicKey } from 'node:crypto'
import { Contradiction, firstContradicted, lastCheckpoint } from '../audit/checkpoint.ts'
import { weaknesses } from '../audit/rights.ts'
import { existingKey } from '../audit/signing.ts'
import { systemClock } from '../foundation/clock.ts'
import type { Config } from '../foundation/config.ts'
import { type Database, openDatabase } from '../foundation/database.ts'
import { hourMs } from '../foundation/time.ts'
import { aboutDatabase, bad, type Check, type Finding, good, warning } from './finding.ts'

/** Checkpoints are hourly; two missing ones are a fault. */
const latestMs = 2.5 * hourMs

/** Checks that the app's own role cannot change the audit, and that checkpoints exist outside the database. */
export const checkAudit: Check = async (config) => {
  const db = openDatabase(config.databaseUrl, { connections: 1, name: 'keywarden doctor' })
  try {
    const first = await rights(db)
    return first.state === 'FAIL' ? [first] : [first, await checkpoints(db, config)]
  } catch (error) {
    return [bad(`cannot be looked at: ${aboutDatabase(error as Error)}`)]
  } finally {
    await db.destroy()
  }
}

async function rights(db: Database): Promise<Finding> {
  if (!(await db.schema.hasTable('audit_events'))) return bad('there is none yet; run: keywarden migrate')
  const why = await weaknesses(db)
  if (why.length === 0) return good('append-only for the role of DATABASE_URL')
  return warning(
    `not protected from its own role (${why.join('; ')}); set DATABASE_OWNER_URL to another role and run: keywarden migrate`,
  )
}

async function checkpoints(db: Database, { audit }: Config): Promise<Finding> {
  if (audit.checkpoints === undefined)
    return warning(
      'no checkpoints are kept, so a cut at the end would not show; set KEYWARDEN_AUDIT_CHECKPOINTS to a file',
    )
  const key = await existingKey(audit)
  const last = key && (await lastCheckpoint(audit.checkpoints, createPublicKey(key)).catch(asFinding))
  if (!last)
    return warning(`${audit.checkpoints} holds no checkpoint yet; the worker on this machine writes it`)
  if ('said' in last) return last
  const cut = await firstContradicted(db, last.heads)
  if (cut)
    return bad(`event ${cut.seq} of ${cut.workspace} is not as it was signed; run: keywarden audit verify`)
  const when = last.at.toISOString()
  const late = systemClock.now().getTime() - last.at.getTime() > latestMs
  return late ? bad(`the newest checkpoint is of ${when}; is a worker running here?`) : good(`signed ${when}`)
}

function asFinding(error: Error): Finding {
  if (error instanceof Contradiction) return bad(error.message)
  throw error
}
