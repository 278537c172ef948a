import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDatabaseClock } from '../../src/foundation/clock.ts'
import { followDatabaseTime } from '../../src/foundation/database-time.ts'
import { realTime } from '../../src/leases/lease.ts'
import { openVerifier } from '../../src/verification/verifier.ts'
import { openRecords, type Records } from '../setup/records.ts'

const hourMs = 3_600_000

describe("a calendar that follows the database's", () => {
  test('shows the wall clock until the database has answered, and then no more than an answer takes off', () => {
    const machine = { monotonic: 5_000, wall: 90_000_000 }
    const clock = openDatabaseClock(
      () => machine.monotonic,
      () => machine.wall,
    )
    const shown = () => clock.now().getTime()
    expect(shown()).toBe(90_000_000)
    // Asked at 4,900 and answered at 5,000: when the database said 1,000,000 it was between 4,900 and 5,000 here.
    clock.hear!(1_000_000, 4_900, 5_000)
    expect(shown()).toBe(1_000_100)
    // This answer allows what is shown already, and the next one does not.
    clock.hear!(1_000_050, 4_900, 5_000)
    expect(shown()).toBe(1_000_100)
    clock.hear!(1_000_300, 4_990, 5_000)
    expect(shown()).toBe(1_000_300)
    machine.wall += hourMs
    machine.monotonic += 7
    expect(shown()).toBe(1_000_307)
  })
})

describe('a verifier whose machine shows a wrong time', () => {
  let records: Records
  beforeAll(async () => {
    records = await openRecords({ KEYWARDEN_LEASE: '5s' })
  })
  afterAll(() => records.drop())

  /** A key that ends so long from now, by the database's time. */
  async function keyUntil(name: string, ms: number) {
    const { key, token } = await records.key({ name })
    await records.world.db.raw(
      `update keys set expires_at = clock_timestamp() + ? * interval '1 millisecond' where id = ?`,
      [ms, key.id],
    )
    return token.open()
  }

  test.each([
    ['an hour behind, under a lease', -hourMs, true],
    ['an hour ahead, under a lease', hourMs, true],
    ['an hour behind, without a lease', -hourMs, false],
    ['an hour ahead, without a lease', hourMs, false],
  ])('%s accepts what the right time would accept', async (what, wrongMs, hasLease) => {
    const wallMs = () => Date.now() + wrongMs
    // No lease holds on a wall clock that runs away.
    let far = 0
    const awayMs = () => {
      far += hourMs
      return wallMs() + far
    }
    const time = {
      monotonicMs: realTime.monotonicMs,
      wallMs: hasLease ? wallMs : awayMs,
    }
    const clock = openDatabaseClock(realTime.monotonicMs, wallMs)
    const verifier = await openVerifier({ ...records.world, clock }, time)
    const account = { id: records.workspace.accountId, hasForeignTokens: false }
    const ask = async (presented: string) =>
      (await verifier.verify(account, { presented, endpoint: 'GET /', anyScope: 1 })).code
    const over = await keyUntil(`over ${what}`, -1_000)
    const good = await keyUntil(`good ${what}`, 600_000)
    const soon = await keyUntil(`soon ${what}`, 8_000)
    const answers = [await ask(over), await ask(good), await ask(soon)]
    expect(verifier.knowledge.learner.mayAnswer()).toBe(hasLease)
    await expect.poll(() => ask(soon), { interval: 100 }).toBe('EXPIRED')
    expect(Math.abs(clock.now().getTime() - Date.now())).toBeLessThan(1_000)
    await verifier.stop()
    expect(answers).toEqual(['EXPIRED', 'VALID', 'VALID'])
  })
})

test('a process without a lease follows the database too: an hour of error of its machine does not show', async () => {
  const records = await openRecords()
  const clock = openDatabaseClock(undefined, () => Date.now() + hourMs)
  const error = () => Math.abs(clock.now().getTime() - Date.now())
  expect(error()).toBeGreaterThan(hourMs - 1_000)
  const { stop } = await followDatabaseTime({ db: records.world.db, clock })
  stop()
  expect(error()).toBeLessThan(1_000)
  await records.drop()
})
