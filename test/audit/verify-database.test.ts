import { afterAll, beforeAll, expect, test } from 'vitest'
import { recordAll } from '../../src/audit/record.ts'
import { isIntact, type Verification } from '../../src/audit/verify.ts'
import { verifyDatabase } from '../../src/audit/verify-database.ts'
import { openRecords, type Records } from '../setup/records.ts'

let records: Records
beforeAll(async () => {
  records = await openRecords()
  const event = { event: 'policy.set' as const, workspaceId: records.workspace.id }
  await records.act((act) => recordAll(act, [event, event, event, event, event]))
})
afterAll(() => records.drop())

/** Returns the verifier's report after a statement that only the owner of the tables can run, and undoes that. */
async function verifiedAfter(statement: string): Promise<Verification> {
  const trx = await records.world.db.transaction()
  try {
    await trx.raw(`alter table audit_events disable trigger all; ${statement}`)
    return await verifyDatabase(trx, [records.workspace.id], new Map())
  } finally {
    await trx.rollback()
  }
}

test('what was left alone is intact, however it is looked at', async () => {
  const verification = await verifiedAfter('select 1')
  expect(isIntact(verification)).toBe(true)
  expect(verification.chains).toMatchObject([{ events: 7, last: 7, breaks: [] }])
  const elsewhere = await verifyDatabase(records.world.db, ['ws_elsewhere'], new Map())
  expect(isIntact(elsewhere)).toBe(false)
})

test.each([
  [`update audit_events set body = replace(body, 'policy', 'police') where seq = 3`, 'altered', 3],
  [`update audit_events set event = 'key.revoked' where seq = 3`, 'altered', 3],
  [`update audit_events set at = at - interval '1 day' where seq = 3`, 'altered', 3],
  [`update audit_events set body = 'not JSON' where seq = 3`, 'altered', 3],
  [`update audit_events set actor_id = 'U0OTHER' where seq = 3`, 'altered', 3],
  [`update audit_events set key_id = 'key_1' where seq = 3`, 'altered', 3],
  ['delete from audit_events where seq = 3', 'removed', 3],
  ['delete from audit_events where seq > 3', 'truncated', 4],
  ['delete from audit_events', 'truncated', 1],
  ['update audit_heads set seq = 4, hash = (select hash from audit_events where seq = 4)', 'inserted', 5],
  [`update audit_heads set hash = decode(repeat('ab', 32), 'hex')`, 'altered', 7],
])('found without any checkpoint: %s', async (statement, kind, from) => {
  const { chains } = await verifiedAfter(statement)
  expect(chains[0]!.breaks).toMatchObject([{ kind, from }])
})
