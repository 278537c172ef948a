import { topModal } from 'local-slack/inspect'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { perform } from '../../src/acts/perform.ts'
import { resolveOutcome } from '../../src/acts/resolve-outcome.ts'
import { makeConnection } from '../../src/directory/connections.ts'
import { openDatabase } from '../../src/foundation/database.ts'
import type { World } from '../../src/foundation/world.ts'
import { revoke } from '../../src/keys/state.ts'
import { sign } from '../../src/offboarding/request-by-webhook.ts'
import { advanceRotations } from '../../src/rotation/advance.ts'
import { startRotation } from '../../src/rotation/start.ts'
import { workspacesOfTeam } from '../../src/workspaces/workspace.ts'
import {
  makeKey,
  openDialog,
  people,
  press,
  said,
  submit,
  submitAndSee,
  type TestHouse,
  testHouse,
  tokenIn,
} from '../setup/house.ts'
import { must, openRecords, type Records } from '../setup/records.ts'
import { received } from '../setup/seen.ts'
import { keywarden, shell } from '../setup/shell.ts'
import { type Ending, type LateCommits, openLateCommits } from './lab/late-commit.ts'

const out = 'The database is unavailable. This changed nothing.'
const underWay = 'Another change to this is being saved, and I do not know yet how it ends.'
const unknown = 'I do not yet know whether it was saved.'
const endings: Ending[] = ['committed', 'rolled back', 'unknown']
const within = { timeout: 40_000, interval: 50 }

describe('where people and machines ask', () => {
  let late: LateCommits
  let house: TestHouse
  let connection: { scim: string; webhook: { id: string; secret: string } }
  beforeAll(async () => {
    house = await testHouse({
      roles: ['bot', 'verify'],
      async by(databaseUrl) {
        late = await openLateCommits(databaseUrl)
        return late.cable.url
      },
    })
    const { world } = house
    const [workspace] = await workspacesOfTeam(world.db, house.slack.teamId)
    const owner = { kind: 'member', id: people.owner, role: 'owner', workspaceId: workspace!.id } as const
    const make = async (kind: 'scim' | 'webhook') =>
      must(await perform(world, owner, (act) => makeConnection(act, workspace!, kind, world)))
    const { connection: made, secret } = await make('webhook')
    connection = { scim: (await make('scim')).secret, webhook: { id: made.id, secret } }
  })
  afterAll(async () => {
    await house.drop()
    await late.close()
  })

  const statusOf = async (name: string) =>
    (await house.world.db('keys').where({ name }).first('status'))?.status
  const dialogThatSays = (words: string) =>
    house
      .as('manager')
      .waitFor((screen) => said(topModal(screen)?.blocks ?? []).includes(words) && topModal(screen))
  const verify = async (key: string) => {
    const response = await fetch(`${house.keywarden.url}/v1/verify`, {
      method: 'POST',
      headers: { authorization: `Bearer ${house.serviceToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ key }),
    })
    return ((await response.json()) as { code: string }).code
  }

  test.each(endings)(
    'a dialog says what became of a deactivation whose COMMIT was cut off: %s',
    async (ending) => {
      const name = `Paused ${ending}`
      const token = await makeKey(house.as('manager'), { name })
      const form = await openDialog(house.as('manager'), `deactivate ${name}`)
      const said = { committed: `Deactivated ${name}.`, 'rolled back': out, unknown }[ending]
      const shown = await late.cutOff('keys', ending, async () => {
        await submit(house.as('manager'), form, {})
        return dialogThatSays(said)
      })
      await house.as('manager').close(shown.id)
      if (ending === 'rolled back') expect(await statusOf(name)).toBe('active')
      else await expect.poll(() => statusOf(name), within).toBe('inactive')
      await expect.poll(() => verify(token), within).toBe(ending === 'rolled back' ? 'VALID' : 'INACTIVE')
    },
  )

  test.each(endings)('a new key is shown only if it is known to be saved: %s', async (ending) => {
    const name = `Shown ${ending}`
    const form = await openDialog(house.as('manager'), 'create')
    const words = { committed: 'Shown once', 'rolled back': out, unknown }[ending]
    const shown = await late.cutOff('keys', ending, async () => {
      await submit(house.as('manager'), form, { name, scopes: ['read'], expires: '90' })
      return dialogThatSays(words)
    })
    const screen = JSON.stringify(await house.as('manager').screen())
    if (ending === 'committed') expect(await verify(tokenIn(shown.blocks))).toBe('VALID')
    else expect(screen).not.toMatch(/tml_[0-9A-Za-z]{38}/)
    if (ending === 'unknown') expect(said(shown.blocks)).toContain('No key was shown')
    await house.as('manager').close(shown.id)
    if (ending === 'rolled back') expect(await statusOf(name)).toBeUndefined()
    else await expect.poll(() => statusOf(name), within).toBe('active')
  })

  test.each(endings)(
    'an owner is shown a key by Reveal only if it is known to be saved: %s',
    async (ending) => {
      const name = `Revealed ${ending}`
      const [manager, member] = [house.as('manager'), house.as('member')]
      const form = await openDialog(manager, 'create')
      const values = { name, scopes: ['read'], expires: '90', owner: people.member }
      await manager.close((await submitAndSee(manager, form, values)).id)
      const offer = await received(member, `created a key for you: ${name}`)
      const words = { committed: 'Shown once', 'rolled back': out, unknown: 'No key was shown' }[ending]
      const shown = await late.cutOff('keys', ending, async () => {
        await press(member, offer, 'Reveal key')
        return member.waitFor(
          (screen) => said(topModal(screen)?.blocks ?? []).includes(words) && topModal(screen),
        )
      })
      if (ending === 'committed') expect(await verify(tokenIn(shown.blocks))).toBe('VALID')
      else expect(JSON.stringify(await member.screen())).not.toMatch(/tml_[0-9A-Za-z]{38}/)
      await member.close(shown.id)
      await expect.poll(() => statusOf(name), within).toBe(ending === 'rolled back' ? 'unrevealed' : 'active')
    },
  )

  const answered = async (response: Response) => ({
    status: response.status,
    retryAfter: response.headers.get('retry-after'),
    body: (await response.json()) as { id: string; detail?: string; error?: unknown },
  })

  const scim = (method: string, path: string, body: unknown) =>
    fetch(`${house.keywarden.url}/scim/v2/Users${path}`, {
      method,
      headers: { authorization: `Bearer ${connection.scim}`, 'content-type': 'application/scim+json' },
      body: JSON.stringify(body),
    }).then(answered)

  /** Makes somebody in the directory, and returns how the directory says that they left. */
  async function leaver(userName: string) {
    const { body } = await scim('POST', '', { userName, active: true })
    return () =>
      scim('PATCH', `/${body.id}`, { Operations: [{ op: 'replace', path: 'active', value: false }] })
  }

  function hook(email: string) {
    const text = JSON.stringify({ email })
    const timestamp = String(Math.floor(Date.now() / 1000))
    return fetch(`${house.keywarden.url}/v1/offboardings`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'idempotency-key': email,
        'x-keywarden-connection': connection.webhook.id,
        'x-keywarden-timestamp': timestamp,
        'x-keywarden-signature': `v1=${sign(connection.webhook.secret, timestamp, text)}`,
      },
      body: text,
    }).then(answered)
  }

  const offboardings = async (userName: string) =>
    (await house.world.db('offboardings').where({ email: userName })).length

  test.each(endings)(
    'a directory is told by SCIM to send it again unless it is saved: %s',
    async (ending) => {
      const userName = `${ending.replace(' ', '-')}@acme.example`
      const leave = await leaver(userName)
      const answer = await late.cutOff('directory_users', ending, leave)
      if (ending === 'committed') expect(answer).toMatchObject({ status: 200, body: { active: false } })
      else
        expect(answer).toMatchObject({
          status: 503,
          retryAfter: '5',
          body: { detail: ending === 'unknown' ? unknown : out },
        })
      await expect.poll(async () => (await leave()).status, within).toBe(200)
      expect(await offboardings(userName)).toBe(1)
    },
  )

  test.each(endings)(
    'a webhook is to be sent again unless it is saved, and counts once: %s',
    async (ending) => {
      const email = `hr-${ending.replace(' ', '-')}@acme.example`
      const send = () => hook(email)
      const answer = await late.cutOff('offboardings', ending, send)
      expect(answer).toMatchObject(
        ending === 'committed' ? { status: 202, retryAfter: null } : { status: 503, retryAfter: '5' },
      )
      await expect.poll(async () => (await send()).status, within).toBe(202)
      expect(await offboardings(email)).toBe(1)
    },
  )

  describe('while the COMMIT of the first is under way, the same again is told that its end is not known:', () => {
    test('a webhook', async () => {
      const email = 'twice@acme.example'
      const [first, second] = await late.meanwhile(
        'offboardings',
        () => hook(email),
        () => hook(email),
      )
      expect(second).toMatchObject({ status: 503, retryAfter: '5' })
      expect(JSON.stringify(second.body)).toContain(underWay)
      expect(first.status).toBe(202)
      expect((await hook(email)).body.id).toBe(first.body.id)
      expect(await offboardings(email)).toBe(1)
    })

    test('a directory', async () => {
      const leave = await leaver('twice-by-scim@acme.example')
      const [first, second] = await late.meanwhile('directory_users', leave, leave)
      expect(second).toMatchObject({ status: 503, retryAfter: '5' })
      expect(second.body.detail).toContain(underWay)
      expect(first.status).toBe(200)
      expect(await offboardings('twice-by-scim@acme.example')).toBe(1)
    })

    test('a dialog', async () => {
      const name = 'Paused twice'
      await makeKey(house.as('manager'), { name })
      const form = await openDialog(house.as('manager'), `deactivate ${name}`)
      const owner = house.as('owner')
      const other = await openDialog(owner, `deactivate ${name}`)
      await late.meanwhile(
        'keys',
        () => submit(house.as('manager'), form, {}),
        async () => {
          await submit(owner, other, {})
          await owner.waitFor((screen) => said(topModal(screen)?.blocks ?? []).includes(underWay))
        },
      )
      await expect.poll(() => statusOf(name), within).toBe('inactive')
    })
  })
})

describe('where nobody looks at a dialog', () => {
  let records: Records
  let late: LateCommits
  beforeAll(async () => {
    records = await openRecords()
    late = await openLateCommits(records.database.url)
  })
  afterAll(async () => {
    await late.close()
    await records.drop()
  })
  const statusOf = async (id: string) => (await records.world.db('keys').where({ id }).first('status')).status

  test.each(endings)(
    'the shell has an exit code for each end of a COMMIT that was cut off: %s',
    async (ending) => {
      const { key } = await records.key({ name: `Shell ${ending}` })
      const ran = await late.cutOff('keys', ending, () =>
        keywarden(['keys', 'revoke', key.id, '--yes'], {
          DATABASE_URL: late.cable.url,
          KEYWARDEN_LEASE: '2s',
        }),
      )
      expect(ran.code).toBe({ committed: 0, 'rolled back': 1, unknown: 4 }[ending])
      if (ending === 'committed') expect(ran.out).toContain('Revoked Shell committed.\n')
      else
        expect(ran).toMatchObject({
          out: '',
          err: expect.stringContaining(ending === 'unknown' ? unknown : out),
        })
      await expect.poll(() => statusOf(key.id), within).toBe(ending === 'rolled back' ? 'active' : 'revoked')
    },
  )

  test('the shell says of a revoke whose first COMMIT is under way that its end is not known', async () => {
    const { world, owner, workspace, database } = records
    const { key } = await records.key({ name: 'Shell twice' })
    const [first, second] = await late.meanwhile(
      'keys',
      () => perform(world, owner, (act) => revoke(act, workspace.id, key.id)),
      () => shell(['keys', 'revoke', key.id, '--yes'], { DATABASE_URL: database.url }),
    )
    expect(second).toMatchObject({ code: 4, out: '', err: expect.stringContaining(underWay) })
    expect(first).toMatchObject({ status: 'revoked' })
  })

  test.each(endings)('a step of a rotation is taken once, however its COMMIT ended: %s', async (ending) => {
    const { world, workspace, owner } = records
    const { key } = await records.key({ name: `Turned ${ending}` })
    const started = await records.act((act) =>
      startRotation(act, workspace, key.id, { reason: 'scheduled' }, world.random),
    )
    // Its new key is revoked, so that the next step ends the rotation.
    await world.db('keys').where({ id: started.successor.id }).update({ status: 'revoked' })
    const db = openDatabase(late.cable.url, { connections: 2 })
    const cutOff: World = { ...world, db }
    const moved = await late.cutOff('rotations', ending, () =>
      advanceRotations(cutOff).catch((error) => String(error)),
    )
    // While the database cannot be asked, the job fails as a whole; the next run finds everything.
    expect(moved).toEqual(
      { committed: 1, 'rolled back': 0, unknown: expect.stringContaining('terminated') }[ending],
    )
    await db.destroy()
    const again = async () => {
      await advanceRotations(world)
      return (await world.db('rotations').where({ id: started.rotation.id }).first('phase')).phase
    }
    await expect.poll(again, within).toBe('aborted')
    const { rows } = await world.db.raw(
      `select count(*)::int as n from audit_events where body::jsonb ->> 'event' = 'rotation.aborted' and key_id = ?`,
      [key.id],
    )
    expect(rows[0].n).toBe(1)
    expect(owner.id).toBe(key.ownerId)
  })

  test('an id that was found to be rolled back is never taken by its act again', async () => {
    const { world, owner } = records
    const { key } = await records.key({ name: 'Barred' })
    const db = openDatabase(late.cable.url, { connections: 2 })
    const rename = (name: string) =>
      perform(
        { ...world, db },
        owner,
        async (act) => act.trx('keys').where({ id: key.id }).update({ name }),
        {
          requestId: 'view 1',
        },
      )
    expect(await late.cutOff('keys', 'rolled back', () => rename('Once'))).toMatchObject({
      code: 'database_out',
    })
    expect(await rename('Twice')).toMatchObject({ code: 'repeated' })
    expect((await world.db('keys').where({ id: key.id }).first('name')).name).toBe('Barred')
    await db.destroy()
  })

  test('a request that comes again while the first one goes on does not say that nothing changed', async () => {
    const { world, owner } = records
    const again = await world.db.transaction(async (trx) => {
      await trx('acts_done').insert({ request_id: 'view 2', done_at: world.clock.now() })
      return perform(world, owner, async () => 'done', { requestId: 'view 2' })
    })
    expect(again).toMatchObject({ code: 'outcome_unknown' })
  })

  test('while the first transaction goes on, its outcome is unknown after ten seconds and not later', async () => {
    const { world } = records
    const lost = { state: 'unknown', value: 'value', error: new Error('lost') } as const
    const asked = performance.now()
    const outcome = await world.db.transaction(async (trx) => {
      await trx('acts_done').insert({ request_id: 'goes on', done_at: world.clock.now() })
      return resolveOutcome(world, lost, 'goes on')
    })
    expect(outcome.state).toBe('unknown')
    // Two waits for a lock are all that it does; a loaded machine takes longer for them.
    expect(performance.now() - asked).toBeLessThan(20_000)
    expect(await resolveOutcome(world, lost, 'goes on')).toMatchObject({ state: 'committed' })
  })

  test('asking again what became of a COMMIT gets the same answer', async () => {
    const { world } = records
    await perform(world, records.owner, async (act) => act.trx('lost_channels').delete(), {
      requestId: 'done',
    })
    const lost = { state: 'unknown', value: 'value', error: new Error('lost') } as const
    for (const _attempt of [1, 2]) {
      expect(await resolveOutcome(world, lost, 'done')).toEqual({ state: 'committed', value: 'value' })
      expect(await resolveOutcome(world, lost, 'never came')).toMatchObject({ state: 'rolled-back' })
    }
    // What changed nothing has nothing to lose.
    expect(await resolveOutcome(world, lost, undefined)).toMatchObject({ state: 'committed' })
  })
})
