import { describe, expect, test } from 'vitest'
import { parse, readTree } from './source.ts'
import { accessesOf, inText, ownersOf, readSchema } from './tables.ts'

const owners = ownersOf(readSchema())
const accesses = accessesOf(parse(readTree('src', 'jobs')), new Set(owners.keys()))

/** The rooms that read a table of another room, by its owner. All others have to call the owner's functions. */
const readers: Record<string, readonly string[]> = {
  accounts: ['verification'],
  alert_messages: ['reviews'],
  anomaly_episodes: ['alerts', 'findings'],
  change_subjects: ['keys'],
  changes: ['keys'],
  deactivation_notices: ['reviews'],
  departures: ['findings', 'reviews'],
  emails: ['offboarding'],
  finding_groups: ['alerts'],
  findings: ['alerts', 'outbox', 'reviews'],
  fleet_events: ['alerts'],
  group_members: ['members'],
  group_roles: ['members'],
  job_runs: ['foundation'],
  key_holders: ['offboarding'],
  key_usage: ['alerts', 'anomaly', 'findings', 'keys', 'offboarding', 'reviews'],
  keys: [
    'alerts',
    'anomaly',
    'audit',
    'findings',
    'offboarding',
    'reviews',
    'rotation',
    'usage',
    'verification',
  ],
  leases: ['foundation'],
  members: ['members', 'offboarding'],
  offboarding_keys: ['findings'],
  offboardings: ['findings'],
  outbox: ['alerts', 'findings', 'reviews'],
  review_keys: ['findings'],
  reviews: ['findings'],
  service_tokens: ['verification'],
  usage_buckets: ['anomaly'],
  usage_endpoints: ['verification'],
  usage_sources: ['anomaly', 'findings'],
  usage_spread: ['findings'],
  workspaces: [
    'alerts',
    'cli',
    'findings',
    'keys',
    'offboarding',
    'reviews',
    'rotation',
    'usage',
    'verification',
  ],
}

test('every table is written by the room that its file of the schema is named after', () => {
  expect(owners.size).toBeGreaterThan(50)
  const foreign = accesses.filter(({ kind, table, room }) => kind === 'write' && owners.get(table) !== room)
  expect(foreign.map(({ at, table }) => `${at} writes ${table} of ${owners.get(table)}`)).toEqual([])
})

test('a room reads tables of another only where that is declared', () => {
  const foreign = accesses.filter(({ table, room }) => owners.get(table) !== room)
  const seen = new Map<string, Set<string>>()
  for (const { table, room } of foreign) seen.set(table, (seen.get(table) ?? new Set()).add(room))
  expect(Object.fromEntries([...seen].map(([table, rooms]) => [table, [...rooms].sort()]))).toEqual(
    Object.fromEntries(Object.entries(readers).map(([table, rooms]) => [table, [...rooms].sort()])),
  )
})

test('a function of the schema writes tables of one room', () => {
  for (const [file, sql] of readSchema('functions/')) {
    const rooms = inText(sql).flatMap(({ table, kind }) =>
      kind === 'write' ? (owners.get(table) ?? []) : [],
    )
    expect([...new Set(rooms)].length, file).toBeLessThanOrEqual(1)
  }
})

describe('it would be noticed if a room wrote', () => {
  const writesOf = (text: string) =>
    accessesOf(parse(new Map([['src/findings/a.ts', text]])), new Set(owners.keys())).filter(
      ({ kind }) => kind === 'write',
    )

  test.each([
    ["await trx('keys').where({ id }).update({ status })"],
    ["await act.trx('keys').insert(rows).onConflict().ignore()"],
    ["await world.db('keys').whereIn('id', ids).delete()"],
    ['await trx.raw(`update keys k set status = ? from findings f`)'],
    ['await trx.raw(`insert into keys (id) select ?`)'],
    ['await trx.raw(`delete from keys where id = ?`)'],
    ['await trx.raw(`with gone as (delete from keys returning id) select id from gone`)'],
  ])('%s', (text) => {
    expect(writesOf(text)).toMatchObject([{ table: 'keys', room: 'findings' }])
  })
})
