import type { Fact, Question } from './finding.ts'

type Row = { id: string; owner_id: string; left_at: Date }

/** Which live keys belong to somebody who has left the team? */
export const orphaned: Question = {
  kind: 'orphaned',
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
