import { describe, expect, test } from 'vitest'
import { parse, readTree } from './source.ts'
import {
  accessesOf,
  computedTables,
  foreignCalls,
  functionOwners,
  inText,
  ownersOf,
  readSchema,
} from './tables.ts'

const owners = ownersOf(readSchema())
const product = parse(readTree('src', 'jobs'))
const accesses = accessesOf(product, new Set(owners.keys()))

/** The rooms that read a table of another room, by its owner. All others have to call the owner's functions. */
const readers: Record<string, readonly string[]> = {
  accounts: ['cli', 'inbox', 'jobs', 'leaks', 'verification'],
  anomaly_episodes: ['findings'],
  change_subjects: ['keys'],
  changes: ['keys'],
  deactivation_notices: ['reviews'],
  departures: ['findings', 'notifications', 'offboarding', 'reviews'],
  emails: ['offboarding'],
  finding_groups: ['alerts'],
  findings: ['alerts', 'inbox', 'notifications', 'reviews'],
  group_members: ['members'],
  group_roles: ['members'],
  job_runs: ['foundation'],
  key_holders: ['offboarding'],
  key_requests: ['inbox'],
  key_usage: ['alerts', 'anomaly', 'evidence', 'findings', 'keys', 'offboarding', 'reviews'],
  keys: [
    'alerts',
    'anomaly',
    'audit',
    'canary',
    'evidence',
    'findings',
    'inbox',
    'leaks',
    'offboarding',
    'reviews',
    'rotation',
    'usage',
    'verification',
    'workspaces',
  ],
  leak_reports: ['findings'],
  leaks: ['findings'],
  leases: ['foundation'],
  members: ['cli', 'members', 'offboarding'],
  offboarding_keys: ['findings'],
  // Who asks from Slack is found in one statement.
  offboardings: ['findings', 'workspaces'],
  outbox: ['alerts', 'findings', 'inbox', 'offboarding', 'reviews', 'rotation', 'workspaces'],
  // The digest links to the alerts.
  posted_messages: ['findings'],
  review_keys: ['findings', 'inbox'],
  reviews: ['findings', 'inbox'],
  rotations: ['inbox'],
  service_tokens: ['findings', 'verification'],
  usage_buckets: ['anomaly'],
  usage_endpoints: ['verification'],
  usage_sources: ['anomaly', 'findings'],
  usage_spread: ['findings'],
  workspaces: [
    'alerts',
    'canary',
    'cli',
    'findings',
    'inbox',
    'keys',
    'leaks',
    'members',
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

/** Which tables of another room a function of the schema reads. */
const functionReads: Record<string, readonly string[]> = {
  'change_of_request.sql': ['acts_done'],
  'newest_change_of.sql': ['keys'],
  'resolve_changes.sql': ['keys'],
  'take_outcomes.sql': ['keys', 'workspaces'],
}

test('a function of the schema writes tables of one room, and reads those of another only where that is declared', () => {
  const functions = readSchema('functions/')
  const rooms = functionOwners(functions, owners)
  const read: Record<string, string[]> = {}
  for (const [file, sql] of functions) {
    const touched = inText(sql).filter(({ table }) => owners.has(table))
    const room = rooms.get(file.replace('.sql', '')) ?? owners.get(touched[0]?.table ?? '')
    const foreign = touched.filter(({ table }) => owners.get(table) !== room)
    expect(
      foreign.filter(({ kind }) => kind === 'write'),
      file,
    ).toEqual([])
    if (foreign.length > 0) read[file] = [...new Set(foreign.map(({ table }) => table))].sort()
  }
  expect(read).toEqual(functionReads)
})

test('a function of the schema that writes is called by its room alone, and no table that is written is computed', () => {
  expect(foreignCalls(product, functionOwners(readSchema('functions/'), owners))).toEqual([])
  expect(computedTables(product)).toEqual([])
})

test('no kind of finding writes anything: its question only asks', () => {
  const kinds = product.filter(
    ({ path, text }) => path.startsWith('src/findings/') && /: Question = \{/.test(text),
  )
  expect(kinds.length).toBe(12)
  expect(accessesOf(kinds, new Set(owners.keys())).filter(({ kind }) => kind === 'write')).toEqual([])
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
    ['await trx.raw(`update "keys" set status = ?`)'],
    ['await trx.raw(`update public.keys set status = ?`)'],
    ['await trx.raw(`merge into keys using gone on true when matched then delete`)'],
    ["await db.batchInsert('keys', rows, 100)"],
    ["const query = trx('keys').where({ id })\nawait query.update({ status })"],
    ["await trx.from('keys').where({ id }).update({ status })"],
    ["await trx.insert(row).into('keys')"],
  ])('%s', (text) => {
    expect(writesOf(text)).toContainEqual(expect.objectContaining({ table: 'keys', room: 'findings' }))
  })

  test('a table whose name is computed, or through a function of another room', () => {
    const of = (text: string) => parse(new Map([['src/findings/a.ts', text]]))
    expect(computedTables(of(['await trx.raw(`update $', '{table} set a = 1`)'].join('')))).toHaveLength(1)
    expect(computedTables(of("await trx.raw('insert into ?? (a) values (1)', [table])"))).toHaveLength(1)
    const functions = new Map([['merge_usage', 'usage']])
    expect(foreignCalls(of('await trx.raw(`select merge_usage(1, true)`)'), functions)).toHaveLength(1)
  })
})
