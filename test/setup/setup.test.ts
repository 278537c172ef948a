import { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { openDatabase } from '../../src/foundation/database.ts'
import { pendingMigrations } from '../../src/foundation/migrate.ts'
import { administer } from './administer.ts'
import { freshDatabase } from './database.ts'
import { freshRedis } from './redis.ts'

test('two fresh databases are migrated and do not see each other', async () => {
  const [one, two] = await Promise.all([freshDatabase(), freshDatabase()])
  await administer(one.url, 'create table mine (id int)')
  await expect(administer(two.url, 'select * from mine')).rejects.toThrow('does not exist')
  const db = openDatabase(two.url)
  expect(await pendingMigrations(db)).toEqual([])
  await db.destroy()
  await Promise.all([one.drop(), two.drop()])
  await expect(administer(one.url, 'select 1')).rejects.toThrow('does not exist')
})

test('two fresh Redis databases do not see each other, and one that is dropped is empty', async () => {
  const [one, two] = await Promise.all([freshRedis(), freshRedis()])
  const [a, b] = [new Redis(one.url), new Redis(two.url)]
  await a.set('word', 'mine')
  expect(await b.get('word')).toBeNull()
  await one.drop()
  expect(await a.get('word')).toBeNull()
  for (const client of [a, b]) client.disconnect()
  await two.drop()
})
