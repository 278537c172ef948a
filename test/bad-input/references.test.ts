import { messagesIn, topModal } from 'local-slack/inspect'
import { calls } from 'local-slack/person'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { house, makeKey, people, said, useHouse } from '../setup/house.ts'
import { clickBody, commandBody, send } from './wire.ts'

useHouse({ mode: 'http' })

describe('a reference that came over the wire is looked up under whoever sends it', () => {
  let foreign: { workspace: string; key: string }
  beforeAll(async () => {
    await makeKey(house.as('manager'), { name: 'Ours' })
    foreign = await anotherAccount()
  })

  test.each([
    'key.reveal',
    'key.replace',
    'key.saved',
    'go.deactivate',
    'go.revoke',
    'go.activate',
    'go.edit',
    'go.show',
  ])(
    'a click on %s with the key of another account changes nothing and tells nothing of it',
    async (action) => {
      const verb = action.startsWith('go.') ? `${action.slice(3)} ` : ''
      const mine = await ownWorkspace()
      for (const value of [`${foreign.workspace}/${verb}${foreign.key}`, `${mine}/${verb}${foreign.key}`]) {
        const from = (await calls(house.slack.url)).length
        const before = await house.world.db('keys').where({ id: foreign.key }).first()
        expect((await send(house, clickBody(house, 'manager', action, value))).status).toBe(200)
        await expect.poll(async () => (await calls(house.slack.url)).length).toBeGreaterThan(from)
        expect(await house.world.db('keys').where({ id: foreign.key }).first()).toEqual(before)
        expect(JSON.stringify((await calls(house.slack.url)).slice(from))).not.toContain('Theirs')
      }
    },
  )

  test.each([
    '',
    '/',
    'ws_x',
    `${'x'.repeat(3000)}/y`,
    'a/b/c',
    '/\0',
    '{"filter":1}',
    '__proto__/constructor',
  ])('a click with the value %j is answered in words or with a Home, and breaks nothing', async (value) => {
    for (const action of ['go', 'list.turn', 'audit.turn', 'request.approve', 'home.switch']) {
      const from = (await calls(house.slack.url)).length
      expect((await send(house, clickBody(house, 'manager', action, value))).status).toBe(200)
      const isNoCommand = action === 'go' && value !== '' && value !== '/'
      if (isNoCommand) continue
      const answer = await vi.waitUntil(() => answerSince(from), { timeout: 40_000 })
      expect(JSON.stringify(answer.args)).not.toContain('Something went wrong')
    }
    expect((await fetch(`${house.keywarden.url}/readyz`)).status).toBe(200)
  })

  /** A dialog cannot be opened: the click was none that Slack knows of. */
  const answerSince = async (from: number) =>
    (await calls(house.slack.url)).slice(from).find(({ reply }) => reply.ok === true)

  const ownWorkspace = async () =>
    (await house.world.db('workspaces').orderBy('created_at').first('id'))!.id as string

  /** A key of another Slack team on the same installation. */
  async function anotherAccount() {
    const now = house.world.clock.now()
    const { db } = house.world
    await db('accounts').insert({
      id: 'acc_other',
      slack_team_id: 'T0OTHER001',
      name: 'Other',
      created_at: now,
    })
    const names = { name: 'Other', name_folded: 'other' }
    await db('workspaces').insert({ id: 'ws_other', account_id: 'acc_other', ...names, created_at: now })
    const key = { id: 'key_other', workspace_id: 'ws_other', name: 'Theirs', name_folded: 'theirs' }
    const made = { created_by: people.manager, owner_id: people.manager, created_at: now }
    const status = { status: 'unrevealed', status_changed_at: now, status_changed_by: people.manager }
    await db('keys').insert({ ...key, ...made, ...status, scopes: ['read'] })
    return { workspace: 'ws_other', key: 'key_other' }
  }
})

describe('people who are no full members', () => {
  test('a guest is told whom to ask, and gets no row', async () => {
    const guest = house.as('guest')
    const channel = 'C0PLATFORM'
    expect(await guest.command({ channel, text: '/keys list' })).toEqual({ ok: true })
    const answer = await guest.waitFor((screen) => messagesIn(screen, channel).at(-1))
    expect(said(answer)).toMatch(/^Only full members of this Slack team can use Keywarden\. Ask/)
    await guest.command({ channel, text: '/keys create' })
    const dialog = await guest.waitFor(
      (screen) => /members of/.test(said(topModal(screen)?.blocks ?? [])) && topModal(screen),
    )
    expect(dialog.submit).toBeUndefined()
    expect(await house.world.db('members').where({ user_id: people.guest })).toEqual([])
  })

  test('somebody of another organisation is refused, whatever their request says of itself', async () => {
    const from = (await calls(house.slack.url)).length
    await send(house, commandBody(house, 'stranger', 'list'))
    const value = `${(await house.world.db('workspaces').first('id'))!.id}/{"filter":{},"from":0}`
    await send(house, clickBody(house, 'stranger', 'list.turn', value))
    await expect
      .poll(async () => (await calls(house.slack.url, 'users.info', from)).length)
      .toBeGreaterThanOrEqual(2)
    expect(await house.world.db('members').where({ user_id: people.stranger })).toEqual([])
    expect(JSON.stringify((await calls(house.slack.url)).slice(from))).not.toContain('Kept')
  })

  test('somebody of an unknown team changes nothing and is told that there is nothing', async () => {
    const from = (await calls(house.slack.url)).length
    const body = commandBody(house, 'manager', 'create').replace(house.slack.teamId, 'T0NOBODY01')
    expect((await send(house, body)).status).toBe(200)
    await expect.poll(async () => (await calls(house.slack.url, 'views.open', from)).length).toBe(1)
    expect(await house.world.db('accounts').where({ slack_team_id: 'T0NOBODY01' })).toEqual([])
  })
})
