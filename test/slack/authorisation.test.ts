import { readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { operationsToken } from '../../sandbox/operations.ts'
import { perform } from '../../src/acts/perform.ts'
import { makeConnection } from '../../src/directory/connections.ts'
import { addLeaks } from '../../src/http/leaks.ts'
import { addOffboardings } from '../../src/http/offboardings.ts'
import { addScim } from '../../src/http/scim.ts'
import { openHttp } from '../../src/http/server.ts'
import { type Role, roles } from '../../src/members/member.ts'
import { requestOffboarding } from '../../src/offboarding/request.ts'
import { sign } from '../../src/offboarding/request-by-webhook.ts'
import { httpReceiver } from '../../src/slack/receivers.ts'
import { clicks, closes, commands, submits } from '../../src/slack/routes.ts'
import { openVerifier } from '../../src/verification/verifier.ts'
import { createServiceToken } from '../../src/workspaces/service-tokens.ts'
import { workspacesOfTeam } from '../../src/workspaces/workspace.ts'
import { house, people, setRole, useHouse } from '../setup/house.ts'
import { must } from '../setup/records.ts'
import { leastRole } from './expectations.ts'
import {
  type Credential,
  credentials,
  entriesOf,
  expected,
  matrixOf,
  opens,
  type Place,
  places,
  type State,
  states,
} from './matrix.ts'
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
  for (const role of roles) {
    const [leaving, deactivated] = [cast.leaving(role), cast.deactivated(role)]
    for (const userId of [leaving, deactivated]) await setRole(house, userId, role)
    const operator = { kind: 'operator', id: 'test' } as const
    const request = { source: 'shell' as const, userId: leaving }
    must(
      await perform(world, operator, (act) => requestOffboarding(act, workspace, request, world.random), {
        changesRoles: true,
      }),
    )
    await wire.timed.event({ type: 'user_change', user: { id: deactivated, deleted: true } })
    await vi.waitFor(
      async () => expect(await world.db('offboardings').where({ user_id: deactivated })).toHaveLength(1),
      { timeout: 40_000 },
    )
  }
})
afterAll(() => wire.stop())

/** Who plays somebody with this role, in each state; a guest has it through a user group. */
const cast: Record<State, (role: Role) => string> = {
  active: (role) => people[role],
  guest: () => people.guest,
  deactivated: (role) => `U0GONE${role.toUpperCase()}`,
  leaving: (role) => `U0LEAVES${role.toUpperCase()}`,
}

const cells = (role: Role, place: Place, state: State) =>
  Object.fromEntries(entries.map(([name]) => [name, expected(name, role, place, state)]))

const inTeam = (id: string): Sender => ({ id, team: house.slack.teamId })
const senders: Record<string, () => Sender> = {
  owner: () => inTeam(people.owner),
  manager: () => inTeam(people.manager),
  member: () => inTeam(people.member),
  leaving: () => inTeam(cast.leaving('owner')),
  deactivated: () => inTeam(cast.deactivated('owner')),
  guest: () => inTeam(people.guest),
  stranger: () => ({ id: people.stranger, team: 'T0GLOBEX' }),
}

type Way = (who: Sender, workspaceId: string, seconds: number) => Promise<string>

/** Home's switch would choose the workspace of every later command: here it chooses whose keys Home shows. */
const choiceIn: Record<string, string> = { 'home.switch': 'mine' }

/** Every way in, from the routes themselves. A command is typed, and pressed as a button too. */
const entries: [string, Way][] = [
  ...commands.map(({ verb }): [string, Way] => [
    `command ${verb}`,
    (who, workspaceId, seconds) =>
      wire.command(who, `${verb}${workspaceId === ws.own ? '' : ` in:${workspaceId}`}`, seconds),
  ]),
  ...clicks.map(({ id }): [string, Way] => [
    `click ${id}`,
    // A form's control is about what its dialog is about; outside of one it names no workspace at all.
    (who, workspaceId, seconds) => wire.click(who, id, `${workspaceId}/${choiceIn[id] ?? 'none'}`, seconds),
  ]),
  ...submits.map(({ id }): [string, Way] => [
    `submit ${id}`,
    (who, workspaceId) => wire.submit(who, id, `${workspaceId}/none`),
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
      (one) => addLeaks(one, house.world, () => undefined),
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

/** What is let in and then answers nothing by itself: it redraws Home. */
const silent = new Set(['click home.switch'])

const kind = (answer: string, isSilent: boolean) => {
  // The row belongs to those that are silent, or nobody answers.
  if (answer === '' && !isSilent) return 'no answer within a minute'
  if (/Only full members of/.test(answer)) return 'outsider'
  if (/You have been offboarded/.test(answer)) return 'leaving'
  if (/Only (managers and )?owners/.test(answer)) return 'role'
  // Whoever is let in may hear that something went wrong: the trigger is made up, so that no dialog opens.
  if (/The database/.test(answer)) return `trouble: ${answer.slice(0, 300)}`
  return /There is no workspace called/.test(answer) ? 'workspace' : 'admitted'
}

/** A guest has their role through a user group: Slack alone knows that they are one. */
async function giveGuest(role: Role): Promise<void> {
  const { db } = house.world
  await db('group_members').delete()
  await db('group_roles').delete()
  if (role === 'member') return
  for (const workspace_id of [ws.own, ws.other]) {
    const group = { workspace_id, group_id: 'S0GUESTS' }
    await db('group_roles').insert({ ...group, role, set_at: house.calendar.now() })
    await db('group_members').insert({ ...group, user_id: people.guest })
  }
}

for (const state of states)
  for (const role of roles)
    test(`a ${role} who is ${state} gets as far as the table says: at home, in another workspace and in another account`, async () => {
      if (state === 'guest') await giveGuest(role)
      for (const place of places) {
        const wanted = cells(role, place, state)
        const seen = await outcomes(inTeam(cast[state](role)), ws[place], wanted)
        expect([place, seen]).toEqual([place, wanted])
      }
    }, 300_000)

test('each address of a system opens to its own kind of credential, as the table says, and to no other', async () => {
  const path = new URL('matrix.txt', import.meta.url)
  const routes = new Set(
    [...readFileSync(path, 'utf8').matchAll(/^(http (\w+) (\/\S*))/gm)].map(([, one]) => one!),
  )
  const workspace = (await workspacesOfTeam(house.world.db, house.slack.teamId)).find(
    ({ id }) => id === ws.own,
  )!
  const owner = { kind: 'member', id: people.owner, role: 'owner', workspaceId: ws.own } as const
  const made = async (kind: 'scim' | 'webhook') =>
    must(await perform(house.world, owner, (act) => makeConnection(act, workspace, kind, house.world)))
  const hook = await made('webhook')
  const account = { id: workspace.accountId, workspaceId: ws.own }
  const operator = { kind: 'operator', id: 'test' } as const
  const scanner = must(
    await perform(house.world, operator, (act) =>
      createServiceToken(act, account, 'Scan', house.world.random, 'leaks'),
    ),
  )
  const bearer: Partial<Record<Credential, string>> = {
    unknown: 'kws_none',
    service: house.serviceToken,
    scanner: scanner.secret,
    scim: (await made('scim')).secret,
    operations: operationsToken,
    // Its secret signs; as a bearer it is nothing.
    webhook: hook.secret,
  }
  const signed = (text: string) => {
    const at = String(Math.floor(Date.now() / 1000))
    return {
      'x-keywarden-connection': hook.connection.id,
      'x-keywarden-timestamp': at,
      'x-keywarden-signature': `v1=${sign(hook.secret, at, text)}`,
      'idempotency-key': text,
    }
  }
  const opened = async (entry: string, credential: Credential) => {
    const [, method = '', route = ''] = entry.split(' ')
    const target = route.replace(/[:*]\w*/g, 'x')
    const response = await fetch(house.keywarden.url + target, {
      method,
      headers: {
        'content-type': 'application/json',
        ...(bearer[credential]
          ? {
              authorization: `Bearer ${bearer[credential]}`,
              'x-keywarden-service-token': bearer[credential],
            }
          : {}),
        ...(credential === 'webhook' ? signed(method === 'GET' ? target : '{}') : {}),
      },
      ...(method === 'GET' ? {} : { body: '{}' }),
    })
    const words = await response.text()
    // A proxy that got past the door hears that the client's key is refused, in no words.
    return response.status !== 401 || (route === '/v1/forward-auth' && words === '')
  }
  for (const entry of routes)
    for (const credential of credentials)
      expect([entry, credential, await opened(entry, credential)]).toEqual([
        entry,
        credential,
        opens(entry, credential),
      ])
})

test('a person of another organisation gets past none', async () => {
  const wanted = Object.fromEntries(entries.map(([name]) => [name, 'outsider']))
  expect(await outcomes(senders.stranger!(), ws.own, wanted)).toEqual(wanted)
}, 300_000)

test('a member whose payloads name another team of the organisation is who they are', async () => {
  const elsewhere = { id: people.manager, team: 'T0SISTER01' }
  expect(kind(await wire.click(elsewhere, 'key.reveal', `${ws.own}/none`), true)).toBe('admitted')
  expect(await wire.click(elsewhere, 'connection.make', `${ws.own}/none`)).toMatch(/Only owners/)
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

/** Refused: the answer is waited for. Let in: what the thing itself answers, which for some is nothing. */
async function outcomes(who: Sender, workspaceId: string, wanted: Record<string, string>) {
  const seen: Record<string, string> = {}
  const queue = [...entries]
  async function work() {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const [name, way] = next
      const isSilent = wanted[name] === 'admitted' && silent.has(name)
      const ask = async () => kind(await way(who, workspaceId, isSilent ? 1 : 60), isSilent)
      seen[name] = await ask()
      // A busy machine may have no answer in time; then it says so, and nothing was done.
      for (let again = 0; again < 10 && seen[name].startsWith('trouble'); again++) seen[name] = await ask()
    }
  }
  await Promise.all(Array.from({ length: 8 }, work))
  return seen
}

const foreignRow = () => house.world.db('keys').where({ id: foreignKey }).first()

const refusals = async (action: string): Promise<number> =>
  Number((await house.world.db('audit_refusals').where({ action }).count({ n: '*' }))[0]!.n)
