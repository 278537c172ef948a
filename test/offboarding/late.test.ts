import type { Message } from 'local-slack/contract'
import { findButton, messagesIn } from 'local-slack/inspect'
import { advance } from 'local-slack/person'
import { expect, test } from 'vitest'
import { perform } from '../../src/acts/perform.ts'
import { openDatabase } from '../../src/foundation/database.ts'
import { requestOffboarding } from '../../src/offboarding/request.ts'
import { workspacesOfTeam } from '../../src/workspaces/workspace.ts'
import { callPlatform, house, makeKey, people, said, security, useHouse } from '../setup/house.ts'
import { plant } from '../setup/plant.ts'
import { must } from '../setup/records.ts'

useHouse()

const inChannel = (words: RegExp): Promise<Message> =>
  house.as('owner').waitFor((screen) => messagesIn(screen, security).findLast((one) => words.test(said(one))))

test('past the limit, a leaver’s key that is not refused is a critical alert with buttons, until it is', async () => {
  const { world } = house
  const token = await makeKey(house.as('manager'), { name: 'Stuck sync' })
  const [workspace] = await workspacesOfTeam(world.db, house.slack.teamId)
  // Somebody's session holds the leaver's row, so that no worker gets past the beginning.
  const other = openDatabase(world.config.databaseUrl, { connections: 1, name: 'stuck', patient: true })
  const stuck = await other.transaction()
  try {
    await stuck('members').where({ user_id: people.manager }).forUpdate().select('user_id')
    const request = { source: 'scim', userId: people.manager } as const
    must(
      await perform(world, { kind: 'job', id: 'scim' }, (act) =>
        requestOffboarding(act, workspace!, request, world.random),
      ),
    )
    await advance(house.slack.url, { advanceMinutes: 16 })
    const alert = await inChannel(/Stuck sync: U0BRUNO002 left on .*not every server is known to refuse it/)
    expect(said(alert)).toMatch(/The limit was/)
    expect(findButton(alert.blocks, /Revoke|Deactivate/)).toBeDefined()
    expect(await callPlatform(house, token)).toBe(200)
  } finally {
    await stuck.rollback()
    await other.destroy()
  }
  const report = await inChannel(/Offboarded U0BRUNO002: 1 refused/)
  expect(said(report)).toMatch(/Done after \d+ minutes ?; the limit is 15 minutes ?: too late/)
  expect(await callPlatform(house, token)).toBe(401)
  await advance(house.slack.url, { advanceMinutes: 1 })
  const over = await inChannel(/Keywarden deactivated Stuck sync on/)
  expect(findButton(over.blocks, /Revoke/)).toBeUndefined()
})

test('a revoked key that not every server is known to refuse is late too', async () => {
  const { world } = house
  const [workspace] = await workspacesOfTeam(world.db, house.slack.teamId)
  const leaver = 'U0LATE0001'
  await plant(world, workspace!.id, [{ name: 'Unconfirmed', ownerId: leaver }])
  await world.db.raw(`select renew_lease('inc_silent', 'silent', 60000, 0, true)`)
  const request = { source: 'slack', userId: leaver, mode: 'revoke' } as const
  must(
    await perform(world, { kind: 'operator', id: 'root' }, (act) =>
      requestOffboarding(act, workspace!, request, world.random),
    ),
  )
  const status = async () => (await world.db('keys').where({ name: 'Unconfirmed' }).first('status')).status
  await expect.poll(status, { timeout: 20_000 }).toBe('revoked')
  await advance(house.slack.url, { advanceMinutes: 16 })
  await inChannel(/Unconfirmed: U0LATE0001 left on .*not every server is known to refuse it/)
  await world.db('leases').where({ incarnation: 'inc_silent' }).delete()
  await inChannel(/Offboarded U0LATE0001: 1 refused/)
})
