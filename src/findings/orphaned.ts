import { lastEdits } from '../audit/list.ts'
import { doneBy, noticed, revoked } from './ended.ts'
import type { Fact, Question, Resolution } from './finding.ts'

type Row = { id: string; owner_id: string; left_at: Date }

/** Asks which live keys belong to a person who has left the team. */
export const orphaned: Question = {
  kind: 'orphaned',
  async ended(trx, gone, now): Promise<Resolution[]> {
    const given = await lastEdits(trx, gone, 'ownerId')
    return gone.map((one) => {
      if (one.ownerId === one.facts.owner) return revoked(one, now) ?? noticed('returned', now)
      const edit = given.get(one.keyId)
      return revoked(one, now) ?? (edit ? doneBy('handed-over', edit) : noticed('reassigned', now))
    })
  },
  async ask(trx, workspace): Promise<Fact[]> {
    const { rows } = await trx.raw(
      `select keys.id, owner_id, left_at
       from departures join keys on keys.workspace_id = departures.workspace_id and owner_id = user_id
       where departures.workspace_id = ? and status <> 'revoked'`,
      [workspace.id],
    )
    return (rows as Row[]).map((row) => ({
      keyId: row.id,
      step: 'open',
      level: 0,
      severity: 'warning',
      facts: { owner: row.owner_id, leftAt: row.left_at.toISOString() },
    }))
  },
}
