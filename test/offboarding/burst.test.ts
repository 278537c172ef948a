import { messagesIn } from 'local-slack/inspect'
import { calls, fault } from 'local-slack/person'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { perform } from '../../src/acts/perform.ts'
import { makeConnection } from '../../src/directory/connections.ts'
import { activate } from '../../src/keys/state.ts'
import { generateToken, hashToken } from '../../src/keys/token.ts'
import { sign } from '../../src/offboarding/request-by-webhook.ts'
import { callPlatform, people, security, type TestHouse } from '../setup/house.ts'
import { plant } from '../setup/plant.ts'
import { must } from '../setup/records.ts'
import { setPolicyOf } from '../setup/seen.ts'
import { openDirectory, type ScimDirectory, type Somebody } from './scim-directory.ts'

// Many people are offboarded, and a message hangs until Slack's client gives it up.
vi.setConfig({ testTimeout: 120_000 })

/** Leavers who are not reported by the directory. */
const elsewhere = {
  webhook: ['U0HRLEFT01', 'U0HRLEFT02'],
  slack: people.otherMember,
  workflow: 'U0FARAH006',
}

let directory: ScimDirectory
let house: TestHouse
const inDirectory: Somebody[] = []
/** All of them, and the tokens of their keys. */
const leavers: string[] = []
const tokens: string[] = []
beforeAll(async () => {
  directory = await openDirectory(['bot', 'verify', 'worker'])
  house = directory.house
  await setPolicyOf(house, { offboardingByWorkflow: true })
  await noteRuns()
  for (let nth = 0; nth < 40; nth++) inDirectory.push(await directory.someone())
  leavers.push(...inDirectory.map((one) => one.slackId), ...Object.values(elsewhere).flat())
  tokens.push(...(await tokensOf(leavers)))
})
afterAll(() => house.drop())

/** Lets the database write down from when to when each step of an offboarding, its end, and each sharing of messages, ran. */
const noteRuns = () =>
  house.world.db.raw(`
    create table runs (kind text not null, began timestamptz not null, ended timestamptz not null);
    create function note_run() returns trigger language plpgsql as $$ begin
      insert into runs values (concat_ws(' to ', tg_argv[0], case when to_jsonb(new) ->> 'state' = 'done' then 'done' end),
        transaction_timestamp(), clock_timestamp());
      return null;
    end $$;
    create constraint trigger note_step after update of state on offboardings
      deferrable initially deferred for each row execute function note_run('step');
    create constraint trigger note_sharing after update of message_id on offboardings
      deferrable initially deferred for each row execute function note_run('sharing');
  `)

/** How many began before another of their kind had ended: none, where one run goes on at a time. */
async function overlaps(): Promise<number> {
  const { rows } = await house.world.db.raw(
    `select count(*) as n from runs a join runs b using (kind)
     where a.began < b.began and b.began < a.ended`,
  )
  return rows[0].n
}

/** The tokens of two keys of each, which the platform accepts. */
async function tokensOf(userIds: readonly string[]): Promise<string[]> {
  const { random, config } = house.world
  const { id: workspaceId } = await directory.workspace()
  const made = userIds
    .flatMap((ownerId) => [ownerId, ownerId])
    .map((ownerId, nth) => ({ ownerId, nth, token: generateToken(config.tokenPrefix, random) }))
  const keys = made.map(({ ownerId, nth, token }) => ({
    name: `Key ${nth} of ${ownerId}`,
    ownerId,
    tokenHash: token.hash(),
  }))
  await plant(house.world, workspaceId, keys)
  const shown = made.map(({ token }) => token.open())
  for (const token of shown) expect(await callPlatform(house, token)).toBe(200)
  return shown
}

/** How an HR system says that somebody leaves. */
async function openWebhook(): Promise<(userId: string) => Promise<number>> {
  const workspace = await directory.workspace()
  const owner = { kind: 'member', id: people.owner, role: 'owner', workspaceId: workspace.id } as const
  const { connection, secret } = must(
    await perform(house.world, owner, (act) => makeConnection(act, workspace, 'webhook', house.world)),
  )
  return async (userId) => {
    const body = JSON.stringify({ user: userId })
    const timestamp = String(Math.floor(Date.now() / 1000))
    const headers = {
      'content-type': 'application/json',
      'idempotency-key': userId,
      'x-keywarden-connection': connection.id,
      'x-keywarden-timestamp': timestamp,
      'x-keywarden-signature': `v1=${sign(secret, timestamp, body)}`,
    }
    return (await fetch(`${house.keywarden.url}/v1/offboardings`, { method: 'POST', headers, body })).status
  }
}

const deactivate = async (id: string): Promise<number> => {
  const body = { Operations: [{ op: 'replace', value: { active: false } }] }
  return (await directory.scim('PATCH', `/Users/${id}`, body)).status
}

const unfinished = async () =>
  (await house.world.db('offboardings').whereNot({ state: 'done' }).select('user_id')).length

test('keys of a leaver are refused while Slack keeps the message about another waiting', async () => {
  const [first, second] = [await directory.someone(), await directory.someone()]
  const [ofFirst = '', , ofSecond = ''] = await tokensOf([first.slackId, second.slackId])
  const about = first.slackId
  const tries = async () =>
    (await calls(house.slack.url, 'chat.postMessage')).filter(({ args }) =>
      JSON.stringify(args).includes(about),
    ).length
  await fault(house.slack.url, { method: 'chat.postMessage', times: 3, kind: 'hang', about })
  expect(await deactivate(first.id)).toBe(200)
  await expect.poll(tries).toBeGreaterThan(0)
  await expect.poll(() => callPlatform(house, ofFirst)).toBe(401)
  expect(await deactivate(second.id)).toBe(200)
  await expect.poll(() => callPlatform(house, ofSecond)).toBe(401)
  // That message is still waited for.
  expect(JSON.stringify(messagesIn(await house.as('owner').screen(), security))).not.toContain(about)
})

test('many who leave at once, through every source, are offboarded one run at a time; no source is out, and no key is left', async () => {
  const statuses: number[] = []
  const waiting = [...inDirectory]
  async function client() {
    for (let one = waiting.shift(); one; one = waiting.shift()) statuses.push(await deactivate(one.id))
  }
  const webhook = await openWebhook()
  const [run] = await Promise.all([
    house.slack.runStep('offboard_person', { user: elsewhere.workflow }),
    house.slack.setPerson(elsewhere.slack, { deleted: true }),
    ...elsewhere.webhook.map(async (userId) => void statuses.push(await webhook(userId))),
    ...Array.from({ length: 4 }, client),
  ])
  const failed = statuses.filter((status) => status !== 200 && status !== 202)
  expect({ failed, overlaps: await overlaps() }).toEqual({ failed: [], overlaps: 0 })
  // The step is asked for after Slack's event is acknowledged, and answered when its offboarding is done.
  const outcome = await house.slack.stepOutcome(run)
  expect(outcome).toMatchObject({ ok: true, outputs: { keys: 2, refused: 2 } })
  await expect.poll(unfinished, { timeout: 200_000 }).toBe(0)
  expect(await house.world.db('offboardings').whereIn('user_id', leavers)).toHaveLength(leavers.length)
  for (const token of tokens) expect(await callPlatform(house, token)).toBe(401)
  expect(await overlaps()).toBe(0)
}, 240_000)

test('keys of a leaver are refused while a silent verifier keeps the report on another waiting', async () => {
  const [first, second] = [await directory.someone(), await directory.someone()]
  const [ofFirst = '', , ofSecond = ''] = await tokensOf([first.slackId, second.slackId])
  const { db } = house.world
  await db.raw(`select renew_lease('inc_silent', 'silent', 60000, 0, true)`)
  expect(await deactivate(first.id)).toBe(200)
  await expect.poll(() => callPlatform(house, ofFirst)).toBe(401)
  expect(await deactivate(second.id)).toBe(200)
  await expect.poll(() => callPlatform(house, ofSecond)).toBe(401)
  // That verifier is still waited for.
  expect(await db('offboardings').where({ state: 'confirming' })).not.toEqual([])
  const again = await db('keys')
    .where({ token_hash: hashToken(ofSecond) })
    .first('id', 'workspace_id')
  const operator = { kind: 'operator', id: 'root' } as const
  must(await perform(house.world, operator, (act) => activate(act, again.workspace_id, again.id)))
  await db('leases').where({ incarnation: 'inc_silent' }).delete()
  await expect.poll(unfinished, { timeout: 50_000 }).toBe(0)
  // No receipt says that a key is refused which somebody activated meanwhile.
  const kept = await db('offboarding_keys').where({ key_id: again.id }).first('outcome', 'receipt')
  expect(kept).toEqual({ outcome: 'kept', receipt: null })
})
