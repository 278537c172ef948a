import { messagesIn } from 'local-slack/inspect'
import { calls, fault } from 'local-slack/person'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openWebClient } from '../../src/foundation/slack.ts'
import { startWatching } from '../../src/leases/confirm.ts'
import { type Channel, Delay } from '../../src/notifications/channel.ts'
import { deliverWaiting } from '../../src/notifications/deliver.ts'
import { put } from '../../src/notifications/outbox.ts'
import { carryOut } from '../../src/offboarding/execute.ts'
import { requestOffboarding } from '../../src/offboarding/request.ts'
import { slackChannel } from '../../src/slack/post-messages.ts'
import { sources } from '../../src/slack/sources.ts'
import { said, security, type TestHouse, testHouse } from '../setup/house.ts'
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
afterEach(() => r.world.db('outbox').delete())

/** A workflow reaches the step for somebody. People without a key are not announced, so nothing else is sent. */
const reach = (userId: string, reference: string) =>
  r.act(
    (act) => requestOffboarding(act, r.workspace, { source: 'workflow', userId, reference }, r.world.random),
    {
      kind: 'job',
      id: 'slack-events',
    },
  )

/** Somewhere that steps are completed; it does with each as `answer` says. */
function workflows(answer: (execution: string) => Promise<void> = async () => {}) {
  const asked: string[] = []
  const channel: Channel = {
    async post(destination) {
      const [, execution] = /^workflow:(.+)/.exec(destination) ?? []
      if (!execution) return { channelId: 'C0CHAT', ts: '1.1' }
      asked.push(execution)
      await answer(execution)
      return { channelId: '', ts: '' }
    },
    edit: async (where) => where,
    find: async () => undefined,
    reaches: async () => true,
  }
  return { asked, answer: () => deliverWaiting({ world: r.world, channel, sources }) }
}

/** Lets a wait of any length be over. */
const waited = () => r.world.db('outbox').update({ retry_after: null })

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

test('a step whose event Slack sends again is completed once, and another run for the same person too', async () => {
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

test('every run that asked before the offboarding was done is completed, whoever else had asked first', async () => {
  const request = { source: 'scim', userId: 'U0MANY0001' } as const
  const directory = { kind: 'job', id: 'scim' } as const
  await r.act((act) => requestOffboarding(act, r.workspace, request, r.world.random), directory)
  for (const run of ['Fx1', 'Fx2', 'Fx3']) await reach('U0MANY0001', run)
  const { asked, answer } = workflows()
  await answer()
  expect(asked).toEqual([])
  await carryOut(r.world)
  await answer()
  expect(asked.toSorted()).toEqual(['Fx1', 'Fx2', 'Fx3'])
})

test('of two processes at once one completes a step', async () => {
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

test('a step that is reached for the same person while another is being completed is completed too', async () => {
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

test('a step that cannot be read keeps no other waiting', async () => {
  const unreadable = {
    workspaceId: r.workspace.id,
    source: 'offboarding-step',
    subjectId: 'off_unknown',
    step: 'completed',
    mode: 'once',
    destination: 'workflow:Fx unreadable',
  } as const
  await r.world.db.transaction((trx) => put(trx, [unreadable], r.world.clock.now(), r.world.random))
  await reach('U0READ0001', 'Fx1')
  await carryOut(r.world)
  const { asked, answer } = workflows()
  await answer()
  expect(asked).toEqual(['Fx1'])
})

test('sixty steps that cannot be completed keep no other waiting', async () => {
  const stuck = Array.from({ length: 60 }, (_, nth) => `U0STUCK${String(nth).padStart(3, '0')}`)
  for (const userId of stuck) await reach(userId, `Fx of ${userId}`)
  await carryOut(r.world)
  const { asked, answer } = workflows(async (execution) => {
    if (/STUCK/.test(execution)) throw new Error('An API error occurred: internal_error')
  })
  await answer()
  expect(new Set(asked)).toHaveLength(60)
  await reach('U0GOOD0001', 'Fx good')
  await carryOut(r.world)
  await answer()
  expect(asked).toContain('Fx good')
  await waited()
  const late = workflows()
  await late.answer()
  expect(new Set(late.asked)).toHaveLength(60)
})

test('a step is not completed again before the time that Slack names', async () => {
  await reach('U0LIMITED1', 'Fx1')
  await carryOut(r.world)
  await workflows(() => Promise.reject(new Delay(3_000, 'method'))).answer()
  const { rows } = await r.world.db.raw(
    `select retry_after > clock_timestamp() + interval '2900 seconds' as waits from outbox`,
  )
  expect(rows).toEqual([{ waits: true }])
  const later = workflows()
  await later.answer()
  expect(later.asked).toEqual([])
  await waited()
  await later.answer()
  expect(later.asked).toEqual(['Fx1'])
})

describe('at Slack', () => {
  let house: TestHouse
  let silent: { stop(): Promise<void> }
  beforeAll(async () => {
    house = await testHouse({ roles: ['bot'] })
    await setPolicyOf(house, { offboardingByWorkflow: true })
    silent = startWatching(house.world)
  })
  afterAll(async () => {
    await silent.stop()
    await house.drop()
  })
  beforeEach(() => house.world.db('outbox').update({ retry_after: null }))

  const completions = async (execution: string) =>
    (await calls(house.slack.url, 'functions.completeSuccess')).filter(
      ({ args }) => args.function_execution_id === execution,
    )

  const deliver = () => {
    const channel = slackChannel(openWebClient(house.world), house.world.log)
    return deliverWaiting({ world: house.world, channel, sources }, { seconds: 5 })
  }

  const run = async (user: string) => {
    const execution = await house.slack.runStep('offboard_person', { user })
    return { execution, outcome: await house.slack.stepOutcome(execution) }
  }

  test('a step that Slack completed although its answer was lost is asked for once more, and then over', async () => {
    await fault(house.slack.url, { method: 'functions.completeSuccess', times: 1, kind: 'drop_after' })
    const { execution, outcome } = await run('U0FARAH006')
    expect(outcome).toMatchObject({ ok: true })
    const isOver = async () => {
      await house.world.db('outbox').whereNull('completed_at').update({ retry_after: null })
      await deliver()
      const row = await house.world
        .db('outbox')
        .where({ destination: `workflow:${execution}` })
        .first()
      return row.outcome
    }
    await expect.poll(isOver, { timeout: 40_000 }).toBe('moot')
    expect((await completions(execution)).at(-1)!.reply).toMatchObject({
      ok: false,
      error: 'execution_not_in_running_state',
    })
  })

  test('a run for somebody who is offboarded already is completed with the same outputs', async () => {
    const { outcome } = await run('U0FARAH006')
    expect(outcome).toMatchObject({ ok: true, outputs: { keys: 0 } })
  })

  test('a step that Slack does not know is over as well', async () => {
    const { db, clock, random } = house.world
    const { id, workspace_id: workspaceId } = await db('offboardings').first('id', 'workspace_id')
    const { put } = await import('../../src/notifications/outbox.ts')
    const about = { workspaceId, source: 'offboarding-step', subjectId: id, mode: 'once' as const }
    const destination = 'workflow:Fx0NOBODY1'
    await db.transaction((trx) =>
      put(trx, [{ ...about, step: 'completed', destination }], clock.now(), random),
    )
    await deliver()
    // The house may have taken it first, in the delivery of the step before.
    await expect
      .poll(() => db('outbox').where({ destination }).first())
      .toMatchObject({ outcome: 'moot', last_error: 'function_execution_not_found' })
  })

  test('a step whose report stands in the channel is completed with the link to it', async () => {
    const { id: workspaceId } = await house.world.db('workspaces').first('id')
    const { join, ownedKey } = await import('./leavers.ts')
    await ownedKey(house.world, await join(house.world, workspaceId, 'U0GUS00007', 'manager'), 'Gus sync')
    const { outcome } = await run('U0GUS00007')
    expect(outcome).toMatchObject({ ok: true, outputs: { keys: 1, report: expect.stringMatching(/^http/) } })
    const screen = await house.as('manager').screen()
    const reports = messagesIn(screen, security).filter((one) => /Offboard.*U0GUS00007/.test(said(one)))
    expect(reports).toHaveLength(1)
  })

  test('a step is completed without a link where the channel is gone', async () => {
    await house.slack.archiveChannel(security)
    const { id: workspaceId } = await house.world.db('workspaces').first('id')
    const { join, ownedKey } = await import('./leavers.ts')
    const emre = 'U0EMRE0005'
    await ownedKey(house.world, await join(house.world, workspaceId, emre, 'manager'), 'Emre sync')
    const { outcome } = await run(emre)
    expect(outcome).toMatchObject({ ok: true, outputs: { keys: 1, report: '' } })
    await house.slack.archiveChannel(security, false)
  })
})
