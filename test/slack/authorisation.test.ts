import { readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { perform } from '../../src/acts/perform.ts'
import { addOffboardings } from '../../src/http/offboardings.ts'
import { addScim } from '../../src/http/scim.ts'
import { openHttp } from '../../src/http/server.ts'
import { type Role, roles } from '../../src/members/member.ts'
import { requestOffboarding } from '../../src/offboarding/request.ts'
import { httpReceiver } from '../../src/slack/receivers.ts'
import { clicks, closes, commands, submits } from '../../src/slack/routes.ts'
import { openVerifier } from '../../src/verification/verifier.ts'
import { workspacesOfTeam } from '../../src/workspaces/workspace.ts'
import { house, people, useHouse } from '../setup/house.ts'
import { must } from '../setup/records.ts'
import { leastRole } from './expectations.ts'
import { entriesOf, expected, matrixOf, type Place, type State } from './matrix.ts'
import { openWire, type Sender } from './wire.ts'

let wire: Awaited<ReturnType<typeof openWire>>
const ws = { own: '', other: 'ws_other', foreign: 'ws_foreign' }
const foreignKey = 'key_0000000000000foreign'

useHouse({ mode: 'http' })
beforeAll(async () => {
  wire = await openWire(house)
  const { db } = house.world
  const now = house.calendar.now()
  ws.own = (await db('workspaces').first('id')).id
  await db('accounts').insert({
    id: 'acc_foreign',
    slack_team_id: 'T0GLOBEX',
    name: 'Globex',
    created_at: now,
  })
  await db('workspaces').insert({
    id: ws.foreign,
    account_id: 'acc_foreign',
    name: 'Globex',
    name_folded: 'globex',
    created_at: now,
  })
  const account_id = (await db('workspaces').where({ id: ws.own }).first('account_id')).account_id
  await db('workspaces').insert({
    id: ws.other,
    account_id,
    name: 'Other',
    name_folded: 'other',
    created_at: house.calendar.now(),
  })
  await db('keys').insert({
    id: foreignKey,
    workspace_id: ws.foreign,
    name: 'Foreign',
    name_folded: 'foreign',
    scopes: ['read'],
    status: 'active',
    hint: 'tml_Frgn...',
    token_hash: Buffer.alloc(32, 1),
    owner_id: people.owner,
    created_by: people.owner,
    created_at: now,
    revealed_by: people.owner,
    revealed_at: now,
    status_changed_at: now,
    status_changed_by: people.owner,
  })
  // Rights are granted by name, so that no first contact races another.
  const member = { role: 'member', added_at: now, changed_at: now }
  await db('members').insert([
    { ...member, workspace_id: ws.own, user_id: people.member },
    ...[people.owner, people.manager, people.member].map((user_id) => ({
      ...member,
      workspace_id: ws.other,
      user_id,
    })),
  ])
})
beforeAll(async () => {
  const { world } = house
  const workspace = (await workspacesOfTeam(world.db, house.slack.teamId)).find(({ id }) => id === ws.own)!
  const operator = { kind: 'operator', id: 'test' } as const
  const request = { source: 'shell' as const, userId: people.otherMember }
  must(await perform(world, operator, (act) => requestOffboarding(act, workspace, request, world.random)))
  await wire.timed.event({ type: 'user_change', user: { id: people.otherManager, deleted: true } })
  // Not expect.poll: vitest has that in tests alone.
  await vi.waitFor(
    async () =>
      expect(await world.db('offboardings').where({ user_id: people.otherManager })).toHaveLength(1),
    { timeout: 40_000 },
  )
})
afterAll(() => wire.stop())

const cells = (role: Role, place: Place, state: State) =>
  Object.fromEntries(entries.map(([name]) => [name, expected(name, role, place, state)]))

const inTeam = (id: string): Sender => ({ id, team: house.slack.teamId })
const senders: Record<string, () => Sender> = {
  owner: () => inTeam(people.owner),
  manager: () => inTeam(people.manager),
  member: () => inTeam(people.member),
  leaving: () => inTeam(people.otherMember),
  deactivated: () => inTeam(people.otherManager),
  guest: () => inTeam(people.guest),
  stranger: () => ({ id: people.stranger, team: 'T0GLOBEX' }),
}

type Way = (who: Sender, workspaceId: string, rest?: string) => Promise<string>

/** Every way in, from the routes themselves. A command is typed, and pressed as a button too. */
const entries: [string, Way][] = [
  ...commands.map(({ verb }): [string, Way] => [
    `command ${verb}`,
    (who, workspaceId) => wire.command(who, `${verb}${workspaceId === ws.own ? '' : ` in:${workspaceId}`}`),
  ]),
  ...clicks.map(({ id }): [string, Way] => [
    `click ${id}`,
    // A form's control is about what its dialog is about; outside of one it names no workspace at all.
    (who, workspaceId, rest = 'none') => wire.click(who, id, `${workspaceId}/${rest}`),
  ]),
  ...submits.map(({ id }): [string, Way] => [
    `submit ${id}`,
    (who, workspaceId, rest = 'none') => wire.submit(who, id, `${workspaceId}/${rest}`),
  ]),
]

test('every command, click, submission and closing has a row in the table of expectations, and no row is left over', () => {
  const all = [...entries.map(([name]) => name), ...closes.map(({ id }) => `close ${id}`)]
  expect(Object.keys(leastRole).sort()).toEqual(all.sort())
})

test('the table has a cell for every way in, role, workspace and state of a person, and says what is expected', async () => {
  const { server } = await openHttp(house.world, {
    verifier: await openVerifier(house.world),
    readiness: [],
    routes: [
      (one) => addScim(one, house.world, () => undefined),
      (one) => addOffboardings(one, house.world, () => undefined),
      httpReceiver(house.world).addRoutes,
    ],
  })
  onTestFinished(() => server.close())
  const all = await entriesOf(server)
  const written = matrixOf(all)
  const path = new URL('matrix.txt', import.meta.url)
  if (process.env.UPDATE_MATRIX) writeFileSync(path, written)
  expect(readFileSync(path, 'utf8'), 'UPDATE_MATRIX=1 writes it').toBe(written)
  // Each kind of entry was found where the code has it.
  for (const one of [
    'command revoke',
    'click key.reveal',
    'submit policy.set',
    'close key.shown',
    'event user_change',
    'step offboard_person',
    'http POST /v1/verify',
    'http PATCH /scim/v2/Users/:id',
    'http POST /v1/offboardings',
    'http POST /slack/events',
    'shell keys revoke',
    'shell offboard',
  ])
    expect(all).toContain(one)
})

const kind = (answer: string) => {
  if (/Keys are for members of/.test(answer)) return 'outsider'
  if (/You have been offboarded/.test(answer)) return 'leaving'
  if (/Only (managers and )?owners/.test(answer)) return 'role'
  return /There is no workspace called/.test(answer) ? 'workspace' : 'admitted'
}

// At once: what is let in may answer elsewhere, and is waited for in vain.
for (const role of roles)
  test.concurrent(`a ${role} may do exactly what their role may`, async () => {
    expect(await outcomes(entries, senders[role]!(), ws.own)).toEqual(cells(role, 'own', 'active'))
  }, 90_000)

for (const place of ['own', 'other'] as const)
  for (const state of ['leaving', 'deactivated'] as const)
    test(`somebody who is ${state} gets past none with the id of ${place === 'own' ? 'their' : 'another'} workspace`, async () => {
      const seen = await outcomes(entries, senders[state]!(), ws[place])
      expect(seen).toEqual(cells('owner', place, state))
    }, 90_000)

test('an owner is a plain member in another workspace of the account', async () => {
  const expected = cells('owner', 'other', 'active')
  const refused = entries.filter(([name]) => expected[name] === 'role')
  const seen = await outcomes(refused, senders.owner!(), ws.other)
  expect(seen).toEqual(Object.fromEntries(refused.map(([name]) => [name, 'role'])))
  expect(refused.length).toBeGreaterThan(30)
}, 90_000)

test('no route of a system answers anything to nobody, and none to a credential that was never made', async () => {
  const path = new URL('matrix.txt', import.meta.url)
  const routes = [...readFileSync(path, 'utf8').matchAll(/^http (\w+) (\/(?:scim|v1|slack)\S*)/gm)]
  for (const authorization of [undefined, 'Bearer kws_none', 'Bearer kwd_none'])
    for (const [, method = '', route = ''] of routes) {
      const response = await fetch(house.keywarden.url + route.replace(/[:*]\w*/g, 'x'), {
        method,
        headers: { 'content-type': 'application/json', ...(authorization ? { authorization } : {}) },
        ...(method === 'GET' ? {} : { body: '{}' }),
      })
      expect([method, route, response.status]).toEqual([method, route, 401])
    }
})

for (const who of ['guest', 'stranger'])
  test(`a ${who} gets past none`, async () => {
    expect(await outcomes(entries, senders[who]!(), ws.own)).toEqual(
      Object.fromEntries(entries.map(([name]) => [name, 'outsider'])),
    )
  })

test('an owner gets nowhere with the id of a workspace of another account, and learns nothing of it', async () => {
  const referring = entries.filter(([name]) => !name.startsWith('click form.'))
  expect(await outcomes(referring, senders.owner!(), ws.foreign)).toEqual(
    Object.fromEntries(referring.map(([name]) => [name, 'workspace'])),
  )
})

test('an owner gets nowhere with the id of another account’s key, under any verb', async () => {
  const before = await foreignRow()
  const verbs = ['show', 'edit', 'rotate', 'deactivate', 'activate', 'revoke', 'audit', 'holders']
  for (const verb of verbs) {
    expect(await wire.command(senders.owner!(), `${verb} ${foreignKey}`)).toMatch(
      /No (such key here|key is called)/,
    )
    expect(await wire.click(senders.owner!(), `go.${verb}`, `${ws.own}/${verb} ${foreignKey}`)).toContain(
      'No such key here.',
    )
  }
  for (const click of ['key.saved', 'key.reveal', 'key.replace'])
    expect(await wire.click(senders.owner!(), click, `${ws.own}/${foreignKey}`)).toContain(
      'No such key here.',
    )
  for (const submit of ['key.rotate', 'key.revoke'])
    expect(await wire.submit(senders.owner!(), submit, `${ws.own}/${foreignKey}`)).toContain(
      'No such key here.',
    )
  await wire.submit(senders.owner!(), 'key.deactivate', `${ws.own}/${foreignKey}`)
  await expect.poll(() => refusals('key.deactivate')).toBeGreaterThan(0)
  expect(await foreignRow()).toEqual(before)
})

test('closing a dialog says nothing of a key that is not theirs to see', async () => {
  for (const who of Object.values(senders)) {
    await wire.close(who(), 'key.shown', `${ws.own}/${foreignKey}`)
    await wire.close(who(), 'key.shown', `${ws.foreign}/${foreignKey}`)
  }
  // Everything that a close leads to was begun before this answer.
  await wire.command(senders.owner!(), 'help')
  const screens = await Promise.all(
    (['owner', 'manager', 'member', 'guest', 'stranger'] as const).map((who) => house.as(who).screen()),
  )
  expect(JSON.stringify(screens)).not.toMatch(/Did you copy|Foreign/)
})

test('a refused attempt stands in the audit with who tried what', async () => {
  expect(await refusals('policy.set')).toBeGreaterThan(0)
  expect(await refusals('key.revoke')).toBeGreaterThan(0)
})

test('Home is drawn for members of the team and for nobody else', async () => {
  for (const who of Object.values(senders)) await wire.openHome(who())
  for (const who of ['owner', 'manager', 'member'] as const) await house.as(who).waitFor(({ home }) => home)
  for (const who of ['guest', 'stranger'] as const) expect((await house.as(who).screen()).home).toBeNull()
})

async function outcomes(of: [string, Way][], who: Sender, workspaceId: string) {
  const seen: Record<string, string> = {}
  const queue = [...of]
  async function work() {
    for (let next = queue.shift(); next; next = queue.shift())
      seen[next[0]] = kind(await next[1](who, workspaceId))
  }
  await Promise.all(Array.from({ length: 8 }, work))
  return seen
}

const foreignRow = () => house.world.db('keys').where({ id: foreignKey }).first()

const refusals = async (action: string): Promise<number> =>
  Number((await house.world.db('audit_refusals').where({ action }).count({ n: '*' }))[0]!.n)
