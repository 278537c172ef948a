import type { Message } from 'local-slack/contract'
import { findButton, messagesIn } from 'local-slack/inspect'
import { advance, calls, fault } from 'local-slack/person'
import { sign } from 'local-slack/sign'
import { beforeAll, expect, test } from 'vitest'
import { findMember } from '../../src/members/member.ts'
import {
  callPlatform,
  house,
  makeKey,
  openDialog,
  people,
  press,
  said,
  security,
  setRole,
  submitAndSee,
  useHouse,
} from '../setup/house.ts'
import { recorded, setPolicyOf, undoNow } from '../setup/seen.ts'
import { join, keysByName, ownedKey } from './leavers.ts'

let home: { id: string; name: string }
useHouse({ mode: 'http' })
beforeAll(async () => {
  home = await house.world.db('workspaces').first('id', 'name')
})

const farah = 'U0FARAH006'
const gus = 'U0GUS00007'

/** Runs the step as somebody's workflow would; what became of it. */
async function run(inputs: Record<string, string>) {
  const execution = await house.slack.runStep('offboard_person', inputs)
  return { execution, outcome: await house.slack.stepOutcome(execution) }
}

const inChannel = async (words: RegExp): Promise<Message[]> =>
  messagesIn(await house.as('owner').screen(), security).filter((one) => words.test(said(one)))

const heard = (words: RegExp): Promise<Message> =>
  house.as('owner').waitFor((screen) => messagesIn(screen, security).findLast((one) => words.test(said(one))))

const roleOf = async (userId: string) => (await findMember(house.world.db, home.id, userId))?.role

/** The same event once more, as Slack sends it after an answer that got lost. */
async function sendAgain(execution: string, user: string): Promise<number> {
  const { teamId, signingSecret, botToken } = house.slack
  const body = JSON.stringify({
    type: 'event_callback',
    team_id: teamId,
    api_app_id: 'A0APP',
    event_id: 'Ev0AGAIN',
    event_time: 0,
    event: {
      type: 'function_executed',
      function: { callback_id: 'offboard_person' },
      inputs: { user },
      function_execution_id: execution,
      workflow_execution_id: 'Wx0AGAIN',
      bot_access_token: botToken,
    },
  })
  const timestamp = Math.floor(Date.now() / 1000)
  const response = await fetch(`${house.keywarden.url}/slack/events`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-slack-request-timestamp': String(timestamp),
      'x-slack-signature': sign(signingSecret, timestamp, body),
      'x-slack-retry-num': '1',
      'x-slack-retry-reason': 'http_timeout',
    },
    body,
  })
  await expect.poll(() => endedTwice(execution), { timeout: 40_000 }).toBe(true)
  return response.status
}

const endedTwice = async (execution: string) =>
  (await calls(house.slack.url, 'functions.completeError')).filter(
    ({ args }) => args.function_execution_id === execution,
  ).length === 2

/** As an owner does it. */
async function switchStep(to: 'yes' | 'no') {
  const form = await openDialog(house.as('owner'), 'policy leaving')
  const saved = await submitAndSee(house.as('owner'), form, { offboardingByWorkflow: to })
  await house.as('owner').close(saved.id)
}

test('a workflow offboards nobody while no owner has switched the step on, and the channel hears whom it named', async () => {
  const token = await makeKey(house.as('owner'), { name: 'Production write', scopes: ['read', 'write'] })
  // The first attempt to post to the channel is refused, and the second fails.
  await fault(house.slack.url, {
    method: 'chat.postMessage',
    times: 1,
    kind: 'ratelimited',
    retryAfterSeconds: 1,
  })
  await fault(house.slack.url, { method: 'chat.postMessage', times: 1, kind: 'server_error' })
  await fault(house.slack.url, { method: 'functions.completeError', times: 1, kind: 'server_error' })
  const { execution, outcome } = await run({ user: people.owner, mode: 'rotate', successor: people.member })
  expect(outcome).toEqual({
    ok: false,
    error: `The step is switched off in ${home.name}. Nobody was offboarded. An owner there can switch it on in Slack: /keys policy in:${home.name}, under When somebody is leaving.`,
  })
  const alert = await heard(/workflow/i)
  expect(said(alert)).toMatch(/A workflow asked to offboard U0ADA00001.*switched off.*Nobody was offboarded/)
  expect(await house.world.db('offboardings')).toEqual([])
  expect(await callPlatform(house, token)).toBe(200)
  expect(await roleOf(people.owner)).toBe('owner')
  expect((await keysByName(house.world))['Production write']).toMatchObject({
    status: 'active',
    owner_id: people.owner,
    successor_id: null,
  })
  expect((await recorded(house, 'attempt.refused')).at(-1)).toMatchObject({
    actor: 'slack-events',
    details: { action: 'offboarding.request', user: people.owner, execution },
  })
})

test('many refused runs are one more message when the hour is over, which counts them', async () => {
  const before = (await inChannel(/workflow/i)).length
  const runs: string[] = []
  for (const user of [people.owner, farah, farah]) {
    const { execution, outcome } = await run({ user })
    expect(outcome.ok).toBe(false)
    runs.push(execution)
  }
  // Slack sends a run again when it missed the answer.
  expect(await sendAgain(runs[0]!, people.owner)).toBe(200)
  await house.keywarden.runTimetable()
  expect(await inChannel(/workflow/i)).toHaveLength(before)
  await advance(house.slack.url, { advanceMinutes: 61 })
  expect(said(await heard(/3 more/))).toMatch(/3 more runs.*U0ADA00001, U0FARAH006/)
  expect(await inChannel(/workflow/i)).toHaveLength(before + 1)
})

test('an owner switches the step on in the policy, and the audit says who did', async () => {
  await switchStep('yes')
  expect((await recorded(house, 'policy.set')).at(-1)).toMatchObject({
    actor: people.owner,
    details: { changes: { offboardingByWorkflow: [false, true] } },
  })
  await setRole(house, farah, 'manager')
  const { execution, outcome } = await run({ user: farah, note: 'HR 12' })
  expect(outcome).toMatchObject({ ok: true, outputs: { keys: 0 } })
  expect(await roleOf(farah)).toBeUndefined()
  expect((await recorded(house, 'offboarding.requested')).at(-1)).toMatchObject({
    details: { user: farah, source: 'workflow', execution },
  })
})

test('a step that is on gives nobody an owner’s key: the role stays, the keys are deactivated, and it can be undone', async () => {
  const { world } = house
  const key = await world.db('keys').where({ name: 'Production write' }).first()
  const as = await join(world, home.id, people.owner, 'owner')
  await ownedKey(world, as, 'Not yet revealed', { waits: true })
  const { outcome } = await run({ user: people.owner, mode: 'rotate', successor: people.member })
  expect(outcome).toMatchObject({ ok: true, outputs: { keys: 2, refused: 1, rotating: 0, kept: 1 } })
  expect(await keysByName(world)).toMatchObject({
    'Production write': { status: 'inactive', owner_id: people.owner, successor_id: null },
    'Not yet revealed': { status: 'unrevealed', owner_id: people.owner },
  })
  expect(await world.db('keys').where({ predecessor_id: key.id })).toEqual([])
  expect(await roleOf(people.owner)).toBe('owner')
  const report = await heard(/Offboarded U0ADA00001/)
  expect(said(report)).toContain(
    `U0ADA00001 keeps their role in ${home.name}. Another owner there ends it: /keys offboard @user in:${home.name}.`,
  )
  // They are still who they were, so that they can put it right.
  await press(house.as('owner'), report, 'Undo')
  await undoNow(house.as('owner'), 'Role: as it was.')
  await heard(/The offboarding of U0ADA00001 was undone/)
  expect((await keysByName(world))['Production write']).toMatchObject({ status: 'active' })
})

test('the step obeys no mode beyond the policy for systems, and no successor who is not in charge there', async () => {
  const { world } = house
  await ownedKey(world, await join(world, home.id, gus, 'manager'), 'Gus sync')
  await run({ user: gus, mode: 'revoke', successor: people.member })
  expect((await keysByName(world))['Gus sync']).toMatchObject({ status: 'inactive', owner_id: gus })
  expect(await roleOf(gus)).toBeUndefined()

  await setPolicyOf(house, { offboardingUnattendedMode: 'revoke' })
  await ownedKey(world, await join(world, home.id, people.otherMember, 'manager'), 'Emre sync')
  await run({ user: people.otherMember, mode: 'deactivate', successor: people.manager })
  expect((await keysByName(world))['Emre sync']).toMatchObject({
    status: 'inactive',
    owner_id: people.manager,
  })
  await setPolicyOf(house, { offboardingUnattendedMode: 'deactivate' })
})

test('switched off again, the step ends nothing', async () => {
  await switchStep('no')
  const { outcome } = await run({ user: people.otherManager })
  expect(outcome).toMatchObject({ ok: false, error: expect.stringContaining('The step is switched off') })
  expect(await roleOf(people.otherManager)).toBe('manager')
  const alert = await heard(new RegExp(`A workflow asked to offboard ${people.otherManager}`))
  expect(findButton(alert.blocks, /./)).toBeUndefined()
})
