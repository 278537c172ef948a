import { record } from '../audit/record.ts'
import { type Refusal, refuse } from '../foundation/refusal.ts'
import type { Act } from '../members/actor.ts'
import { actorName } from '../members/actor.ts'
import { authorise, noSuchKey } from '../policy/authorise.ts'
import { type Expectation, toExpectation } from './expectations.ts'
import { forgetState } from './states.ts'

/** Ends an expectation: from now on such use alerts again. Returns the expectation. */
export async function forgetExpectation(
  act: Act,
  workspaceId: string,
  id: string,
): Promise<Expectation | Refusal> {
  const row = await act
    .trx('anomaly_expectations')
    .join('keys', 'keys.id', 'key_id')
    .where({ 'anomaly_expectations.id': id, 'keys.workspace_id': workspaceId })
    .forUpdate('anomaly_expectations')
    .first('anomaly_expectations.*')
  if (!row) return noSuchKey({ action: 'use.expect' })
  const refusal = await authorise(act, 'use.expect', { workspaceId, keyId: row.key_id })
  if (refusal) return refusal
  if (row.forgotten_at) return refuse('already', 'That is not expected any more already.')
  await act
    .trx('anomaly_expectations')
    .where({ id })
    .update({ forgotten_at: act.now, forgotten_by: actorName(act.actor) })
  // A baseline that was cut off is whole again when the state is built anew.
  if (row.kind === 'new-normal') await forgetState(act.trx, row.key_id)
  await record(act, {
    event: 'use.forgotten',
    workspaceId,
    keyId: row.key_id,
    details: { kind: row.kind, reason: row.reason },
  })
  return toExpectation(row)
}
