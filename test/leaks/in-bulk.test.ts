import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { perform } from '../../src/acts/perform.ts'
import { generateToken, hashToken } from '../../src/keys/token.ts'
import { executeLeaks } from '../../src/leaks/act.ts'
import { takeReport } from '../../src/leaks/report.ts'
import { plant } from '../setup/plant.ts'
import { must, openRecords, type Records } from '../setup/records.ts'

let records: Records
beforeAll(async () => {
  records = await openRecords()
})
afterAll(() => records.drop())

test('many leaked keys end in few statements, each as policy said, once, and with its place in the audit', async () => {
  const { world, workspace } = records
  const { db } = world
  const leaked = {
    person: {},
    scanner: { read: 'revoke', agents: 'quarantine', write: 'rotate' },
    pasted: {},
  }
  await db('workspaces')
    .where({ id: workspace.id })
    .update({ policy: JSON.stringify({ ...workspace.policy, leaked }) })
  const kinds = {
    ...{ revoked: ['read'], quarantined: ['agents'], rotated: ['write'], notified: ['analytics'] },
  }
  const each = 60
  const keys = Object.entries(kinds).flatMap(([kind, scopes]) =>
    Array.from({ length: kind === 'rotated' ? 2 : each }, (_, n) => ({
      ...{ name: `${kind} ${n}`, scopes, token: generateToken('tml_', (size) => randomBytes(size)).open() },
    })),
  )
  const ids = await plant(
    world,
    workspace.id,
    keys.map(({ token, ...key }) => ({ ...key, tokenHash: hashToken(token) })),
  )
  // One is the new key of a rotation, and another one will have ended by the time of the work.
  await db('keys')
    .where({ id: ids[1] })
    .update({ predecessor_id: ids.at(-1) })
  const found = keys.map(({ token }) => ({ hash: hashToken(token), where: '' }))
  for (const reference of ['first', 'second']) {
    const report = { accountId: workspace.accountId, evidence: 'scanner' as const, reporter: 'job:test' }
    must(
      await perform(world, { kind: 'job', id: 'test' }, (act) =>
        takeReport(act, { ...report, reference, found }, world.random),
      ),
    )
  }
  await db('keys').where({ id: ids[0] }).update({ status: 'revoked' })

  let statements = 0
  const note = () => {
    statements++
  }
  db.on('query', note)
  const [one, other] = await Promise.all([executeLeaks(world), executeLeaks(world)])
  db.removeListener('query', note)
  const reported = 2 * keys.length
  expect(one + other).toBeGreaterThanOrEqual(reported)
  expect(statements).toBeLessThan(reported)

  const did = await db('leaks').whereNotNull('did').select('key_id', 'did')
  expect(new Set(did.map(({ key_id }) => key_id)).size).toBe(did.length)
  const nameOf = new Map(ids.map((id, n) => [id, keys[n]!.name.split(' ')[0]]))
  const counts: Record<string, number> = {}
  for (const { key_id, did: what } of did) {
    const kind = `${nameOf.get(key_id)}: ${what}`
    counts[kind] = (counts[kind] ?? 0) + 1
  }
  expect(counts).toEqual({
    'revoked: revoke': each - 1,
    'quarantined: quarantine': each,
    'rotated: rotate': 2,
  })
  const ended = await db('audit_events').whereIn('event', ['key.revoked', 'key.deactivated']).pluck('key_id')
  expect(new Set(ended).size).toBe(ended.length)
  // A key that is rotated because it leaked is refused at once.
  expect(ended).toHaveLength(2 * each - 1 + 2)
  expect(await db('leaks').whereNull('acted_at')).toEqual([])
  expect(await executeLeaks(world)).toBe(0)
})
