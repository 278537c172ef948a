import type { Fault } from 'local-slack/contract'
import { messagesIn, topModal } from 'local-slack/inspect'
import { calls, fault, type PersonClient } from 'local-slack/person'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openDedicatedConnection } from '../../src/foundation/dedicated-connection.ts'
import { acknowledge } from '../../src/leases/changes.ts'
import { renew } from '../../src/leases/renew.ts'
import {
  answerTo,
  callPlatform,
  general,
  house,
  openDialog,
  said,
  submit,
  submitAndSee,
  tokenIn,
  useHouse,
} from '../setup/house.ts'

let manager: PersonClient
let dm: string
useHouse()
beforeAll(async () => {
  manager = house.as('manager')
  dm = house.slack.dmOf(manager.id).id
})

const tokensSent = async (from = 0): Promise<string[]> =>
  (await calls(house.slack.url, 'views.update', from)).flatMap(
    (call) => /tml_[0-9A-Za-z]{38}/.exec(JSON.stringify(call.args))?.[0] ?? [],
  )

const isUsable = async (token: string) => (await callPlatform(house, token)) === 200

/** A form in which everything is right, before the person presses its button. */
async function filledForm(name: string) {
  return { form: await openDialog(manager, 'create'), values: { name, scopes: ['read'] } }
}

describe('a key that Slack may not have shown', () => {
  test.each<[string, Partial<Fault>]>([
    ['Slack was not reached', { kind: 'drop_before' }],
    ['Slack took it and its answer was lost', { kind: 'drop_after' }],
    ['Slack answered 500', { kind: 'server_error' }],
    ['Slack asked to wait', { kind: 'ratelimited', retryAfterSeconds: 1 }],
    ['Slack knew no such dialog', { kind: 'error', error: 'not_found' }],
  ])('is void, and its maker is told and offered another: %s', async (what, kind) => {
    const from = (await calls(house.slack.url)).length
    const { form, values } = await filledForm(`Fault ${what}`)
    await fault(house.slack.url, { method: 'views.update', times: 1, kind: 'drop_before', ...kind })
    await submit(manager, form, values)
    const notice = await manager.waitFor((screen) =>
      messagesIn(screen, dm).find((message) => said(message).includes(`Fault ${what}`)),
    )
    expect(said(notice)).toMatch(/did not confirm|was not shown|not shown/)
    const [token] = await tokensSent(from)
    expect(token).toBeDefined()
    expect(await isUsable(token!)).toBe(false)
    // The dialog says so too, and holds no token any more.
    const shown = await manager.waitFor(
      (screen) => /void/.test(said(topModal(screen)?.blocks ?? [])) && topModal(screen),
    )
    expect(said(shown.blocks)).not.toContain('tml_')
    await manager.close(shown.id)
  })
})

test('a key that was not shown is called void only when no server can accept it', async () => {
  const { config, db } = house.world
  const silent = openDedicatedConnection(config.databaseUrl, { name: 'silent', timeoutMs: 10_000 })
  const newest = async () => Number((await db('changes').max({ seq: 'seq' }))[0]!.seq ?? 0)
  const before = await newest()
  await renew(silent, { id: 'inc_silent', name: 'silent', ttlMs: 60_000 }, before, true)
  const { form, values } = await filledForm('Held by one')
  await fault(house.slack.url, { method: 'views.update', times: 1, kind: 'drop_before' })
  await submit(manager, form, values)
  await expect.poll(newest).toBe(before + 1)
  const isTold = async () =>
    /Held by one/.test(
      messagesIn(await manager.screen(), dm)
        .map(said)
        .join(),
    )
  expect(await isTold()).toBe(false)
  await acknowledge(silent, 'inc_silent', before + 1)
  await expect.poll(isTold, { timeout: 40_000 }).toBe(true)
  const shown = await manager.waitFor(
    (screen) => /is void/.test(said(topModal(screen)?.blocks ?? [])) && topModal(screen),
  )
  await manager.close(shown.id)
  await db('leases').where({ incarnation: 'inc_silent' }).delete()
  await silent.close()
})

test('a key that was not shown is void also when the database is out at that moment', async () => {
  const { db } = house.world
  await db.raw(`
    create sequence attempts;
    create function is_out() returns trigger language plpgsql as $$ begin
      if new.status = 'unrevealed' and nextval('attempts') < 3 then
        raise exception 'the database system is starting up' using errcode = '57P03';
      end if;
      return new;
    end $$;
    create trigger is_out before update on keys for each row execute function is_out()`)
  const from = (await calls(house.slack.url)).length
  const { form, values } = await filledForm('Twice unlucky')
  await fault(house.slack.url, { method: 'views.update', times: 1, kind: 'drop_after' })
  await submit(manager, form, values)
  await manager.waitFor((screen) => /is void/.test(said(topModal(screen)?.blocks ?? [])))
  const { rows } = await db.raw('select last_value from attempts')
  expect(rows).toEqual([{ last_value: 3 }])
  await db.raw('drop trigger is_out on keys')
  const [token] = await tokensSent(from)
  expect(await isUsable(token!)).toBe(false)
})

describe('the same form submitted several times at once', () => {
  test.each([2, 5])('%i times makes one key and shows it once, and it works', async (times) => {
    const from = (await calls(house.slack.url)).length
    const { form, values } = await filledForm(`Once of ${times}`)
    await Promise.all(Array.from({ length: times }, () => submit(manager, form, values)))
    const shown = await manager.waitFor(
      (screen) => topModal(screen)?.title === 'Copy your key' && topModal(screen),
    )
    // The same view may be sent again until Slack has taken the acknowledgement; there is one token only.
    expect(new Set(await tokensSent(from))).toEqual(new Set([tokenIn(shown.blocks)]))
    expect(await isUsable(tokenIn(shown.blocks))).toBe(true)
    const keys = await house.world.db('keys').where({ name: values.name }).select('status')
    expect(keys).toEqual([{ status: 'active' }])
    await manager.close(shown.id)
  })
})

describe('two people who make a key of one name at once', () => {
  test('get one key and one sentence', async () => {
    const [one, other] = [manager, house.as('otherManager')]
    const forms = await Promise.all([openDialog(one, 'create'), openDialog(other, 'create')])
    const values = { name: 'Contested', scopes: ['read'] }
    await Promise.all([submit(one, forms[0]!, values), submit(other, forms[1]!, values)])
    const seen = await Promise.all(
      [one, other].map((who) =>
        who.waitFor((screen) => {
          const top = topModal(screen)
          const done =
            top && (top.title === 'Copy your key' || /exists/.test(JSON.stringify([top.errors, top.blocks])))
          return done && top
        }),
      ),
    )
    expect(seen.filter((view) => view.title === 'Copy your key')).toHaveLength(1)
    expect(await house.world.db('keys').where({ name: 'Contested' })).toHaveLength(1)
    for (const [i, who] of [one, other].entries()) await who.close(seen[i]!.id)
  })
})

describe('when the dialog cannot be opened', () => {
  let from: number
  beforeEach(async () => {
    from = messagesIn(await manager.screen(), general).length
  })
  const answer = () => manager.waitFor((screen) => messagesIn(screen, general)[from])

  test.each([
    ['the trigger had expired', 'expired_trigger_id', /Try again/],
    ['Slack refused for a reason of its own', 'internal_error', /went wrong/],
  ])('the person reads so where they typed: %s', async (_what, error, sentence) => {
    await fault(house.slack.url, { method: 'views.open', times: 1, kind: 'error', error })
    await manager.command({ channel: general, text: '/keys create' })
    expect(said(await answer())).toMatch(sentence)
  })

  test('and the next attempt works', async () => {
    const { form, values } = await filledForm('After all')
    expect(tokenIn((await submitAndSee(manager, form, values)).blocks)).toMatch(/^tml_/)
    expect(said(await answerTo(manager, 'list After'))).toContain('After all')
  })
})
