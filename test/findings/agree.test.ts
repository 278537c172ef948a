import { afterAll, beforeAll, expect, test } from 'vitest'
import { expiring } from '../../src/findings/expiring.ts'
import type { Question } from '../../src/findings/finding.ts'
import { rotationDue } from '../../src/findings/rotation-due.ts'
import { listKeys } from '../../src/keys/list.ts'
import { readPolicy } from '../../src/policy/policy.ts'
import { keysToRotate } from '../../src/rotation/campaign.ts'
import { plant } from '../setup/plant.ts'
import { openRecords, type Records } from '../setup/records.ts'

const minuteMs = 60_000
const dayMs = 86_400_000
/** Clocks go forward that night, and back in October: a month of calendar days is not thirty times 24 hours. */
const nights = ['2027-03-28T00:30:00Z', '2027-10-31T00:30:00Z']

let records: Records
beforeAll(async () => {
  records = await openRecords()
})
afterAll(() => records.drop())

async function namedBy(now: Date, timeZone: string, which: 'expiring' | 'overdue', question: Question) {
  const { world, owner } = records
  const policy = readPolicy({ timeZone })
  const workspace = { ...records.workspace, policy }
  const viewer = { actor: owner, workspaceId: workspace.id }
  const page = await listKeys(world.db, viewer, { status: which }, { from: 0 }, policy, now, {
    rowCount: 500,
  })
  const campaign = await keysToRotate(world.db, workspace, { of: which }, now)
  const facts = await world.db.transaction((trx) => question.ask(trx, workspace, now))
  const alerts = facts.filter(({ step }) => step !== 'expired' && step !== 'warn')
  return {
    list: page.keys.map(({ id }) => id).sort(),
    campaign: campaign.map(({ id }) => id).sort(),
    alerts: alerts.map(({ keyId }) => keyId).sort(),
  }
}

test.each(
  nights.flatMap((night) =>
    ['UTC', 'Europe/Berlin', 'America/New_York'].map((zone) => [zone, night] as const),
  ),
)(
  'a list, an alert and a campaign name the same keys as expiring and as overdue: %s, %s',
  async (zone, night) => {
    const { world, workspace } = records
    await world.db('keys').delete()
    const offsets = [-40 * dayMs, -minuteMs, 0, minuteMs, 29 * dayMs, 30 * dayMs, 31 * dayMs].flatMap((ms) =>
      [-61, -59, -1, 0, 1, 59, 61].map((minutes) => ms + minutes * minuteMs),
    )
    // The month before the night, so that it lies within.
    const now = new Date(new Date(night).getTime() - 15 * dayMs)
    const at = (ms: number) => new Date(now.getTime() + ms)
    const old = at(-80 * dayMs)
    await plant(world, workspace.id, [
      ...offsets.map((ms, i) => ({
        name: `Ends ${i}`,
        revealedAt: old,
        expiresAt: at(ms),
        lifetimeDays: 400,
      })),
      ...offsets.map((ms, i) => ({ name: `Old ${i}`, revealedAt: at(ms - 120 * dayMs) })),
    ])
    // The end of a grace ends a key like an expiry does.
    await world
      .db('keys')
      .where('name', 'like', 'Ends %3')
      .update({ expires_at: null, ends_at: at(3 * dayMs) })
    for (const [which, question] of [
      ['expiring', expiring],
      ['overdue', rotationDue],
    ] as const) {
      const named = await namedBy(now, zone, which, question)
      expect(named.list.length, which).toBeGreaterThan(5)
      expect(named.campaign, which).toEqual(named.list)
      expect(named.alerts, which).toEqual(named.list)
    }
  },
)
