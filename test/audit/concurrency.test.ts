import { expect, test } from 'vitest'
import { record } from '../../src/audit/record.ts'
import { isIntact } from '../../src/audit/verify.ts'
import { verifyDatabase } from '../../src/audit/verify-database.ts'
import { openDatabase } from '../../src/foundation/database.ts'
import { openRecords } from '../setup/records.ts'

test('fifty that append at once to one chain leave it whole, and a rollback leaves no gap', async () => {
  const records = await openRecords()
  const { workspace, owner, calendar, database } = records
  // Fifty handshakes and fifty in one line may take longer than anybody would wait who is not measured here.
  const many = openDatabase(database.url, { connections: 50, patient: true, connectMs: 30_000 })
  try {
    const before = (await many('audit_heads').first('seq')).seq
    const appender = async (who: number) => {
      for (let i = 0; i < 3; i++)
        await many
          .transaction(async (trx) => {
            const details = { who, i }
            const act = { actor: owner, now: calendar.now(), trx }
            await record(act, { event: 'policy.set', workspaceId: workspace.id, details })
            if ((who + i) % 5 === 0) throw new Error('undone')
          })
          .catch((error: Error) => expect(error.message).toBe('undone'))
    }
    await Promise.all(Array.from({ length: 50 }, (_, who) => appender(who)))
    const verification = await verifyDatabase(many, [workspace.id], new Map())
    expect(isIntact(verification)).toBe(true)
    expect(verification.chains[0]).toMatchObject({ events: before + 120, last: before + 120 })
  } finally {
    await many.destroy()
    await records.drop()
  }
})
