import { topModal } from 'local-slack/inspect'
import { fault } from 'local-slack/person'
import { beforeAll, expect, test, vi } from 'vitest'
import { perform } from '../../src/acts/perform.ts'
import { runShell } from '../../src/cli/program.ts'
import { makeConnection } from '../../src/directory/connections.ts'
import { modes } from '../../src/offboarding/offboarding.ts'
import { sign } from '../../src/offboarding/request-by-webhook.ts'
import { offboardMissed } from '../../src/offboarding/request-missed.ts'
import { undoOffboarding } from '../../src/offboarding/undo.ts'
import { tryLive } from '../../src/slack/live/try-live.ts'
import { workspacesOfTeam } from '../../src/workspaces/workspace.ts'
import { house, openDialog, people, pressIn, said, submit, submitAndSee, useHouse } from '../setup/house.ts'
import { must } from '../setup/records.ts'
import { join, keysByName, ownedKey } from './leavers.ts'

let connection: { id: string; secret: string }
useHouse({ env: { KEYWARDEN_SECRET_KEYS: `test:${Buffer.alloc(32, 7).toString('base64')}` } })
beforeAll(async () => {
  const [workspace] = await workspacesOfTeam(house.world.db, house.slack.teamId)
  const owner = { kind: 'member', id: people.owner, role: 'owner', workspaceId: workspace!.id } as const
  const made = must(
    await perform(house.world, owner, (act) => makeConnection(act, workspace!, 'webhook', house.world)),
  )
  connection = { id: made.connection.id, secret: made.secret }
})

type Schema = { required?: string[]; properties?: Record<string, Schema>; enum?: string[] }
type Sent = { secret?: string; id?: string; at?: number; key?: string; signature?: string }

async function post(body: string, sent: Sent = {}) {
  const timestamp = String(Math.floor(sent.at ?? Date.now() / 1000))
  const response = await fetch(`${house.keywarden.url}/v1/offboardings`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'idempotency-key': sent.key ?? body,
      'x-keywarden-connection': sent.id ?? connection.id,
      'x-keywarden-timestamp': timestamp,
      'x-keywarden-signature':
        sent.signature ?? `v1=${sign(sent.secret ?? connection.secret, timestamp, body)}`,
    },
    body,
  })
  return { status: response.status, body: await response.json() }
}

async function statusAt(path: string) {
  const timestamp = String(Math.floor(Date.now() / 1000))
  const response = await fetch(house.keywarden.url + path, {
    headers: {
      'x-keywarden-connection': connection.id,
      'x-keywarden-timestamp': timestamp,
      'x-keywarden-signature': `v1=${sign(connection.secret, timestamp, path)}`,
    },
  })
  return { status: response.status, body: await response.json() }
}

const workspaceId = async () => (await house.world.db('workspaces').first('id')).id as string

test('a signed request offboards somebody, and its address says when it is done', async () => {
  const as = await join(house.world, await workspaceId(), 'U0LEAVER01', 'manager')
  await ownedKey(house.world, as, 'Webhooked')
  const answer = await post('{"user":"U0LEAVER01","note":"HR-7"}', { key: 'hr-7' })
  expect(answer).toMatchObject({ status: 202, body: { mode: 'deactivate' } })
  await expect
    .poll(async () => (await statusAt(answer.body.statusUrl)).body, { timeout: 40_000 })
    .toMatchObject({ state: 'done', keys: { all: 1, refused: 1, waiting: 0 } })
  expect((await keysByName(house.world)).Webhooked).toMatchObject({ status: 'inactive' })
  expect(await post('{"user":"U0LEAVER01","note":"HR-7"}', { key: 'hr-7' })).toMatchObject({
    status: 202,
    body: { id: answer.body.id },
  })
  expect((await statusAt('/v1/offboardings/off_of_somebody_else')).status).toBe(404)
})

test('the description has both addresses, each answer to them, and what an answer holds', async () => {
  const response = await fetch(`${house.keywarden.url}/openapi.json`)
  const { paths, components } = (await response.json()) as {
    paths: Record<string, Record<string, { responses: Record<string, unknown> }>>
    components: { schemas: Record<'Offboarding' | 'Leaver' | 'Mode', Schema> }
  }
  const { Offboarding, Leaver, Mode } = components.schemas
  const answersTo = (path: string, verb: string) => Object.keys(paths[path]![verb]!.responses)

  const asked = await post('{"user":"U0DESCRIBED"}')
  const { statusUrl, ...status } = asked.body
  expect(statusUrl).toMatch(/^\/v1\/offboardings\/\w+$/)
  expect(Object.keys(status).sort()).toEqual([...Offboarding.required!].sort())
  expect(Object.keys(status.keys).sort()).toEqual([...Offboarding.properties!.keys!.required!].sort())
  expect(Offboarding.properties!.state!.enum).toContain(status.state)
  expect(Mode.enum).toEqual([...modes])
  for (const name of Object.keys(Leaver.properties!))
    expect((await post(`{"${name}":0}`, { key: name })).body.error.message).toContain(`${name}:`)

  const posted = [
    ...[
      asked,
      await post('{"user":"U0DESCRIBED"}', { secret: 'kwh_other' }),
      await post('{}', { key: 'none' }),
    ],
    await post('{"user":"U0ANOTHER1"}', { key: '{"user":"U0DESCRIBED"}' }),
    await post(`{"note":"${'x'.repeat(100_000)}"}`, { key: 'long' }),
  ].map(({ status }) => String(status))
  expect(posted).toEqual(['202', '401', '400', '422', '413'])
  expect(answersTo('/v1/offboardings', 'post')).toEqual(expect.arrayContaining([...posted, '409', '503']))
  const looked = [await statusAt(statusUrl), await statusAt('/v1/offboardings/off_none')]
  expect(answersTo('/v1/offboardings/{id}', 'get')).toEqual(
    expect.arrayContaining([...looked.map(({ status }) => String(status)), '401', '503']),
  )
})

test.each<[string, Sent]>([
  ['another secret', { secret: 'kwh_other' }],
  ['a signature from ten minutes ago', { at: Date.now() / 1000 - 600 }],
  ['a signature from the future', { at: Date.now() / 1000 + 600 }],
  ['no such connection', { id: 'con_0000' }],
  ['a signature that is none', { signature: 'v1=zz' }],
])('%s is refused and does nothing', async (_what, sent) => {
  expect((await post('{"user":"U0NOBODY01"}', sent)).status).toBe(401)
  expect(await house.world.db('offboardings').where({ user_id: 'U0NOBODY01' })).toEqual([])
})

test('a request that was overheard cannot be sent again as another, nor a key be used for another body', async () => {
  const at = Date.now() / 1000
  expect((await post('{"user":"U0REPLAY01"}', { key: 'first', at })).status).toBe(202)
  expect(await post('{"user":"U0REPLAY01"}', { key: 'second', at })).toMatchObject({
    status: 409,
    body: { error: { code: 'REPLAYED' } },
  })
  expect(await post('{"user":"U0REPLAY02"}', { key: 'first' })).toMatchObject({
    status: 422,
    body: { error: { code: 'KEY_REUSED' } },
  })
})

test.each([
  '{}',
  '{"user":"U0AAAAAA1","email":"a@b.c"}',
  '{"user":"bruno"}',
  '{"email":"x"}',
  'no json',
  '{"user":"U0AAAAAA1","mode":"nuke"}',
  '{"user":"U0AAAAAA1","note":"left\\u0000"}',
  '{"user":"U0AAAAAA1","note":"\\ud800"}',
  '{"user":"U0AAAAAA1","note":["x"]}',
  '{"email":"x\\u0000@acme.example"}',
  '{"user":"U0AAAAAA1","__proto__":{"mode":"revoke"},"x":1}',
  `{"user":${'['.repeat(9_000)}${']'.repeat(9_000)}}`,
])('a body that says nothing clear is refused: %s', async (body) => {
  expect(await post(body, { key: 'bad' })).toMatchObject({
    status: 400,
    body: { error: { code: 'BAD_REQUEST' } },
  })
})

test('one signature at once under several Idempotency-Keys is taken once', async () => {
  const at = Date.now() / 1000
  const keys = ['at-once-1', 'at-once-2', 'at-once-3', 'at-once-4']
  const answers = await Promise.all(keys.map((key) => post('{"user":"U0ATONCE01"}', { key, at })))
  expect(answers.map(({ status }) => status).sort()).toEqual([202, 409, 409, 409])
})

test('a signed body that is not UTF-8, and a signed address with a NUL, are refused', async () => {
  const timestamp = String(Math.floor(Date.now() / 1000))
  const signed = (content: string | Uint8Array) => ({
    'idempotency-key': 'not-utf-8',
    'x-keywarden-connection': connection.id,
    'x-keywarden-timestamp': timestamp,
    'x-keywarden-signature': `v1=${sign(connection.secret, timestamp, content as string)}`,
  })
  const body = new Uint8Array([...Buffer.from('{"user":"U0AAAAAA1","note":"M'), 0xfc, ...Buffer.from('"}')])
  const url = `${house.keywarden.url}/v1/offboardings`
  expect((await fetch(url, { method: 'POST', headers: signed(body), body })).status).toBe(400)
  const path = '/v1/offboardings/\0'
  expect((await fetch(`${url}/%00`, { headers: signed(path) })).status).toBe(404)
})

test('a request by address whose person is leaving already shows how that goes', async () => {
  const id = await workspaceId()
  await ownedKey(house.world, await join(house.world, id, 'U0MERGED01', 'manager'), 'Merged')
  const byAddress = await post('{"email":"Merged@acme.example"}', { key: 'by-address' })
  expect(byAddress).toMatchObject({ status: 202, body: { state: 'unmatched' } })
  const byName = await post('{"user":"U0MERGED01"}', { key: 'by-name' })
  const { id: accountId } = await house.world.db('accounts').first('id')
  const found = { userId: 'U0MERGED01', email: 'merged@acme.example', deleted: false, isBot: false }
  await offboardMissed(house.world, accountId, [found])
  await expect
    .poll(async () => (await statusAt(byAddress.body.statusUrl)).body, { timeout: 40_000 })
    .toMatchObject({ id: byName.body.id, state: 'done', keys: { all: 1, refused: 1 } })
})

test('a successor whom nobody knows is refused: keys would belong to nobody', async () => {
  const successor = (id: string) => `{"user":"U0HEIR0001","successor":"${id}"}`
  const { id: accountId } = await house.world.db('accounts').first('id')
  const person = { userId: 'U0HEIR0002', email: 'heir@acme.example', deleted: false, isBot: false }
  await offboardMissed(house.world, accountId, [person])
  expect(await post(successor('U0TYPO0001'), { key: 'typo' })).toMatchObject({
    status: 400,
    body: { error: { message: 'Slack’s list of members does not name the successor.' } },
  })
  expect(await house.world.db('offboardings').where({ user_id: 'U0HEIR0001' })).toEqual([])
  expect((await post(successor('U0HEIR0002'), { key: 'heir' })).status).toBe(202)
})

test('the nightly look finds who left Slack unnoticed, and only whoever has something to lose', async () => {
  const id = await workspaceId()
  await ownedKey(house.world, await join(house.world, id, 'U0MISSED01', 'manager'), 'Forgotten')
  const { id: accountId } = await house.world.db('accounts').first('id')
  const gone = (userId: string) => ({ userId, email: null, deleted: true, isBot: false })
  const members = [gone('U0MISSED01'), gone('U0NOKEYS01'), { ...gone('U0BOT00010'), isBot: true }]
  expect(await offboardMissed(house.world, accountId, members)).toBe(1)
  expect(await offboardMissed(house.world, accountId, members)).toBe(0)
  await house.keywarden.runTimetable()
  expect((await keysByName(house.world)).Forgotten).toMatchObject({ status: 'inactive' })
})

test('a key that is over the limit is an alert, and no longer once it is refused', async () => {
  const { world } = house
  const key = await ownedKey(world, await join(world, await workspaceId(), 'U0LATE0001', 'manager'), 'Late')
  const late = new Date(world.clock.now().getTime() - 60_000)
  const [workspace] = await workspacesOfTeam(world.db, house.slack.teamId)
  // Written by hand in a transaction that is kept open: a worker that is stuck in the middle.
  const { offboardingLate } = await import('../../src/findings/offboarding-late.ts')
  await world.db.transaction(async (trx) => {
    await trx('offboardings').insert({
      id: 'off_late',
      account_id: workspace!.accountId,
      workspace_id: workspace!.id,
      user_id: 'U0LATE0001',
      mode: 'revoke',
      state: 'requested',
      requested_by: 'job:scim',
      requested_at: late,
      begun_at: late,
      due_at: late,
    })
    const facts = await offboardingLate.ask(trx, workspace!, world.clock.now())
    expect(facts).toMatchObject([{ keyId: key.id, severity: 'critical', facts: { leaver: 'U0LATE0001' } }])
  })
  await house.keywarden.runTimetable()
  await expect
    .poll(async () => (await world.db('offboardings').where({ id: 'off_late' }).first()).state, {
      timeout: 40_000,
    })
    .toBe('done')
  const after = await world.db.transaction((trx) => offboardingLate.ask(trx, workspace!, world.clock.now()))
  expect(after).toEqual([])
})

test('the shell previews without doing anything, and offboards', async () => {
  await ownedKey(
    house.world,
    await join(house.world, await workspaceId(), 'U0SHELL001', 'manager'),
    'Shelled',
  )
  const previewed = await typed('offboard', 'U0SHELL001', '--preview', '--mode', 'revoke')
  expect(previewed.out).toMatch(/revoke +tml_.{4}\.\.\. +Shelled +\(owned, revealed, created\)/)
  expect((await keysByName(house.world)).Shelled).toMatchObject({ status: 'active' })
  const done = await typed('offboard', 'U0SHELL001', '--mode', 'revoke')
  expect(done).toMatchObject({ code: 0, out: expect.stringMatching(/Offboarded U0SHELL001: 1 key /) })
  expect((await keysByName(house.world)).Shelled).toMatchObject({ status: 'revoked' })
})

test('when the last owner has left, the shell names another', async () => {
  expect((await typed('workspace', 'owner', 'bruno')).code).toBe(1)
  expect(await typed('workspace', 'owner', people.manager)).toMatchObject({
    code: 0,
    out: `${people.manager} owns: Platform.`,
  })
  const role = { user_id: people.manager, role: 'owner' }
  expect(await house.world.db('members').where(role)).toHaveLength(1)
  await house.world.db('members').where(role).update({ role: 'manager' })
})

/** Types a command of the operator's shell. */
async function typed(...words: string[]): Promise<{ code: number; out: string }> {
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined)
  try {
    const env = { DATABASE_URL: house.world.config.databaseUrl }
    const code = await runShell(words, {
      env,
      start: () => Promise.reject(new Error('nothing to start')),
      tryLive,
    })
    return { code, out: log.mock.calls.flat().join('\n') }
  } finally {
    log.mockRestore()
  }
}

test('an owner makes a credential in Slack, sees it once, and revokes it; a manager may not', async () => {
  const owner = house.as('owner')
  const view = await openDialog(owner, 'connect')
  await pressIn(owner, view, 'New SCIM token')
  const shown = await owner.waitFor((screen) => {
    const top = topModal(screen)
    return top && /kwd_[0-9A-Za-z]{30,}/.test(said(top.blocks)) && top
  })
  const token = /kwd_[0-9A-Za-z]+/.exec(said(shown.blocks))![0]
  const ask = () =>
    fetch(`${house.keywarden.url}/scim/v2/Users`, { headers: { authorization: `Bearer ${token}` } })
  expect((await ask()).status).toBe(200)
  await owner.close(shown.id)
  const again = await openDialog(owner, 'connect')
  expect(said(again.blocks)).not.toContain(token)
  expect(said(again.blocks)).toContain(token.slice(0, 8))
  await pressIn(owner, again, 'Revoke')
  await expect.poll(async () => (await ask()).status, { timeout: 40_000 }).toBe(401)
  const refused = await openDialog(house.as('manager'), 'connect')
  expect(said(refused.blocks)).toContain('Only owners connect other systems.')
})

test.each(['New SCIM token', 'New webhook secret'])(
  'a credential of which Slack does not say that it was shown is revoked: %s',
  async (label) => {
    const owner = house.as('owner')
    const live = () => house.world.db('connections').whereNull('revoked_at').orderBy('id').pluck('id')
    const before = await live()
    const view = await openDialog(owner, 'connect')
    await fault(house.slack.url, { method: 'views.update', times: 1, kind: 'drop_after' })
    await pressIn(owner, view, label)
    const refused = await owner.waitFor((screen) => {
      const top = topModal(screen)
      return (
        top &&
        /Slack did not confirm that it showed you .*, so it was revoked\./.test(said(top.blocks)) &&
        top
      )
    })
    expect(said(refused.blocks)).toContain('Create another: /keys connect')
    expect(await live()).toEqual(before)
    await owner.close(refused.id)
  },
)

test('somebody who was given a key is noted on it, and only once', async () => {
  const manager = house.as('manager')
  const id = await workspaceId()
  await ownedKey(house.world, await join(house.world, id, people.manager, 'manager'), 'Shared')
  const view = await openDialog(manager, 'holders Shared')
  expect(await submit(manager, view, { person: people.manager, why: '' })).toMatchObject({
    outcome: 'errors',
  })
  const noted = await submitAndSee(manager, view, { person: people.member, why: 'On call' })
  expect(said(noted.blocks)).toMatch(/U0DANA0004 is noted.*has had it since .*On call/)
})

test('a delivery that is repeated after an undo gets its answer, and begins nothing again', async () => {
  await ownedKey(house.world, await join(house.world, await workspaceId(), 'U0UNDONE01', 'manager'), 'Undone')
  const asked = await post('{"user":"U0UNDONE01"}', { key: 'undone' })
  await house.keywarden.runTimetable()
  const { id, account_id: accountId } = await house.world
    .db('offboardings')
    .where({ user_id: 'U0UNDONE01' })
    .first()
  await expect
    .poll(async () => (await house.world.db('offboardings').where({ id }).first()).state)
    .toBe('done')
  const root = { kind: 'operator', id: 'root' } as const
  must(await perform(house.world, root, (act) => undoOffboarding(act, accountId, id, house.world.random)))
  const again = await post('{"user":"U0UNDONE01"}', { key: 'undone' })
  expect([again.status, again.body.statusUrl]).toEqual([202, asked.body.statusUrl])
  await house.keywarden.runTimetable()
  expect(await house.world.db('offboardings').where({ user_id: 'U0UNDONE01' }).whereNull('ended_at')).toEqual(
    [],
  )
  expect((await keysByName(house.world)).Undone).toMatchObject({ status: 'active' })
})

test('an owner whom a webhook names keeps their role, and their keys are only deactivated', async () => {
  const id = await workspaceId()
  await ownedKey(house.world, await join(house.world, id, 'U0OWNER091', 'owner'), 'Of an owner')
  const body = { user: 'U0OWNER091', mode: 'revoke', successor: people.manager }
  expect(await post(JSON.stringify(body), { key: 'owner' })).toMatchObject({ body: { mode: 'deactivate' } })
  await house.keywarden.runTimetable()
  const statusOf = async () => (await keysByName(house.world))['Of an owner']!.status
  await expect.poll(statusOf).toBe('inactive')
  expect((await keysByName(house.world))['Of an owner']).toMatchObject({ owner_id: 'U0OWNER091' })
  const role = { workspace_id: id, user_id: 'U0OWNER091' }
  expect(await house.world.db('members').where(role).first('role', 'left_at')).toEqual({
    role: 'owner',
    left_at: null,
  })
})
