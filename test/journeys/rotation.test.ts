import { findButton } from 'local-slack/inspect'
import type { PersonClient } from 'local-slack/person'
import { beforeAll, expect, test } from 'vitest'
import { reply, tracker } from '../rotation/trackers.ts'
import { startClient } from '../rotation/traffic.ts'
import {
  answerTo,
  callPlatform,
  choose,
  counted,
  house,
  makeKey,
  openDialog,
  people,
  press,
  pressIn,
  said,
  submitAndSee,
  tokenIn,
  useHouse,
} from '../setup/house.ts'
import { dialogWith, homeWith, received, recorded, setPolicyOf } from '../setup/seen.ts'

let manager: PersonClient
useHouse()
beforeAll(async () => {
  manager = house.as('manager')
  await setPolicyOf(house, { silentBeforeFinishHours: 2 })
})

const later = async (minutes: number) => {
  house.calendar.advance({ days: 0, minutes })
  await house.keywarden.runTimetable()
}

const start = async (name: string, reason = 'scheduled') => {
  const form = await openDialog(manager, `rotate ${name}`)
  const chosen = reason === 'scheduled' ? form : await choose(manager, form, 'reason', reason)
  return submitAndSee(manager, chosen, {})
}

/** Reveals the new key from the rotation's own message, and returns its token. */
async function revealFrom(who: PersonClient, name: string): Promise<string> {
  await press(who, await tracker(who, name, 'reveals the new key'), 'Reveal new key')
  const shown = await dialogWith(who, 'Copy your key', 'Shown once')
  await pressIn(who, shown, 'I have saved it')
  return tokenIn(shown.blocks)
}

/** How many keys of that name were used. */
const usedBy = async (name: string) =>
  (await house.world.db('key_usage').join('keys', 'keys.id', 'key_id').where({ name })).length

/** As if every verifier had flushed until now: they flush each second while there is traffic. */
async function flushedSince(at: Date): Promise<void> {
  await expect
    .poll(
      async () => {
        const rows = await house.world
          .db('usage_counters')
          .where({ is_closed: false })
          .min('through as through')
        return rows[0]!.through > at
      },
      { timeout: 40_000 },
    )
    .toBe(true)
}

test('a client that switches half-way loses no request from start to finish, and the tracker shows all of it', async () => {
  const old = await makeKey(manager, { name: 'Salesforce CRM' })
  const client = startClient(house.platform.url, old)
  await client.more(20)
  await counted(house, 20)
  await start('Salesforce CRM')
  const begun = await tracker(manager, 'Salesforce CRM', 'reveals the new key')
  expect(said(begun)).toContain('Reveal > Switch > Silent > Finish. Next: U0BRUNO002 reveals the new key.')
  expect(said(begun)).toMatch(/Still on the old key:.* python-requests/)

  const fresh = await revealFrom(manager, 'Salesforce CRM')
  await tracker(manager, 'Salesforce CRM', 'Nothing has used it yet')
  await client.more(5)
  client.use(fresh)
  await client.more(40)
  await later(1)
  await tracker(manager, 'Salesforce CRM', /switches the remaining systems to the new key/)
  await later(70)
  expect(said(await tracker(manager, 'Salesforce CRM', 'safe to end on'))).toContain('if it stays silent')
  await client.more(10)
  const then = house.calendar.now()
  house.calendar.advance({ days: 0, minutes: 70 })
  await flushedSince(new Date(then.getTime() + 60 * 60_000))
  await house.keywarden.runTimetable()
  const safe = await tracker(manager, 'Salesforce CRM', 'Safe: the new key works')
  await reply(manager, /Salesforce CRM is safe to finish/)

  await press(manager, safe, 'Finish')
  const ended = await dialogWith(manager, 'Finish rotation', 'Finished the rotation')
  expect(said(ended.blocks)).toMatch(/of 1 server confirmed|No server held it/)
  await client.more(20)
  const answers = await client.stop()
  expect([...answers.keys()]).toEqual([200])
  expect(await callPlatform(house, old)).toBe(401)
  const closed = await tracker(manager, 'Salesforce CRM', 'Rotated Salesforce CRM')
  expect(said(closed)).toMatch(/Finished by U0BRUNO002 on .*/)
  expect(findButton(closed.blocks, 'Finish')).toBeUndefined()
  const events = (await recorded(house, undefined, 'Salesforce CRM')).map((one) => one.event)
  expect(events).toEqual(
    expect.arrayContaining(['key.rotated', 'rotation.safe', 'rotation.finished', 'key.revoked']),
  )
})

test('to finish before it is safe asks once more, and names who would fail', async () => {
  const old = await makeKey(manager, { name: 'Hasty' })
  const client = startClient(house.platform.url, old, 'billing-sync/1.4')
  await client.more(5)
  await start('Hasty')
  const fresh = await revealFrom(manager, 'Hasty')
  expect(await callPlatform(house, fresh)).toBe(200)
  await client.stop()
  await expect
    .poll(async () => (await house.world.db('usage_sources').where({ client: 'billing-sync' })).length)
    .toBeGreaterThan(0)
  await later(1)
  await press(manager, await tracker(manager, 'Hasty', 'billing-sync'), 'Finish early')
  const asked = await dialogWith(manager, 'Finish early', 'These will start failing')
  expect(said(asked.blocks)).toMatch(/came with the old key of Hasty\..*billing-sync: \d+ requests, last on/)
  expect(await callPlatform(house, old)).toBe(200)
  await submitAndSee(manager, asked, {})
  await dialogWith(manager, 'Finish rotation', 'Finished')
  expect(await callPlatform(house, old)).toBe(401)
  expect(said(await tracker(manager, 'Hasty', 'Rotated'))).toContain('before it was safe')
})

test('an abort takes the new key away at once while nothing uses it, and asks when something does', async () => {
  const old = await makeKey(manager, { name: 'Undecided' })
  await start('Undecided')
  await press(manager, await tracker(manager, 'Undecided', 'reveals'), 'Abort')
  await dialogWith(manager, 'Abort rotation', 'Aborted the rotation')
  await tracker(manager, 'Undecided', 'was aborted')

  await start('Undecided')
  const fresh = await revealFrom(manager, 'Undecided')
  expect(await callPlatform(house, fresh)).toBe(200)
  await expect.poll(() => usedBy('Undecided')).toBe(1)
  await later(1)
  await press(manager, await tracker(manager, 'Undecided', 'Rotating'), 'Abort')
  const asked = await dialogWith(manager, 'Abort rotation', 'is in use: 1 request')
  await submitAndSee(manager, asked, {})
  expect(await callPlatform(house, fresh)).toBe(401)
  expect(await callPlatform(house, old)).toBe(200)
  const live = await house.world.db('keys').where({ name: 'Undecided' }).whereNot('status', 'revoked')
  expect(live).toMatchObject([{ successor_id: null, status: 'active' }])
})

test('a compromised key is refused first, with the receipt; then its successor is offered, and its last hours are announced', async () => {
  const old = await makeKey(manager, { name: 'Leaked' })
  expect(await callPlatform(house, old)).toBe(200)
  await expect
    .poll(
      async () =>
        (await house.world.db('usage_sources').join('keys', 'keys.id', 'key_id').where({ name: 'Leaked' }))
          .length,
    )
    .toBe(1)
  const form = await choose(manager, await openDialog(manager, 'rotate Leaked'), 'reason', 'compromised')
  expect(said(form.blocks)).toMatch(/refused the moment you press Start rotation: whatever made 1 request/)
  const ended = await submitAndSee(manager, form, {})
  expect(ended.title).toBe('Key revoked')
  expect(said(ended.blocks)).toMatch(/every request from now on is refused/)
  expect(await callPlatform(house, old)).toBe(401)
  await received(manager, /started a rotation of Leaked.*the old one is refused already/)
  await reply(
    manager,
    /In its last 48 hours the compromised key of Leaked made \d requests?, \d of them refused/,
  )
  const shown = await tracker(manager, 'Leaked', 'reveals the new key')
  expect(findButton(shown.blocks, 'Abort')).toBeUndefined()
  const fresh = await revealFrom(manager, 'Leaked')
  expect(await callPlatform(house, fresh)).toBe(200)
  await expect
    .poll(
      async () => {
        await house.keywarden.runTimetable()
        return (await house.world.db('rotations').where({ reason: 'compromised' }).first()).phase
      },
      { timeout: 40_000 },
    )
    .toBe('finished')
  await tracker(manager, 'Leaked', 'Rotated Leaked')
})

test('where a whole key was pasted, a button leads to its rotation as compromised', async () => {
  const token = await makeKey(manager, { name: 'Pasted' })
  await press(manager, await answerTo(manager, `show ${token}`), 'Rotate as compromised')
  const form = await dialogWith(manager, 'Rotate key', 'refused the moment you press Start rotation')
  expect(form.values).toMatchObject({ reason: { 'form.rotate.reason': 'compromised' } })
  await manager.close(form.id)
})

test('an expired key is rotated too: nothing says that it works, and its finding is resolved by that', async () => {
  await makeKey(manager, { name: 'Overslept', expires: '1' })
  await later(26 * 60)
  const form = await openDialog(manager, 'rotate Overslept')
  expect(said(form.blocks)).toContain('The old key has expired, so its requests are refused already.')
  const started = await submitAndSee(manager, form, {})
  expect(said(started.blocks)).toMatch(
    /The old key tml_\S+ has expired, so its requests are refused already ?\./,
  )
  await received(manager, /started a rotation of Overslept.*the old one is refused already/)
  await tracker(manager, 'Overslept', 'reveals the new key')
  const finding = async () =>
    (
      await house.world
        .db('findings')
        .join('keys', 'keys.id', 'key_id')
        .where({ name: 'Overslept', kind: 'expiring' })
        .first('resolution')
    ).resolution?.what
  await expect.poll(finding).toBe('rotated')
})

test('who does not reveal is reminded; past the deadline those in charge are asked, and a busy key is never cut', async () => {
  const old = await makeKey(manager, { name: 'Forgotten' })
  await submitAndSee(manager, await openDialog(manager, 'edit Forgotten'), { owner: people.member })
  await start('Forgotten')
  const member = house.as('member')
  await received(member, 'started a rotation of Forgotten')
  await later(25 * 60)
  await received(member, 'The new key for Forgotten has been waiting for you to reveal it since')
  await later(14 * 24 * 60)
  const asked = await reply(manager, /Forgotten passed its deadline/)
  expect(said(asked)).toContain('has not revealed the new key')
  expect(await callPlatform(house, old)).toBe(200)
  const late = await tracker(manager, 'Forgotten', 'I do not end a key that may be in use')
  await press(manager, late, '7 more days')
  await tracker(manager, 'Forgotten', /6 days left|7 days left/)
})

test('what is safe at the deadline finishes by itself', async () => {
  const old = await makeKey(manager, { name: 'Patient' })
  await start('Patient')
  const fresh = await revealFrom(manager, 'Patient')
  expect(await callPlatform(house, fresh)).toBe(200)
  await expect.poll(() => usedBy('Patient')).toBe(1)
  const then = house.calendar.now()
  house.calendar.advance({ days: 14, minutes: 10 })
  await callPlatform(house, fresh)
  await flushedSince(new Date(then.getTime() + 14 * 86_400_000))
  await house.keywarden.runTimetable()
  expect(said(await tracker(manager, 'Patient', 'Rotated Patient'))).toContain('at its deadline')
  expect(await callPlatform(house, old)).toBe(401)
})

test('many at once: one message for all keys of an integration, and the safe ones finish together', async () => {
  const names = ['Hub one', 'Hub two', 'Hub three']
  const tokens = new Map<string, string>()
  for (const name of names) tokens.set(name, await makeKey(manager, { name }))
  await house.world.db('keys').whereIn('name', names).update({ integration: 'HubSpot' })
  const form = await openDialog(manager, 'rotate all')
  const chosen = await choose(manager, form, 'which', 'integration')
  const listed = await choose(manager, chosen, 'of', 'HubSpot')
  expect(said(listed.blocks)).toMatch(/3 keys: Hub one, Hub three, Hub two\./)
  await submitAndSee(manager, listed, {})
  const begun = await tracker(manager, 'Keys for HubSpot', '3 to reveal')
  expect(said(begun)).toContain('Rotating 3 keys: Keys for HubSpot.')
  expect(said(await received(manager, 'rotation of 3 keys'))).toContain('Hub two')
  await press(manager, begun, 'Open')
  const one = await dialogWith(manager, 'Rotation', 'reveals the new key')
  await pressIn(manager, one, 'Abort')
  const left = await tracker(manager, 'Keys for HubSpot', /2 to reveal, 1 aborted/)
  expect(findButton(left.blocks, 'Finish what is safe')).toBeUndefined()
  const messages = await manager.screen()
  expect(JSON.stringify(messages).split('Rotating Hub').length).toBe(1)

  const [switching, waiting] = await house.world
    .db('rotations')
    .join('keys', 'keys.id', 'rotations.predecessor_id')
    .whereLike('keys.name', 'Hub%')
    .whereNull('rotations.ended_at')
    .orderBy('keys.name')
    .select('keys.name')
  const view = await openDialog(manager, `rotate ${switching.name}`)
  await pressIn(manager, view, 'Reveal new key')
  const shown = await dialogWith(manager, 'Copy your key', 'Shown once')
  const fresh = tokenIn(shown.blocks)
  await pressIn(manager, shown, 'I have saved it')
  expect(await callPlatform(house, fresh)).toBe(200)
  await expect.poll(() => usedBy(switching.name)).toBe(1)
  const then = house.calendar.now()
  house.calendar.advance({ days: 0, minutes: 130 })
  await callPlatform(house, fresh)
  await flushedSince(new Date(then.getTime() + 129 * 60_000))
  await house.keywarden.runTimetable()
  const safe = await tracker(manager, 'Keys for HubSpot', /1 safe to finish, 1 to reveal, 1 aborted/)
  await press(manager, safe, 'Finish what is safe')
  const ended = await dialogWith(manager, 'Finish rotations', /./)
  expect(said(ended.blocks)).toMatch(/^Finished 1 rotation\. /)
  await tracker(manager, 'Keys for HubSpot', /1 to reveal, 1 finished, 1 aborted/)
  expect(await callPlatform(house, tokens.get(switching.name)!)).toBe(401)
  expect(await callPlatform(house, fresh)).toBe(200)
  expect(await callPlatform(house, tokens.get(waiting.name)!)).toBe(200)
})

test('Home shows running rotations with what can be done', async () => {
  await manager.home()
  const home = await homeWith(manager, 'Rotations')
  expect(said(home.blocks)).toMatch(/Rotations.*Overslept: \S+ reveals the new key ?; (was )?due on/)
  await manager.click({ at: { view: home.id }, ...findButton(home.blocks, 'Open')! })
  const opened = await dialogWith(manager, 'Rotation', 'Reveal > Switch > Silent > Finish. Next:')
  expect(findButton(opened.blocks, 'Abort')).toBeDefined()
  await manager.close(opened.id)
})

test('a key’s history shows what it replaced and what replaced it', async () => {
  const view = await openDialog(manager, 'show Patient')
  expect(said(view.blocks)).toMatch(/Before it: tml_\w{4}\.\.\. of .*, revoked on/)
})

test('typing the name of a key that is being rotated opens its rotation', async () => {
  const view = await openDialog(manager, 'rotate Forgotten')
  expect(view.title).toBe('Rotation')
  expect(said(view.blocks)).toContain('Next: U0DANA0004 reveals the new key.')
})
