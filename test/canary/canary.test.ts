import { hostname } from 'node:os'
import { messagesIn } from 'local-slack/inspect'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { canary } from '../../jobs/canary.ts'
import { deliverAlerts } from '../../jobs/deliver-alerts.ts'
import { openCalendar } from '../../sandbox/calendar.ts'
import { fetchOperations, operationsToken } from '../../sandbox/operations.ts'
import type { Fault } from '../../src/canary/fault.ts'
import { type Limits, runCanary } from '../../src/canary/run.ts'
import { forgetRuns, weekOfCanary } from '../../src/canary/runs.ts'
import { copyOfProduct } from '../faults/lab/copy.ts'
import { startVerifierProcess, type VerifierProcess } from '../faults/lab/verifier-process.ts'
import { house, said, security, useHouse } from '../setup/house.ts'
import { plant } from '../setup/plant.ts'
import { directMessages } from '../setup/seen.ts'
import { shell } from '../setup/shell.ts'

const configured = { KEYWARDEN_CANARY_WORKSPACE: 'Canary', KEYWARDEN_LEASE: '5s' }
// By the machine's time: keys of an hour that is over would be refused by the processes beside this one.
let limits: Limits | undefined
const onDemand = { cron: '0 0 29 2 *', timeZone: 'UTC', lateSeconds: 3_600 }
useHouse({
  calendar: openCalendar(),
  env: configured,
  timetable: [
    { ...onDemand, name: 'canary', run: (context) => canary(context, limits) },
    { ...onDemand, name: 'deliver-alerts', run: deliverAlerts },
  ],
})

/** Its verifier lets go of nothing, and yet acknowledges every change. */
let forgetful: Awaited<ReturnType<typeof copyOfProduct>>
beforeAll(async () => {
  forgetful = await copyOfProduct([
    {
      file: 'src/verification/knowledge.ts',
      find: "if (subject.kind === 'key') return keys.evict(",
      replace: "if (subject.kind === 'key') return void (",
    },
  ])
})
afterAll(() => forgetful?.remove())

const placed: VerifierProcess[] = []
async function place(env: Record<string, string> = {}, main?: string): Promise<VerifierProcess> {
  const { databaseUrl } = house.world.config
  const verifier = await startVerifierProcess(databaseUrl, { ...configured, ...env }, main)
  placed.push(verifier)
  return verifier
}
afterEach(async () => {
  await Promise.all(placed.splice(0).map((verifier) => verifier.end()))
})

const here = `${hostname()}:${process.pid}`

type Row = {
  id: string
  workspace_id: string
  key_id: string
  outcome: string
  verifiers: number
  faults: Fault[]
}
async function lastRun(): Promise<Row & { confirmed_ms: number; began_at: Date }> {
  return house.world.db('canary_runs').orderBy('began_at', 'desc').first()
}

/** Alerts about the canary in the security channel, replies left out. */
const alerts = async () =>
  messagesIn(await house.as('owner').screen(), security).filter(
    (message) => !message.threadTs && /canary/i.test(said(message)),
  )
const shown = async () => (await alerts()).map((message) => said(message))

test('each hour every verifier judges a key in its own process, before its end and after its end was confirmed', async () => {
  const [one, two] = await Promise.all([place(), place()])
  await house.keywarden.runTimetable()
  const { db } = house.world
  const run = await lastRun()
  expect(run).toMatchObject({ outcome: 'good', verifiers: 3, faults: [] })
  expect(run.confirmed_ms).toBeGreaterThan(0)
  const answers = await db('canary_answers').where({ run_id: run.id }).select('verifier', 'stage', 'code')
  for (const verifier of [here, one.name, two.name]) {
    expect(answers).toContainEqual({ verifier, stage: 'alive', code: 'VALID' })
    expect(answers).toContainEqual({ verifier, stage: 'ended', code: 'REVOKED' })
  }
  expect(answers).toHaveLength(6)

  const key = await db('keys').where({ id: run.key_id }).first()
  const workspace = await db('workspaces').where({ id: key.workspace_id }).first()
  const owners = await db('members').where({ workspace_id: workspace.id }).pluck('role')
  expect({ status: key.status, workspace: workspace.name, owners }).toEqual({
    ...{ status: 'revoked', workspace: 'Canary' },
    owners: ['owner'],
  })
  const events = await db('audit_events').where({ key_id: key.id }).orderBy('seq').pluck('event')
  expect(events).toEqual(['key.issued', 'key.activated', 'key.revoked', 'key.change-confirmed'])
  // Nobody is disturbed, and no use is counted.
  expect(await shown()).toEqual([])
  expect(directMessages(await house.as('owner').screen()).filter((one) => /canary/i.test(said(one)))).toEqual(
    [],
  )
  await house.keywarden.flush()
  expect(await db('key_usage').where({ key_id: key.id })).toEqual([])
})

test('the last run is in the metrics and in doctor, and the runs of a week in its figures', async () => {
  await house.keywarden.runTimetable()
  const metrics = await (await fetchOperations(`${house.keywarden.url}/metrics`)).text()
  expect(metrics).toMatch(/^keywarden_canary_good 1$/m)
  expect(metrics).toMatch(/^keywarden_canary_verifiers 1$/m)
  expect(Number(/^keywarden_canary_confirmation_seconds (\S+)$/m.exec(metrics)?.[1])).toBeGreaterThan(0)
  expect(Number(/^keywarden_canary_age_seconds (\S+)$/m.exec(metrics)?.[1])).toBeLessThan(3_600)
  const env = { DATABASE_URL: house.world.config.databaseUrl, KEYWARDEN_OPERATIONS_TOKEN: operationsToken }
  const { out } = await shell(['doctor'], { ...env, ...configured })
  expect(out).toMatch(
    /ok {4}Canary {4}the run of .* UTC: 1 verifier judged it as they should; its end was confirmed within/,
  )
  expect((await shell(['doctor'], env)).out).not.toContain('Canary')

  const { db } = house.world
  const { began_at: beganAt, workspace_id: id } = await lastRun()
  const { account_id: accountId } = await db('workspaces').where({ id }).first()
  const later = new Date(beganAt.getTime() + 1)
  const week = await weekOfCanary(db, accountId, new Date(0), later)
  expect(week).toEqual({ runs: week!.runs, good: week!.runs, longestMs: expect.any(Number) })
  expect(await weekOfCanary(db, accountId, later, new Date(later.getTime() + 1))).toBeUndefined()
})

test('a verifier that keeps what it should forget is one critical alert, which a good run resolves', async () => {
  const bad = await place({}, forgetful.main)
  await house.keywarden.runTimetable()
  expect(await lastRun()).toMatchObject({
    ...{ outcome: 'wrong', verifiers: 1 },
    faults: [{ what: 'answer', verifier: bad.name, stage: 'ended', code: 'VALID' }],
  })
  await house.keywarden.runTimetable()
  const during = await shown()
  expect(during).toHaveLength(1)
  expect(during[0]).toMatch(/^🔴 Critical · The canary .* was not judged as it should be\./)
  expect(during[0]).toContain(`The verifier ${bad.name} still accepted it after its end was confirmed.`)
  expect(during[0]).not.toMatch(/Rotate|Deactivate/)
  const { out, code } = await shell(['doctor'], {
    DATABASE_URL: house.world.config.databaseUrl,
    ...configured,
  })
  expect({ code, out }).toMatchObject({
    code: 1,
    out: expect.stringMatching(/FAIL {2}Canary .* was wrong: The verifier .* still accepted it/),
  })
  expect(await (await fetchOperations(`${house.keywarden.url}/metrics`)).text()).toMatch(
    /^keywarden_canary_good 0$/m,
  )

  await bad.end()
  placed.splice(0)
  await house.keywarden.runTimetable()
  const [after, ...more] = await shown()
  expect(more).toEqual([])
  expect(after).toContain('was followed by a canary that every verifier judged as it should.')
})

test('a verifier whose process is suspended is late, and a good run resolves the alert', async () => {
  const suspended = await place({ KEYWARDEN_LEASE: '10s' })
  await house.keywarden.runTimetable()
  expect(await lastRun()).toMatchObject({ outcome: 'good', verifiers: 2 })
  const before = (await shown()).length
  suspended.stop()
  limits = { answerMs: 4_000, confirmMs: 60_000 }
  await house.keywarden.runTimetable()
  limits = undefined
  const run = await lastRun()
  expect(run).toMatchObject({ outcome: 'late', verifiers: 1 })
  expect(run.faults).toContainEqual({ what: 'silent', verifier: suspended.name, stage: 'alive' })
  const [during, ...others] = (await shown()).slice(before)
  expect(others).toEqual([])
  expect(during).toMatch(/^🔴 Critical · The canary .* was not judged as it should be\./)
  expect(during).toContain(`The verifier ${suspended.name} did not judge it before its end.`)

  suspended.resume()
  await house.keywarden.runTimetable()
  expect(await lastRun()).toMatchObject({ outcome: 'good' })
  const [after, ...more] = (await shown()).slice(before)
  expect(more).toEqual([])
  expect(after).toContain('was followed by a canary that every verifier judged as it should.')
})

test.each(['active', 'revoked'] as const)(
  'a run that a worker left with a key that is %s is late, and the next goes on',
  async (status) => {
    const { db, clock } = house.world
    const { workspace_id: workspaceId } = await lastRun()
    const [keyId] = await plant(house.world, workspaceId, [{ name: `Canary left ${status}`, status }])
    const id = `cny_left_${status}`
    await db('canary_runs').insert({
      ...{ id, workspace_id: workspaceId, key_id: keyId },
      ...{ began_at: clock.now(), stage: status === 'active' ? 'alive' : 'ended' },
    })
    expect(await runCanary(house.world)).toBe('good')
    expect(await db('canary_runs').where({ id }).first()).toMatchObject({
      ...{ outcome: 'late', verifiers: 0 },
      faults: [{ what: 'unfinished' }],
    })
    expect(await db('keys').where({ id: keyId }).first()).toMatchObject({ status: 'revoked' })
  },
)

test('without its variable there is no canary, and runs are forgotten after five weeks', async () => {
  const { world } = house
  const config = { ...world.config, canaryWorkspace: undefined }
  const before = await world.db('canary_runs').count()
  expect(await runCanary({ ...world, config })).toBeUndefined()
  expect(await world.db('canary_runs').count()).toEqual(before)
  await forgetRuns(world.db, new Date(world.clock.now().getTime() + 36 * 86_400_000))
  expect(await world.db('canary_runs')).toEqual([])
  expect(await world.db('canary_answers')).toEqual([])
})
