import { afterAll, beforeAll, expect, test } from 'vitest'
import { forgetRequests } from '../../src/acts/retention.ts'
import { lastMonday, putDigests } from '../../src/findings/digest.ts'
import { forgetMessages } from '../../src/notifications/retention.ts'
import { openRecords, type Records } from '../setup/records.ts'

let records: Records
beforeAll(async () => {
  records = await openRecords()
})
afterAll(() => records.drop())

test('the digest is due at nine on Monday by the wall clock, also in the weeks around daylight saving', () => {
  const due = (zone: string, at: string) => lastMonday(zone, new Date(at)).at.toISOString()
  expect(due('Europe/Berlin', '2028-03-27T06:59:59Z')).toBe('2028-03-20T08:00:00.000Z')
  expect(due('Europe/Berlin', '2028-03-27T07:00:00Z')).toBe('2028-03-27T07:00:00.000Z')
  expect(due('America/New_York', '2028-11-06T13:59:59Z')).toBe('2028-10-30T13:00:00.000Z')
  expect(due('America/New_York', '2028-11-06T14:00:00Z')).toBe('2028-11-06T14:00:00.000Z')
})

test('a week has one digest however often the job runs, and one that was missed for days is left out', async () => {
  const at = (text: string) => ({ ...records.world, clock: { now: () => new Date(text) } })
  expect(await putDigests(at('2028-03-27T08:59:00Z'))).toBe(0)
  expect(await putDigests(at('2028-03-27T09:00:00Z'))).toBe(1)
  expect(await putDigests(at('2028-03-27T09:05:00Z'))).toBe(0)
  expect(await putDigests(at('2028-04-06T09:00:00Z'))).toBe(0)
  const messages = await records.world.db('outbox').where({ source: 'digest' })
  expect(messages.map(({ step }) => step)).toEqual(['2028-03-27'])
})

test('messages and requests are deleted when they are old, and what is not completed is kept', async () => {
  const { db } = records.world
  const long = new Date('2028-03-28T00:00:00Z')
  await db('acts_done').insert({ request_id: 'old click', done_at: long })
  expect(await forgetRequests(db, new Date('2028-07-01T00:00:00Z'))).toBeGreaterThanOrEqual(1)
  await forgetMessages(db, new Date('2028-07-01T00:00:00Z'))
  expect(await db('acts_done').where({ request_id: 'old click' })).toHaveLength(0)
  expect(await db('outbox').where({ source: 'digest' })).toHaveLength(1)
  await db('outbox').update({ completed_at: long, outcome: 'arrived' })
  await forgetMessages(db, new Date('2028-07-01T00:00:00Z'))
  expect(await db('outbox').where({ source: 'digest' })).toHaveLength(0)
})
