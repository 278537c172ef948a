import { randomBytes } from 'node:crypto'
import { messagesIn } from 'local-slack/inspect'
import { expect, test } from 'vitest'
import { generateToken, hashToken } from '../../src/keys/token.ts'
import { dumpPostgres } from '../secrets/dump.ts'
import { general, house, openDialog, people, said, security, submitAndSee, useHouse } from '../setup/house.ts'
import { plant } from '../setup/plant.ts'
import { directMessages, received, recorded } from '../setup/seen.ts'
import { watchManifest } from '../setup/watch-manifest.ts'

useHouse({ manifest: watchManifest() })

const workspaceId = async () => (await house.world.db('workspaces').first('id')).id

/** A live key whose token the test has. */
async function key(name: string, more: { status?: 'revoked'; in?: string } = {}): Promise<string> {
  const token = generateToken('tml_', (n) => randomBytes(n)).open()
  const { in: workspace, ...rest } = more
  const token_hash = hashToken(token)
  await plant(house.world, workspace ?? (await workspaceId()), [{ name, tokenHash: token_hash, ...rest }])
  await house.world
    .db('keys')
    .where({ token_hash })
    .update({ hint: `${token.slice(0, 8)}...` })
  return token
}

const alertAbout = (name: string) =>
  house
    .as('manager')
    .waitFor((screen) =>
      messagesIn(screen, security).find(
        (message) => !message.threadTs && said(message).includes(`${name} has leaked`),
      ),
    )

const reported = async () => {
  const rows = await house.world.db('leaks').join('keys', 'keys.id', 'key_id').orderBy('name').pluck('name')
  return rows as string[]
}

const say = (text: string, more: { threadTs?: string; broadcast?: boolean } = {}) =>
  house.as('member').say({ channel: general, text, ...more })

test('until an owner has a channel watched, a token in it is no business of Keywarden’s', async () => {
  await say(`still private: ${await key('Unwatched')}`)
  const owner = house.as('owner')
  const form = await openDialog(owner, 'watch')
  const saved = await submitAndSee(owner, form, { channels: [general] })
  expect(said(saved.blocks)).toContain('I watch 1 channel for whole keys.')
  await owner.close(saved.id)
  expect((await recorded(house, 'policy.set')).at(-1)!.details.changes).toEqual({
    watchedChannels: ['', general],
  })
  expect(await reported()).toEqual([])
})

test('a whole token in a message is reported: its author is told what to do, and those in charge who posted it where', async () => {
  const token = await key('Posted')
  await say(`it is ${token}, use it`)
  const alert = await alertAbout('Posted')
  expect(said(alert)).toContain(`pasted it in ${house.slack.url}/archives/${general}/p`)
  expect(JSON.stringify(alert.blocks)).toContain(`"user_id":"${people.member}"`)
  const direct = await received(house.as('member'), 'A message of yours holds the whole key')
  expect(said(direct)).toContain(`${token.slice(0, 8)}...`)
  expect(said(direct)).toContain('Delete the message now.')
  expect(said(direct)).not.toContain('Posted')
})

test('it is noticed in threads, in replies that the channel shows, and in edited messages', async () => {
  const [inThread, broadcast, edited] = [await key('In thread'), await key('Broadcast'), await key('Edited')]
  await say('a thread begins')
  const parent = await house
    .as('member')
    .waitFor((screen) => messagesIn(screen, general).find(({ text }) => text === 'a thread begins'))
  await say(`\`${inThread}\``, { threadTs: parent.ts })
  await alertAbout('In thread')
  await say(`KEY=${broadcast}`, { threadTs: parent.ts, broadcast: true })
  await alertAbout('Broadcast')
  await house.as('member').edit({ channel: general, ts: parent.ts, text: `now with ${edited}` })
  await alertAbout('Edited')
})

test('it is noticed in a snippet, in messages of apps, old and new, and in their blocks', async () => {
  const [snippet, legacy, modern] = [await key('Snippet'), await key('Legacy app'), await key('Modern app')]
  await house.as('member').say({
    channel: general,
    text: '',
    snippet: { name: 'settings.txt', content: `first line\nAPI_KEY="${snippet}"\n` },
  })
  await alertAbout('Snippet')
  await house.slack.sayAsApp(
    general,
    { text: `build failed: ${legacy}` },
    { botId: 'B0LEGACY01', name: 'ci', isLegacy: true },
  )
  expect(said(await alertAbout('Legacy app'))).toContain('An app pasted it')
  const blocks = [{ type: 'section', text: { type: 'mrkdwn', text: `_${modern}_` } }]
  await house.slack.sayAsApp(general, { text: 'a build', blocks }, { botId: 'B0MODERN01', name: 'ci' })
  await alertAbout('Modern app')
})

test('an event that is delivered three times is one report and one message', async () => {
  const token = await key('Repeated')
  house.slack.repeatEvents(3)
  await say(token)
  house.slack.repeatEvents(1)
  await alertAbout('Repeated')
  const hint = `${token.slice(0, 8)}...`
  const direct = await received(house.as('member'), hint)
  expect(said(direct)).toContain(hint)
  // What the copies led to was begun before this one.
  await say(await key('After the copies'))
  await alertAbout('After the copies')
  const all = directMessages(await house.as('member').screen()).filter((one) => said(one).includes(hint))
  expect(all).toHaveLength(1)
  expect((await reported()).filter((name) => name === 'Repeated')).toHaveLength(1)
})

test('forged and foreign tokens, hints, revoked keys, other channels and what only looks alike are nothing', async () => {
  const { db, clock } = house.world
  const now = clock.now()
  await db('accounts').insert({ id: 'acc_f', slack_team_id: 'T0F', name: 'F', created_at: now })
  await db('workspaces').insert({
    id: 'ws_f',
    account_id: 'acc_f',
    name: 'F',
    name_folded: 'f',
    created_at: now,
  })
  const before = await reported()
  const live = await key('Nearly')
  await say(await key('Over', { status: 'revoked' }))
  await say(await key('Foreign', { in: 'ws_f' }))
  await say(generateToken('tml_', (n) => randomBytes(n)).open())
  await say(
    `${live}x and x${live} and ${live.slice(0, -1)} and ${live.toLowerCase()} and ${live.slice(0, 8)}...`,
  )
  await house
    .as('member')
    .say({ channel: security, text: live })
    .catch(() => undefined)
  await say(`at last ${await key('Last')}`)
  await alertAbout('Last')
  expect(await reported()).toEqual([...before, 'Last'].sort())
})

test('without the scope for files the message is read all the same', async () => {
  house.slack.withdrawScope('files:read')
  const [inFile, inText] = [await key('In file'), await key('Beside it')]
  const snippet = { name: 'a.txt', content: inFile }
  await house.as('member').say({ channel: general, text: inText, snippet })
  await alertAbout('Beside it')
  expect(await reported()).not.toContain('In file')
})

test('nothing of a message is kept', async () => {
  const token = await key('Words')
  await say(`the quick brown fox ${token}`)
  await alertAbout('Words')
  const dump = await dumpPostgres(house.world.config.databaseUrl)
  for (const text of [token, 'quick brown', 'API_KEY=', 'first line']) expect(dump).not.toContain(text)
})
