import type { Message } from 'local-slack/contract'
import { findButton, messagesIn } from 'local-slack/inspect'
import { calls, fault } from 'local-slack/person'
import { expect, test } from 'vitest'
import {
  answerTo,
  callPlatform,
  choose,
  general,
  house,
  makeKey,
  openDialog,
  people,
  press,
  pressIn,
  said,
  security,
  submit,
  submitAndSee,
  type TestHouse,
  tokenIn,
  useHouse,
} from '../setup/house.ts'
import { dialogWith, homeWith, received, recorded, setPolicyOf } from '../setup/seen.ts'

useHouse()

const inChannel = (who: ReturnType<TestHouse['as']>, words: string | RegExp) =>
  who.waitFor((screen) =>
    messagesIn(screen, security).findLast((one) =>
      typeof words === 'string' ? said(one).includes(words) : words.test(said(one)),
    ),
  )

async function ask(name: string, more: Record<string, string | string[]> = {}): Promise<Message> {
  const member = house.as('member')
  const form = await openDialog(member, `request ${name}`)
  const sent = await submitAndSee(member, form, { scopes: ['read'], reason: 'For the nightly sync', ...more })
  expect(said(sent.blocks)).toContain(`I am asking the managers about ${name}.`)
  await member.close(sent.id)
  return inChannel(house.as('manager'), `requests a key for ${name}`)
}

test('a member asks, a manager approves in the channel, and the member alone reveals', async () => {
  const request = await ask('Nightly', { integration: 'HubSpot' })
  expect(said(request)).toMatch(
    /U0DANA0004 requests a key for Nightly for HubSpot ?: ?read ?, ?90 days\. Reason: “ ?For the nightly sync ?”/,
  )
  await press(house.as('manager'), request, 'Approve')
  const closed = await inChannel(house.as('manager'), /Nightly.*Approved by U0BRUNO002/)
  expect(findButton(closed.blocks, /./)).toBeUndefined()
  const member = house.as('member')
  await press(member, await received(member, 'Nightly'), 'Reveal key')
  const shown = await dialogWith(member, 'Copy your key', 'Shown once')
  expect(await callPlatform(house, tokenIn(shown.blocks))).toBe(200)
  expect(await recorded(house, 'request.approved')).toMatchObject([{ actor: people.manager }])
})

test('denying takes a reason, which the requester sees', async () => {
  const request = await ask('Doubtful')
  const manager = house.as('manager')
  await press(manager, request, 'Deny')
  const form = await dialogWith(manager, 'Deny request', 'Doubtful')
  expect(await submit(manager, form, { reason: '   ' })).toMatchObject({
    errors: { reason: expect.stringContaining('Say why') },
  })
  await submitAndSee(manager, form, { reason: 'Use *Nightly* <!channel>' })
  expect(said(await received(house.as('member'), 'denied your request for Doubtful'))).toContain(
    'Use *Nightly* <!channel>',
  )
  const closed = await inChannel(manager, /Doubtful.*Denied by U0BRUNO002/)
  expect(findButton(closed.blocks, /./)).toBeUndefined()
  expect(await house.world.db('keys').where({ name: 'Doubtful' })).toEqual([])
})

test('of two managers who decide at once one decides, and the other reads who did', async () => {
  const request = await ask('Raced')
  const [one, two] = [house.as('manager'), house.as('otherManager')]
  const at = { message: { channel: request.channel, ts: request.ts } }
  const approve = findButton(request.blocks, 'Approve')!
  await Promise.all([
    one.click({ at, ...approve }),
    one.click({ at, ...approve }),
    two.click({ at, ...approve }),
  ])
  await Promise.any(
    [one, two].map((who) =>
      who.waitFor((screen) =>
        messagesIn(screen, security).find((m) => m.ephemeral && /approved it on/.test(said(m))),
      ),
    ),
  )
  expect(await house.world.db('keys').where({ name: 'Raced' })).toHaveLength(1)
  expect(await recorded(house, 'request.approved', 'Raced')).toHaveLength(1)
})

test('a dialog to deny that is late says who decided', async () => {
  const request = await ask('Late')
  const [one, two] = [house.as('manager'), house.as('otherManager')]
  await press(one, request, 'Deny')
  const form = await dialogWith(one, 'Deny request', 'Late')
  await press(two, request, 'Approve')
  await inChannel(two, /Late.*Approved by U0CHIDI003/)
  const refused = await submitAndSee(one, form, { reason: 'No' })
  expect(said(refused.blocks)).toContain('U0CHIDI003 approved it on')
  expect(await recorded(house, 'request.denied')).toHaveLength(1)
})

test('nobody decides their own request', async () => {
  const manager = house.as('manager')
  const form = await openDialog(manager, 'request Own')
  await submitAndSee(manager, form, { scopes: ['read'], reason: 'mine' })
  const request = await inChannel(manager, 'requests a key for Own')
  await press(manager, request, 'Approve')
  const refusal = await manager.waitFor((screen) =>
    messagesIn(screen, security).find((m) => m.ephemeral && /Someone else must decide\./.test(said(m))),
  )
  expect(said(refusal)).toMatch(/Ask U0/)
  await press(manager, request, 'Deny')
  expect(said((await dialogWith(manager, 'Deny request')).blocks)).toContain('Someone else must decide.')
})

test('a member cannot decide, even from a message that reached them', async () => {
  const request = await ask('Closed shop')
  await house.slack.addToChannel(security, people.otherMember)
  const member = house.as('otherMember')
  await press(member, request, 'Approve')
  const refusal = await member.waitFor((screen) =>
    messagesIn(screen, security).find((m) => m.ephemeral && /decide about requests/.test(said(m))),
  )
  expect(said(refusal)).toMatch(/Ask U0/)
  expect(await house.world.db('keys').where({ name: 'Closed shop' })).toEqual([])
  await house.slack.removeFromChannel(security, people.otherMember)
})

test('a request whose name was taken meanwhile, or whose asker has left, is said to be denied', async () => {
  const manager = house.as('manager')
  const taken = await ask('Grabbed')
  await makeKey(manager, { name: 'Grabbed' })
  await press(manager, taken, 'Approve')
  await manager.waitFor((screen) =>
    messagesIn(screen, security).find(
      (m) => m.ephemeral && /Grabbed exists\..*Deny the request/.test(said(m)),
    ),
  )
  const left = await ask('Leaver')
  await house.slack.setPerson(people.member, { kind: 'guest' })
  await press(manager, left, 'Approve')
  await manager.waitFor((screen) =>
    messagesIn(screen, security).find((m) => m.ephemeral && /no longer a full member/.test(said(m))),
  )
  // Slack's times of two changes within one second are the same.
  house.calendar.advance({ days: 0, minutes: 1 })
  await house.slack.setPerson(people.member, { kind: 'member' })
})

test('a member who asks learns nothing of keys that are not theirs; who decides does', async () => {
  await makeKey(house.as('manager'), { name: 'Secret project', integration: 'Stripe' })
  const request = await ask('Stripe reader', { integration: 'stripe' })
  expect(said(request)).toContain('Stripe has a key already: Secret project.')
})

test('a request can be decided on Home, and the message in the channel follows', async () => {
  const owner = house.as('owner')
  await owner.home()
  const home = await homeWith(owner, 'requests a key for Own')
  const from = home.blocks.findIndex((block) => said([block]).includes('requests a key for Own'))
  const button = findButton(home.blocks.slice(from), 'Approve')!
  await owner.click({ at: { view: home.id }, ...button })
  await owner.waitFor(({ home: now }) => now && !said(now.blocks).includes('requests a key for Own') && now)
  await inChannel(owner, /Own.*Approved by U0ADA00001/)
  expect(await recorded(house, 'request.approved', 'Own')).toHaveLength(1)
})

test('where policy wants a second person for write, Create asks one, and the maker cannot be them', async () => {
  await setPolicyOf(house, { writeNeedsApproval: true })
  const manager = house.as('manager')
  const form = await openDialog(manager, 'create Four eyes')
  const write = await choose(manager, form, 'scopes', ['read', 'write'])
  expect(said(write.blocks)).toContain('A second manager or owner has to approve it.')
  const sent = await submitAndSee(manager, write, { description: 'd'.repeat(300) })
  expect(said(sent.blocks)).toContain('I am asking the managers about Four eyes.')
  expect(await house.world.db('keys').where({ name: 'Four eyes' })).toEqual([])
  const request = await inChannel(manager, 'Four eyes')
  await press(house.as('otherManager'), request, 'Approve')
  await press(manager, await received(manager, 'Four eyes'), 'Reveal key')
  await dialogWith(manager, 'Copy your key', 'Shown once')
  await setPolicyOf(house, { writeNeedsApproval: false })
})

test('a request that Slack refuses to post reaches the managers later, as the person who asked was told', async () => {
  const before = { about: 'Held up', method: 'chat.postMessage', times: 3 } as const
  await fault(house.slack.url, { ...before, kind: 'error', error: 'internal_error' })
  const member = house.as('member')
  const sent = await submitAndSee(member, await openDialog(member, 'request Held up'), {
    scopes: ['read'],
    reason: 'For the nightly sync',
  })
  expect(said(sent.blocks)).toMatch(/I am asking the managers about Held up\. It is in their inbox too\./)
  const manager = house.as('manager')
  const tries = async () =>
    (await calls(house.slack.url, 'chat.postMessage')).filter(({ reply }) => reply.error === 'internal_error')
  await expect.poll(async () => (await tries()).length).toBeGreaterThan(0)
  const inTheEnd = async () => {
    await house.world.db('outbox').whereNull('completed_at').update({ retry_after: null })
    await house.keywarden.runTimetable()
    const screen = await manager.screen()
    return messagesIn(screen, security).filter((one) => said(one).includes('requests a key for Held up'))
      .length
  }
  await expect.poll(inTheEnd, { timeout: 40_000 }).toBe(1)
})

test('a denial that Slack refuses to deliver for now reaches the person who asked later', async () => {
  const request = await ask('Held answer')
  const manager = house.as('manager')
  await fault(house.slack.url, {
    ...{ about: 'denied your request for Held answer', method: 'chat.postMessage', times: 2 },
    ...{ kind: 'error', error: 'internal_error' },
  })
  await press(manager, request, 'Deny')
  await submitAndSee(manager, await dialogWith(manager, 'Deny request', 'Held answer'), { reason: 'Not now' })
  const waiting = async () => {
    await house.world.db('outbox').whereNull('completed_at').update({ retry_after: null })
    await house.keywarden.runTimetable()
    return (await house.world.db('outbox').where({ source: 'request-answer', outcome: null })).length
  }
  await expect.poll(waiting, { timeout: 40_000 }).toBe(0)
  await received(house.as('member'), 'denied your request for Held answer')
})

test('where the channel is archived the owners get the request with its buttons, and see it decided', async () => {
  await house.slack.archiveChannel(security)
  const member = house.as('member')
  const form = await openDialog(member, 'request Out of reach')
  await submitAndSee(member, form, { scopes: ['read'], reason: 'For the nightly sync' })
  const owner = house.as('owner')
  const request = await received(owner, 'requests a key for Out of reach')
  await press(owner, request, 'Approve')
  const closed = await received(owner, /Out of reach.*Approved by/)
  expect(findButton(closed.blocks, /./)).toBeUndefined()
  await house.slack.archiveChannel(security, false)
})

test('who made a key for somebody whom Slack lets nobody message is told so', async () => {
  const manager = house.as('manager')
  await fault(house.slack.url, {
    ...{ about: 'For the unreachable', method: 'chat.postMessage', times: 1 },
    ...{ kind: 'error', error: 'user_disabled' },
  })
  const form = await openDialog(manager, 'create For the unreachable')
  const waits = await submitAndSee(manager, form, { scopes: ['read'], owner: people.member })
  expect(said(waits.blocks)).toContain(
    `For the unreachable waits for ${people.member} to reveal it: on their Home, and in a message to them.`,
  )
  await received(manager, `I cannot send ${people.member} a message`)
})

test('a managers’ command is refused to a member with the request as the way on', async () => {
  const member = house.as('member')
  const refused = await openDialog(member, 'create')
  await pressIn(member, refused, 'Request a key')
  expect((await dialogWith(member, 'Request a key', 'Reason')).submit).toBe('Send request')
  expect(said(await answerTo(member, 'audit'))).toMatch(
    /Only managers and owners can read the audit log\. Ask U0/,
  )
  expect(
    messagesIn(await house.as('manager').screen(), general)
      .map(said)
      .join(' '),
  ).not.toContain('Only managers')
})
