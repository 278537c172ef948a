import { calls } from 'local-slack/person'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { openWebClient } from '../../src/foundation/slack.ts'
import type { World } from '../../src/foundation/world.ts'
import { startWatching } from '../../src/leases/confirm.ts'
import type { Announcer } from '../../src/offboarding/announcer.ts'
import { answerWorkflows } from '../../src/offboarding/complete-workflows.ts'
import { carryOut } from '../../src/offboarding/execute.ts'
import { requestOffboarding } from '../../src/offboarding/request.ts'
import { slackAnnouncer } from '../../src/slack/offboarding-announcer.ts'
import { security, type TestHouse, testHouse } from '../setup/house.ts'
import { openRecords, type Records } from '../setup/records.ts'
import { setPolicyOf } from '../setup/seen.ts'

let r: Records
let watching: { stop(): Promise<void> }
beforeAll(async () => {
  r = await openRecords()
  await r.world.db('workspaces').update({ policy: { offboardingByWorkflow: true } })
  watching = startWatching(r.world)
})
afterAll(async () => {
  await watching.stop()
  await r.drop()
})
afterEach(() => r.world.db('offboarding_requests').delete())

/** A workflow reaches the step for somebody. People without a key are not announced, so nothing else waits for a message. */
const reach = (userId: string, reference: string) =>
  r.act(
    (act) => requestOffboarding(act, r.workspace, { source: 'workflow', userId, reference }, r.world.random),
    {
      kind: 'job',
      id: 'slack-events',
    },
  )

/** Somewhere that steps are answered; it does with each as `answer` says. */
function workflows(answer: (execution: string) => Promise<void> = async () => {}) {
  const asked: string[] = []
  const announcer: Announcer = {
    post: async () => ({ channelId: 'C0CHAT', ts: '1.1' }),
    edit: async () => {},
    file: async () => {},
    offer: async () => {},
    showClosed: async () => {},
    announceClosed: async () => {},
    complete: async (execution) => {
      asked.push(execution)
      await answer(execution)
    },
  }
  return { asked, answer: () => answerWorkflows(r.world, announcer) }
}

/** Lets a wait of any length be over. */
const waited = (world: World) => world.db('offboarding_requests').update({ retry_after: null })

/** An answer that comes when the test lets it. */
function held() {
  let arrive = () => {}
  let go = () => {}
  const arrived = new Promise<void>((resolve) => (arrive = resolve))
  const gone = new Promise<void>((resolve) => (go = resolve))
  const answer = () => {
    arrive()
    return gone
  }
  return { arrived, answer, go }
}

test('a step whose event Slack sends again is answered once', async () => {
  await reach('U0AGAIN001', 'Fx1')
  await carryOut(r.world)
  const { asked, answer } = workflows()
  await answer()
  await reach('U0AGAIN001', 'Fx1')
  await answer()
  expect(asked).toEqual(['Fx1'])
  await reach('U0AGAIN001', 'Fx2')
  await answer()
  expect(asked).toEqual(['Fx1', 'Fx2'])
})

test('of two processes at once one answers a step', async () => {
  await reach('U0TWICE001', 'Fx1')
  await carryOut(r.world)
  const slow = held()
  const [first, second] = [workflows(slow.answer), workflows()]
  const under = first.answer()
  await slow.arrived
  await second.answer()
  slow.go()
  await under
  await second.answer()
  expect([first.asked, second.asked]).toEqual([['Fx1'], []])
})

test('a step that is reached for the same person while another is being answered is answered too', async () => {
  await reach('U0BOTH0001', 'Fx1')
  await carryOut(r.world)
  const slow = held()
  const first = workflows(slow.answer)
  const under = first.answer()
  await slow.arrived
  await reach('U0BOTH0001', 'Fx2')
  slow.go()
  await under
  const later = workflows()
  await later.answer()
  expect([...first.asked, ...later.asked]).toEqual(['Fx1', 'Fx2'])
})

test('steps that cannot be answered wait longer each time, and keep no other waiting', async () => {
  const stuck = Array.from({ length: 60 }, (_, nth) => `U0STUCK${String(nth).padStart(3, '0')}`)
  for (const userId of stuck) await reach(userId, `Fx of ${userId}`)
  await carryOut(r.world)
  const failing = async (execution: string) => {
    if (/STUCK/.test(execution)) throw new Error('An API error occurred: internal_error')
  }
  const { asked, answer } = workflows(failing)
  await answer()
  await answer()
  expect(new Set(asked)).toHaveLength(60)
  await reach('U0GOOD0001', 'Fx good')
  await carryOut(r.world)
  await answer()
  expect(asked).toContain('Fx good')

  const seconds = async () => {
    await waited(r.world)
    await workflows(failing).answer()
    const { rows } = await r.world.db.raw(
      `select extract(epoch from max(retry_after) - clock_timestamp())::float as s from offboarding_requests`,
    )
    return rows[0].s as number
  }
  const [second, third] = [await seconds(), await seconds()]
  expect(third).toBeGreaterThan(second)
  // However often: not for hours, in which Slack may be back.
  await r.world.db('offboarding_requests').update({ attempts: 5_000 })
  expect(await seconds()).toBeLessThan(601)
})

test('a step is not answered again before the time that Slack names', async () => {
  await reach('U0LIMITED1', 'Fx1')
  await carryOut(r.world)
  const limited = workflows(() =>
    Promise.reject(Object.assign(new Error('asked to wait 3000 s'), { seconds: 3_000 })),
  )
  await limited.answer()
  const { rows } = await r.world.db.raw(
    `select retry_after > clock_timestamp() + interval '2900 seconds' as waits from offboarding_requests`,
  )
  expect(rows).toEqual([{ waits: true }])
  const later = workflows()
  await later.answer()
  expect(later.asked).toEqual([])
  await waited(r.world)
  await later.answer()
  expect(later.asked).toEqual(['Fx1'])
})

describe('at Slack', () => {
  let house: TestHouse
  let announcer: Announcer
  let run: string
  beforeAll(async () => {
    house = await testHouse({ roles: ['bot'] })
    await setPolicyOf(house, { offboardingByWorkflow: true })
    announcer = slackAnnouncer(openWebClient(house.world))
    run = await house.slack.runStep('offboard_person', { user: 'U0FARAH006' })
    await house.slack.stepOutcome(run)
    const isAnswered = () => house.world.db('offboarding_requests').whereNotNull('answered_at').first()
    await vi.waitUntil(isAnswered, { timeout: 10_000 })
  })
  afterAll(() => house.drop())

  const lastAnswer = async () => (await calls(house.slack.url, 'functions.completeSuccess')).at(-1)!

  test.each([
    ['a step has ended', () => run, 'execution_not_in_running_state'],
    ['there is no such step', () => 'Fx0NOBODY1', 'function_execution_not_found'],
  ])('its word that %s is an answer like any other', async (_what, execution, error) => {
    const { db } = house.world
    await db('offboarding_requests').update({ answered_at: null, reference: execution() })
    await answerWorkflows(house.world, announcer)
    expect((await lastAnswer()).reply).toMatchObject({ ok: false, error })
    expect((await db('offboarding_requests').first()).answered_at).not.toBeNull()
  })

  test('a step is answered without a link where somebody has deleted the message', async () => {
    const none = { all: 0, waiting: 0, refused: 0, rotating: 0, kept: 0, handedOver: 0, failed: 0 }
    await announcer.complete(run, none, { channelId: security, ts: '1.000001' })
    expect((await lastAnswer()).args).toMatchObject({ function_execution_id: run, outputs: { report: '' } })
  })
})
