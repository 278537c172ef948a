import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { person } from 'local-slack/person'
import { expect, test } from 'vitest'
import { type House, openHouse } from '../../sandbox/house.ts'
import { migrateDatabase } from '../../src/cli/migrate.ts'
import { readConfig } from '../../src/foundation/config.ts'
import { callPlatform, makeKey, openDialog, people, submitAndSee } from '../setup/house.ts'
import { freshRedis } from '../setup/redis.ts'
import { shell } from '../setup/shell.ts'
import { twoRoles } from '../setup/two-roles.ts'

test('everything works for a role that cannot change the audit: Slack, verifiers, every job and the shell', async () => {
  const [roles, redis, folder] = await Promise.all([
    twoRoles(),
    freshRedis(),
    mkdtemp(join(tmpdir(), 'keywarden-roles-')),
  ])
  const checkpoints = join(folder, 'checkpoints.jsonl')
  const env = {
    DATABASE_URL: roles.appUrl,
    DATABASE_OWNER_URL: roles.ownerUrl,
    KEYWARDEN_AUDIT_CHECKPOINTS: checkpoints,
  }
  let house: House | undefined
  try {
    expect(await migrateDatabase(readConfig(env))).toBe(0)
    house = await openHouse({
      databaseUrl: roles.appUrl,
      redisUrl: redis.url,
      env: { KEYWARDEN_AUDIT_CHECKPOINTS: checkpoints },
    })
    const owner = person(house.slack.url, people.owner)
    const token = await makeKey(owner, { name: 'Salesforce CRM' })
    expect(await callPlatform(house, token)).toBe(200)
    await house.keywarden.runTimetable()
    const dialog = await openDialog(owner, 'revoke Salesforce CRM')
    await submitAndSee(owner, dialog, { confirm: 'Salesforce CRM' })
    expect(await callPlatform(house, token)).toBe(401)
    house.calendar.advance({ days: 1, minutes: 0 })
    await house.keywarden.runTimetable()
    const failed = await house.world.db('job_runs').whereNotNull('error').select('job', 'error')
    expect(failed).toEqual([])
    const verified = await shell(['audit', 'verify'], {
      DATABASE_URL: roles.appUrl,
      KEYWARDEN_AUDIT_CHECKPOINTS: checkpoints,
    })
    expect(verified).toMatchObject({ code: 0, err: '' })
    expect(verified.out).toMatch(/vouches up to event \d+\nCompared with [23] checkpoints/)
  } finally {
    await house?.close()
    await Promise.all([roles.drop(), redis.drop(), rm(folder, { recursive: true })])
  }
})
