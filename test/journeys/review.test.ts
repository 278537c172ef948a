import type { Message } from 'local-slack/contract'
import { messagesIn } from 'local-slack/inspect'
import type { PersonClient } from 'local-slack/person'
import { beforeAll, expect, test } from 'vitest'
import { dryRun } from '../../src/findings/dry-run.ts'
import type { Executor } from '../../src/foundation/database.ts'
import { workspacesOfTeam } from '../../src/workspaces/workspace.ts'
import {
  answerTo,
  general,
  house,
  openDialog,
  people,
  press,
  said,
  security,
  submit,
  submitAndSee,
  useHouse,
} from '../setup/house.ts'
import { type Planted, plant } from '../setup/plant.ts'
import { dialogWith, directMessages, recorded, setPolicyOf } from '../setup/seen.ts'
import { shell } from '../setup/shell.ts'

let workspaceId: string
const names = Array.from({ length: 12 }, (_, n) => `Dana ${String(n + 1).padStart(2, '0')}`)

/** Two that can change things, among those of the first page. */
const scopesOf = (name: string): string[] =>
  name === 'Dana 01' ? ['read', 'conversations'] : name === 'Dana 02' ? ['agents'] : ['read', 'analytics']

useHouse()
beforeAll(async () => {
  workspaceId = (await house.world.db('workspaces').first('id')).id
  const old = new Date(house.calendar.now().getTime() - 45 * 86_400_000)
  const key = (name: string, ownerId: string, more: Partial<Planted> = {}): Planted => ({
    name,
    ownerId,
    revealedAt: old,
    ...more,
  })
  const ids = await plant(house.world, workspaceId, [
    ...names.map((name) => key(name, people.member, { scopes: scopesOf(name) })),
    key('Brunos', people.manager, { scopes: ['read', 'conversations'] }),
    key('Of someone gone', 'U0GONE0001'),
    key('Too new', people.manager, { revealedAt: house.calendar.now() }),
    key('Resting', people.manager, { status: 'inactive' }),
  ])
  await house.world
    .db('key_usage')
    .insert(
      ids.map((key_id) => ({ key_id, requests: 7, first_used_at: old, last_used_at: house.calendar.now() })),
    )
  await house.world
    .db('departures')
    .insert({ workspace_id: workspaceId, user_id: 'U0GONE0001', left_at: house.calendar.now() })
})

const question = (who: PersonClient, words: string | RegExp): Promise<Message> =>
  who.waitFor((screen) =>
    directMessages(screen).find((message) => new RegExp(words).test(said(message)) && !message.threadTs),
  )

const progress = (who: PersonClient, words: string | RegExp): Promise<Message> =>
  who.waitFor((screen) =>
    messagesIn(screen, security).find(
      (message) => /^Review of Platform/.test(said(message)) && new RegExp(words).test(said(message)),
    ),
  )

const later = async (days: number, minutes = 0) => {
  house.calendar.advance({ days, minutes })
  await house.keywarden.runTimetable()
}

test('a manager begins a review, every owner is asked once in one message, and those who manage see how it goes', async () => {
  const manager = house.as('manager')
  expect(said(await answerTo(manager, 'review'))).toContain('One begins every 90 days by itself')
  expect(said(await answerTo(manager, 'review start'))).toContain('The review has begun.')
  await house.keywarden.runTimetable()
  const asked = await question(
    house.as('member'),
    /Which of your keys in Platform are still needed\? Please answer for 12 keys by/,
  )
  expect(said(asked)).toContain('Dana 10')
  expect(said(asked)).not.toContain('Dana 11')
  const seen = await progress(manager, /0 of 14 answered/)
  expect(said(seen)).toMatch(/Waiting for U0DANA0004 \( ?12 ?\), U0BRUNO002 \( ?1 ?\)/)
  expect(said(seen)).toContain('1 key has an owner whom nobody can ask')
  await house.world
    .db('posted_messages')
    .whereNotNull('refresh_at')
    .update({ refresh_at: new Date(0) })
  await house.keywarden.runTimetable()
  expect(
    directMessages(await house.as('member').screen()).filter((one) =>
      said(one).includes('Which of your keys'),
    ),
  ).toHaveLength(1)
  expect(said(await answerTo(manager, 'review start'))).toMatch(/A review runs until/)
})

test('whoever confirms keys that can change things says why in a sentence, and nothing is confirmed without it', async () => {
  const dana = house.as('member')
  await press(dana, await question(dana, 'Dana 01'), 'All 10 are still needed')
  const form = await dialogWith(dana, 'Still needed', '2 keys can change things')
  expect(said(form.blocks)).toMatch(/Dana 01 \( ?read, conversations ?\), Dana 02 \( ?agents ?\)/)
  expect(said(form.blocks)).toContain('The other 8 keys only read and are confirmed with it.')
  expect(await submit(dana, form, { reason: '  ' })).toMatchObject({
    ok: true,
    outcome: 'errors',
    errors: { reason: 'Say why; the audit keeps it.' },
  })
  expect(await recorded(house, 'key.confirmed-needed')).toEqual([])
})

test('answers edit the message in place, the next keys follow, and the progress is edited too', async () => {
  const dana = house.as('member')
  const asked = await question(dana, 'Dana 01')
  const form = await dialogWith(dana, 'Still needed', '2 keys can change things')
  const noted = await submitAndSee(dana, form, { reason: 'The nightly  sync writes contacts.' })
  expect(said(noted.blocks)).toContain('Noted.')
  await dana.close(noted.id)
  const rest = await question(dana, /answer for 2 keys/)
  expect(rest.ts).toBe(asked.ts)
  expect(said(rest)).toContain('Dana 11')
  expect(said(rest)).not.toContain('Dana 10')
  const seen = await progress(house.as('manager'), /10 of 14 answered/)
  expect(said(seen)).toMatch(/U0DANA0004 \( ?2 ?\)/)
})

test('the sentence is in the audit, on the key and in the export of the review, for those keys alone', async () => {
  const why = 'The nightly sync writes contacts.'
  const events = await recorded(house, 'key.confirmed-needed')
  expect(events.filter(({ details }) => details.reason === why)).toHaveLength(2)
  expect(events.filter(({ details }) => details.reason === undefined)).toHaveLength(8)
  const dana = house.as('member')
  const page = await openDialog(dana, 'show Dana 01')
  expect(said(page.blocks)).toMatch(new RegExp(`Still needed, ${people.member} said on .*: ${why}`))
  await dana.close(page.id)
  const { code, out } = await shell(['review', 'export'], { DATABASE_URL: house.world.config.databaseUrl })
  expect(code).toBe(0)
  const rows = out.split('\r\n')
  expect(rows.find((row) => row.includes(',Dana 02,'))).toContain(
    `,Dana 02,${people.member},agents,still needed,${people.member},`,
  )
  expect(rows.find((row) => row.includes(',Dana 02,'))).toMatch(new RegExp(`,${why}$`))
  expect(rows.find((row) => row.includes(',Dana 03,'))).toMatch(
    /,read analytics,still needed,U0DANA0004,[^,]+,$/,
  )
  expect(rows.find((row) => row.includes(',Brunos,'))).toMatch(/,read conversations,no answer,,,$/)
})

test('what somebody says is not needed any more is flagged at once, for those who may end it', async () => {
  const dana = house.as('member')
  await press(dana, await question(dana, /Dana 11/), 'Not needed any more')
  await question(dana, /answer for 1 key by/)
  await house
    .as('manager')
    .waitFor((screen) =>
      messagesIn(screen, security).find((message) =>
        said(message).includes(`Dana 11 is not needed any more, ${people.member} says.`),
      ),
    )
})

test('of two who answer for one key at once the second reads who was first, and it is recorded once', async () => {
  const [manager, dana] = [house.as('manager'), house.as('member')]
  const mine = await question(dana, /Dana 12/)
  const all = await (async () => {
    await press(manager, await progress(manager, 'answered'), 'Open keys')
    return manager.waitFor((screen) =>
      messagesIn(screen, security).find((message) => said(message).includes('Dana 12') && message !== mine),
    )
  })()
  const label = `Still needed`
  await Promise.all([press(dana, mine, label), pressFor(manager, all, 'Dana 12', label)])
  await question(dana, /All of your keys in Platform are answered: 11 still needed, 1 not/)
  const events = await recorded(house, 'key.confirmed-needed', 'Dana 12')
  expect(events).toHaveLength(1)
})

/** Presses the button of one key among several of the same words. */
async function pressFor(who: PersonClient, message: Message, key: string, words: string): Promise<void> {
  const at = { message: { channel: message.channel, ts: message.ts } }
  for (const block of message.blocks)
    for (const element of 'elements' in block && block.type === 'actions' ? block.elements : [])
      if ('accessibility_label' in element && element.accessibility_label === `${words}: ${key}`)
        return void (await who.click({
          at,
          blockId: block.block_id!,
          actionId: element.action_id!,
          ...('value' in element && element.value ? { value: element.value } : {}),
        }))
  throw new Error(`no ${words} for ${key}`)
}

test('a member sees no progress and no dry run, and answers for nobody else', async () => {
  const emre = house.as('otherMember')
  expect(said(await answerTo(emre, 'review dry run'))).toContain(
    'Only managers and owners see how a review goes.',
  )
  expect(said(await answerTo(emre, 'review'))).toContain('You have nothing to review in')
  expect(said(await answerTo(emre, 'review start'))).toContain('Only managers and owners begin a review.')
})

test('three days before the end whoever has not answered is reminded, once', async () => {
  await later(11, 5)
  await later(1)
  const bruno = house.as('manager')
  await bruno.waitFor((screen) =>
    directMessages(screen).find((one) =>
      /1 key of yours in Platform still needs your answer/.test(said(one)),
    ),
  )
  const reminded = directMessages(await bruno.screen()).filter((one) =>
    /still needs? your answer/.test(said(one)),
  )
  expect(reminded).toHaveLength(1)
  expect(
    directMessages(await house.as('member').screen()).filter((one) =>
      /still needs? your answer/.test(said(one)),
    ),
  ).toEqual([])
})

test('what nobody confirms is flagged, and nothing is deactivated while the policy says so; the dry run says what would be', async () => {
  await later(3)
  const manager = house.as('manager')
  await manager.waitFor((screen) =>
    messagesIn(screen, security).find((message) => said(message).includes('Brunos: nobody confirmed by')),
  )
  const dry = said(await answerTo(manager, 'review dry run'))
  expect(dry).toMatch(
    /If unconfirmed and idle keys were deactivated, these 3 keys would be: 0 idle, 3 unconfirmed\./,
  )
  expect(dry).toContain('keys that nobody confirmed are flagged and go on working')
  expect(dry).toContain('Nothing was done.')
  await later(8)
  expect(await statusOf('Brunos')).toBe('active')
})

const statusOf = async (name: string) => (await house.world.db('keys').where({ name }).first('status')).status

/** The keys of which the dry run says that their owner is notified. */
async function noticedIn(db: Executor): Promise<string[]> {
  const [workspace] = await workspacesOfTeam(db, house.slack.teamId)
  const { keys } = await dryRun(db, workspace!, house.world.clock.now(), 100)
  return keys.filter(({ noticed }) => noticed).map(({ name }) => name)
}

async function noticedIfNoneArrived(): Promise<string[]> {
  const trx = await house.world.db.transaction()
  try {
    await trx('outbox').whereLike('step', 'notice:%').update({ outcome: 'failed' })
    return await noticedIn(trx)
  } finally {
    await trx.rollback()
  }
}

test('with the policy on, notice is given in full before a key is paused, and never revoked; a key that is needed stays; an owner is notified once the notice has arrived', async () => {
  await setPolicyOf(house, { unconfirmedKeys: 'deactivate', noticeDays: 7 })
  await later(0, 30)
  const manager = house.as('manager')
  const notice = await manager.waitFor((screen) =>
    messagesIn(screen, security).find(
      (message) => !message.threadTs && /Brunos.*will be deactivated on/.test(said(message)),
    ),
  )
  expect(said(notice)).toContain('unless somebody says that it is needed')
  await expect.poll(() => noticedIn(house.world.db), { timeout: 40_000 }).toContain('Brunos')
  expect(await noticedIfNoneArrived()).toEqual([])
  await later(6)
  expect(await statusOf('Brunos')).toBe('active')
  await press(manager, notice, 'Still needed')
  const form = await dialogWith(
    manager,
    'Still needed',
    /Brunos \( ?read, conversations ?\) can change things\./,
  )
  await submitAndSee(manager, form, { reason: 'Month end books invoices.' })
  expect((await recorded(house, 'key.confirmed-needed', 'Brunos')).map(({ details }) => details)).toEqual([
    { reason: 'Month end books invoices.' },
  ])
  await later(2)
  expect(await statusOf('Brunos')).toBe('active')
  expect(await statusOf('Of someone gone')).toBe('inactive')
  expect(await statusOf('Dana 11')).toBe('inactive')
  const [event] = await recorded(house, 'key.deactivated', 'Dana 11')
  expect(event).toMatchObject({
    actor: 'notices-over',
    details: { reason: expect.stringContaining('nobody confirmed') },
  })
  expect(await recorded(house, 'key.notice-given', 'Dana 11')).toHaveLength(1)
})

test('a paused key says who did it and keeps the way back, and is not paused again', async () => {
  const manager = house.as('manager')
  const resolved = await manager.waitFor((screen) =>
    messagesIn(screen, security).find(
      (message) => !message.threadTs && /Keywarden deactivated Dana 11 on/.test(said(message)),
    ),
  )
  await press(manager, resolved, 'Activate')
  await expect.poll(() => statusOf('Dana 11'), { timeout: 40_000 }).toBe('active')
  await later(9)
  expect(await statusOf('Dana 11')).toBe('active')
})

test('when the interval is over the next review begins by itself, and the message of the last one says so', async () => {
  await later(70)
  await progress(house.as('manager'), /It is over/)
  await question(house.as('member'), /This review of Platform is over/)
  expect((await recorded(house, 'review.begun')).length).toBe(2)
  expect(messagesIn(await house.as('manager').screen(), general).length).toBeGreaterThan(0)
})
