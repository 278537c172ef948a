import { userInfo } from 'node:os'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { perform } from '../../src/acts/perform.ts'
import { printConfirmed } from '../../src/cli/operator.ts'
import { openDedicatedConnection } from '../../src/foundation/dedicated-connection.ts'
import { say } from '../../src/foundation/words.ts'
import type { World } from '../../src/foundation/world.ts'
import { release, renew } from '../../src/leases/renew.ts'
import { createServiceToken, revokeServiceToken } from '../../src/workspaces/service-tokens.ts'
import { suspendWorkspace } from '../../src/workspaces/suspend.ts'
import { type Asking, openAsking } from '../setup/asking.ts'
import { asMember } from '../setup/records.ts'
import { shell } from '../setup/shell.ts'

let asking: Asking
let env: Record<string, string>
beforeAll(async () => {
  asking = await openAsking()
  env = { DATABASE_URL: asking.records.database.url, KEYWARDEN_LEASE: '1s' }
})
afterAll(() => asking.drop())

const newToken = () => {
  const { records } = asking
  const account = { id: records.workspace.accountId, workspaceId: records.workspace.id }
  return records.act((act) => createServiceToken(act, account, 'short-lived', records.world.random))
}

test('a service token is said to be revoked when no server accepts it any more', async () => {
  const { key, token } = await asking.records.key({ name: 'Asked about' })
  const made = await newToken()
  expect(await asking.ask(token.open(), {}, made.secret)).toMatchObject({ code: 'VALID', keyId: key.id })
  const ran = await shell(['service-token', 'revoke', made.id], env)
  await expect(asking.ask(token.open(), {}, made.secret)).rejects.toThrow('401')
  expect(ran).toMatchObject({ code: 0, err: '' })
  expect(ran.out).toMatch(
    new RegExp(
      `^Revoked ${made.id}\\.\\n1 of 1 server confirmed in .*; every request from now on is refused\\.\\n$`,
    ),
  )
  expect((await shell(['service-token', 'revoke', made.id], env)).code).toBe(1)
})

test('a suspended workspace refuses all its keys with a code of its own until it is resumed', async () => {
  const { records } = asking
  const { token } = await records.key({ name: 'Running' })
  const paused = await records.key({ name: 'Paused' })
  const ended = await records.key({ name: 'Ended' })
  await shell(['keys', 'deactivate', paused.key.id], env)
  await shell(['keys', 'revoke', ended.key.id, '--yes'], env)
  const codes = async () => {
    const answers = []
    for (const one of [token, paused.token, ended.token]) answers.push((await asking.ask(one.open())).code)
    return answers
  }
  expect(await codes()).toEqual(['VALID', 'INACTIVE', 'REVOKED'])

  const suspended = await shell(['workspace', 'suspend', 'platform', '--reason', 'leak'], env)
  expect(await codes()).toEqual(['SUSPENDED', 'SUSPENDED', 'REVOKED'])
  expect(suspended).toMatchObject({ code: 0, err: '' })
  expect(suspended.out).toMatch(
    /^Suspended Platform until you resume it\.\n1 of 1 server confirmed in .*; every request from now on goes by it\.\n$/,
  )
  expect((await shell(['workspace', 'list'], env)).out).toMatch(
    / {2}Platform {2}suspended \d{4}-\d\d-\d\d\n$/,
  )
  expect(await shell(['workspace', 'suspend', 'Platform'], env)).toMatchObject({
    code: 1,
    err: 'Platform is suspended already.\n',
  })

  const resumed = await shell(['workspace', 'resume', 'Platform'], env)
  expect(await codes()).toEqual(['VALID', 'INACTIVE', 'REVOKED'])
  expect(resumed).toMatchObject({ code: 0, out: expect.stringContaining('Resumed Platform') })
  expect(await shell(['workspace', 'resume', 'Platform'], env)).toMatchObject({
    code: 1,
    err: 'Platform is not suspended.\n',
  })
  const { out } = await shell(['audit', 'export', '--workspace', 'Platform'], env)
  expect(out).toContain('workspace.suspended')
  expect(out).toContain('workspace.resumed')
  expect(out).toContain(userInfo().username)
})

test('a suspension waits for a server that does not answer until its permission ends', async () => {
  const { records } = asking
  const silent = openDedicatedConnection(records.database.url, { name: 'silent', timeoutMs: 10_000 })
  const [head] = await records.world.db('changes').max({ seq: 'seq' })
  await renew(silent, { id: 'inc_silent', name: 'silent', ttlMs: 500 }, head!.seq, true)
  const ran = await shell(['workspace', 'suspend', 'Platform'], env)
  await shell(['workspace', 'resume', 'Platform'], env)
  await silent.close()
  expect(ran).toMatchObject({ code: 0, out: expect.stringContaining('silent did not answer; I waited') })
})

test('a repeated suspension or revocation says for whom the first one still waits', async () => {
  const { records } = asking
  const made = await newToken()
  const silent = openDedicatedConnection(records.database.url, { name: 'silent', timeoutMs: 10_000 })
  const [head] = await records.world.db('changes').max({ seq: 'seq' })
  await renew(silent, { id: 'inc_waits', name: 'silent', ttlMs: 60_000 }, head!.seq, true)
  const account = { id: records.workspace.accountId, workspaceId: records.workspace.id }
  await records.act((act) => suspendWorkspace(act, records.workspace))
  await records.act((act) => revokeServiceToken(act, account, made.id))
  const suspended = await shell(['workspace', 'suspend', 'Platform'], env)
  const revoked = await shell(['service-token', 'revoke', made.id], env)
  await release(silent, 'inc_waits')
  await silent.close()
  const settled = await shell(['workspace', 'suspend', 'Platform'], env)
  await shell(['workspace', 'resume', 'Platform'], env)
  expect(suspended).toMatchObject({
    code: 1,
    err: 'Platform is suspended already.\nSaved. Waiting for silent; until then a check there may still go by what was before.\n',
  })
  expect(revoked.code).toBe(1)
  expect(revoked.err).toContain(`There is no live service token ${made.id}.`)
  expect(revoked.err).toContain('Saved. Waiting for silent; until then a check there may still accept it.')
  expect(settled).toMatchObject({ code: 1, err: 'Platform is suspended already.\n' })
})

test('only an owner suspends', async () => {
  const { world, workspace } = asking.records
  const manager = { kind: 'member', id: 'U0BRUNO002', role: 'manager', workspaceId: workspace.id } as const
  await asMember(world.db, manager, world.clock.now())
  expect(await perform(world, manager, (act) => suspendWorkspace(act, workspace))).toMatchObject({
    code: 'forbidden',
  })
})

test('the shell says that a change is under way until it is confirmed', async () => {
  const printed = vi.spyOn(console, 'log').mockReturnValue()
  const complained = vi.spyOn(console, 'error').mockReturnValue()
  const db = { raw: () => Promise.reject(new Error('out')) } as unknown as World['db']
  const words = { done: say`Revoked Ledger.`, underWay: say`Revoking Ledger.` }
  const code = await printConfirmed({ ...asking.records.world, db }, 'run_1', words)
  const [out, err] = [printed.mock.calls, complained.mock.calls]
  vi.restoreAllMocks()
  expect({ code, out }).toEqual({ code: 1, out: [['Revoking Ledger.']] })
  expect(String(err)).toContain('yet confirm that every server has this change')
})
