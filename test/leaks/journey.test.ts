import { findButton, messagesIn } from 'local-slack/inspect'
import { expect, test } from 'vitest'
import { openDedicatedConnection } from '../../src/foundation/dedicated-connection.ts'
import { hashToken } from '../../src/keys/token.ts'
import { acknowledge } from '../../src/leases/changes.ts'
import { renew } from '../../src/leases/renew.ts'
import { dumpPostgres } from '../secrets/dump.ts'
import {
  answerTo,
  callPlatform,
  house,
  makeKey,
  openDialog,
  people,
  press,
  said,
  security,
  submit,
  submitAndSee,
  useHouse,
} from '../setup/house.ts'
import { dialogWith, recorded, setPolicyOf } from '../setup/seen.ts'

useHouse()

const alertAbout = (words: RegExp) =>
  house
    .as('manager')
    .waitFor((screen) =>
      messagesIn(screen, security).find((message) => !message.threadTs && words.test(said(message))),
    )

async function report(who: 'owner' | 'manager' | 'member', tokens: string, where = ''): Promise<string> {
  const person = house.as(who)
  const done = await submitAndSee(person, await openDialog(person, 'leaked'), { tokens, where })
  await person.close(done.id)
  return said(done.blocks)
}

test('a member reports a key by its token: only what is theirs is named to them, and the alert says where, by whom and what it could do', async () => {
  const token = await makeKey(house.as('manager'), { name: 'Salesforce CRM' })
  const answer = await report('member', `API_KEY=${token}`, 'a public gist')
  const unknown = await report('member', `API_KEY=tml_${'x'.repeat(38)}`, 'a public gist')
  expect(answer).toContain('One thing that you pasted I cannot show you as a key')
  // Nobody learns by a report whether a token is one of somebody else's.
  expect(answer.replace(/One thing|\d things/, '')).toBe(unknown.replace(/One thing|\d things/, ''))
  const alert = await alertAbout(/Salesforce CRM has leaked\./)
  const words = said(alert)
  expect(words).toContain('reported it in a public gist')
  expect(words).toContain('It still works.')
  expect(words).toMatch(/It may read, from anywhere, until/)
  expect(words).toMatch(/In the 48 hours before .* nobody used it/)
  for (const label of ['Quarantine key', 'Rotate as compromised', 'Revoke key', 'View usage'])
    expect(findButton(alert.blocks, label), label).toBeDefined()
  expect(await callPlatform(house, token)).toBe(200)
  expect(await recorded(house, 'leak.reported')).toMatchObject([
    { actor: people.member, details: { by: people.member, isWhole: true, action: 'notify' } },
  ])
})

test('one click puts the leaked key into quarantine, and the alert then says who did it and offers the other remedies', async () => {
  await press(house.as('manager'), await alertAbout(/Salesforce CRM has leaked/), 'Quarantine key')
  const alert = await alertAbout(/Salesforce CRM has leaked.* deactivated it on/)
  expect(findButton(alert.blocks, 'Quarantine key')).toBeUndefined()
  expect(findButton(alert.blocks, 'Activate')).toBeDefined()
  await press(house.as('manager'), alert, 'Revoke key')
  const form = await dialogWith(house.as('manager'), 'Revoke key')
  const done = await submitAndSee(house.as('manager'), form, { confirm: 'Salesforce CRM' })
  await house.as('manager').close(done.id)
  await alertAbout(/revoked Salesforce CRM on/)
})

test('where policy says so a reported key is refused at once: the reporter sees the receipt, and the alert what was done and the proof', async () => {
  const owner = house.as('owner')
  const form = await openDialog(owner, 'policy leaked')
  const saved = await submitAndSee(owner, form, { 'person-read': 'quarantine', 'person-write': 'revoke' })
  await owner.close(saved.id)
  expect((await recorded(house, 'policy.set')).at(-1)!.details.changes).toEqual({
    'leaked.person.read': [null, 'quarantine'],
    'leaked.person.write': [null, 'revoke'],
  })
  const manager = house.as('manager')
  const [reading, writing] = [
    await makeKey(manager, { name: 'Reading' }),
    await makeKey(manager, { name: 'Writing', scopes: ['read', 'write'] }),
  ]
  const answer = await report('manager', `${reading} ${writing}`)
  expect(answer).toContain('Reading')
  expect(answer).toContain('It is in quarantine, as policy says.')
  expect(answer).toContain('It is revoked, as policy says.')
  expect(answer).toMatch(/confirmed in .*; every request from now on is refused\./)
  expect(await callPlatform(house, reading)).toBe(401)
  expect(await callPlatform(house, writing)).toBe(401)
  await alertAbout(/Reading has leaked.*Keywarden deactivated it on .* confirmed in/)
  const revoked = await alertAbout(/Writing has leaked.*Keywarden revoked it on .* confirmed in/)
  expect(findButton(revoked.blocks, 'Revoke key')).toBeUndefined()
})

test('an alert that leaked keys share offers for each what can be done about it now', async () => {
  await setPolicyOf(house, { leaked: { person: {}, scanner: {}, pasted: {} } })
  const manager = house.as('manager')
  const tokens = []
  for (const name of ['North', 'East', 'South', 'West']) tokens.push(await makeKey(manager, { name }))
  await report('manager', tokens.join(' '))
  const shared = await alertAbout(/4 keys have leaked/)
  expect(JSON.stringify(shared.blocks)).not.toContain('"Activate"')
  await manager.close((await submitAndSee(manager, await openDialog(manager, 'deactivate North'), {})).id)
  const after = await alertAbout(/4 keys have leaked.*North.* · paused.*East/)
  expect(after.ts).toBe(shared.ts)
  expect(JSON.stringify(after.blocks)).toContain('"Activate"')
  expect(said(after).match(/· paused/g)).toHaveLength(1)
})

test('while a verifier is silent the alert does not say that the key is refused, and says so once it has answered', async () => {
  await setPolicyOf(house, { leaked: { person: { read: 'quarantine' }, scanner: {}, pasted: {} } })
  const { config, db } = house.world
  const silent = openDedicatedConnection(config.databaseUrl, { name: 'silent', timeoutMs: 10_000 })
  try {
    const token = await makeKey(house.as('manager'), { name: 'Waited for' })
    const [head] = await db('changes').max({ seq: 'seq' })
    await renew(silent, { id: 'inc_silent', name: 'silent', ttlMs: 60_000 }, Number(head?.seq ?? 0), true)
    const manager = house.as('manager')
    await submit(manager, await openDialog(manager, 'leaked'), { tokens: token })
    await alertAbout(/Waited for has leaked.*Keywarden deactivated it on .*yet confirm that every server/)
    const [{ seq }] = (await db('changes').max({ seq: 'seq' })) as [{ seq: number }]
    await acknowledge(silent, 'inc_silent', seq)
    await alertAbout(
      /Waited for has leaked.*Keywarden deactivated it on .*every request from now on is refused/,
    )
  } finally {
    await db('leases').where({ incarnation: 'inc_silent' }).delete()
    await silent.close()
  }
})

test('a report says how the key is now, whatever an earlier one did to it', async () => {
  await setPolicyOf(house, { leaked: { person: { read: 'quarantine' }, scanner: {}, pasted: {} } })
  const manager = house.as('manager')
  const token = await makeKey(manager, { name: 'Twice' })
  expect(await report('manager', token)).toContain('It is in quarantine, as policy says.')
  expect(said(await answerTo(manager, 'activate Twice'))).toContain('Twice')
  expect(await report('manager', `${token.slice(0, 8)}...`)).toContain('It still works')
  await manager.close((await submitAndSee(manager, await openDialog(manager, 'deactivate Twice'), {})).id)
  expect(await report('manager', token)).toContain('It was paused already, and stays so.')
})

test('a policy that rotates refuses the token and offers the owner a new key', async () => {
  await setPolicyOf(house, { leaked: { person: { analytics: 'rotate' }, scanner: {}, pasted: {} } })
  const token = await makeKey(house.as('manager'), { name: 'Dashboards', scopes: ['analytics'] })
  expect(await report('manager', token)).toContain('a new key waits for its owner, as policy says')
  await expect.poll(() => callPlatform(house, token)).toBe(401)
  await house.as('manager').waitFor((screen) =>
    screen.channels
      .filter(({ kind }) => kind === 'dm')
      .flatMap(({ id }) => messagesIn(screen, id))
      .find((message) => /Dashboards/.test(said(message)) && findButton(message.blocks, 'Reveal key')),
  )
})

test('a hint ends nothing, even where policy revokes: its alert says that the token was not shown, the answer whether the key works', async () => {
  await setPolicyOf(house, { leaked: { person: { read: 'revoke' }, scanner: {}, pasted: {} } })
  const token = await makeKey(house.as('manager'), { name: 'Hinted' })
  expect(await report('manager', `${token.slice(0, 8)}...`)).toContain('It still works')
  expect(said(await alertAbout(/Hinted may have leaked/))).toContain('its token was not shown')
  await house.world.db('workspaces').update({ suspended_at: house.world.clock.now() })
  expect(await report('manager', `${token.slice(0, 8)}...`)).toContain(
    'It works once its workspace is resumed',
  )
  await house.world.db('workspaces').update({ suspended_at: null })
  expect(await callPlatform(house, token)).toBe(200)
})

test('a report that holds nothing, or a token where it was found, is refused on the form', async () => {
  const member = house.as('member')
  const form = await openDialog(member, 'leaked')
  const token = await makeKey(house.as('manager'), { name: 'Elsewhere' })
  const where = await submit(member, form, { tokens: 'tml_Ab3d', where: token })
  expect(where).toMatchObject({ outcome: 'errors', errors: { where: expect.stringContaining('whole key') } })
  const nothing = await submit(member, form, { tokens: ' . ', where: '' })
  expect(nothing).toMatchObject({ outcome: 'errors', errors: { tokens: 'Paste a key or a hint.' } })
  await member.close(form.id)
})

test('nothing of a reported token is kept', async () => {
  await setPolicyOf(house, { leaked: { person: {}, scanner: {}, pasted: {} } })
  const token = await makeKey(house.as('manager'), { name: 'Unkept' })
  await report('manager', `${token} tml_${'y'.repeat(38)}`)
  await alertAbout(/Unkept has leaked/)
  const dump = await dumpPostgres(house.world.config.databaseUrl)
  expect(dump).toContain(hashToken(token).toString('hex'))
  for (const secret of [token, token.slice(8), 'y'.repeat(20)]) expect(dump).not.toContain(secret)
})
