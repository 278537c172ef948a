import { deactivated, endedBy, revoked, rotated } from './ended.ts'
import type { Fact, Question } from './finding.ts'

/** Asks which active keys may write and never expire: made before the policy, or while it only warned. */
export const writeWithoutExpiry: Question = {
  kind: 'write-without-expiry',
  ended: endedBy(revoked, deactivated, rotated),
  async ask(trx, workspace): Promise<Fact[]> {
    const { rows } = await trx.raw(
      `select id from keys
       where workspace_id = ? and status = 'active' and expires_at is null and scopes @> array['write']
         and successor_id is null`,
      [workspace.id],
    )
    return rows.map(({ id }: { id: string }) => ({
      keyId: id,
      step: 'open',
      level: 0,
      severity: 'notice',
      facts: {},
    }))
  },
}
