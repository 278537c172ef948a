import { afterAll, beforeAll, expect, test } from 'vitest'
import { rememberEmails, userOfEmail } from '../../src/directory/emails.ts'
import { requestByEmail } from '../../src/offboarding/request-by-email.ts'
import { openRecords, type Records } from '../setup/records.ts'
import { shell } from '../setup/shell.ts'

let records: Records
let env: Record<string, string>
beforeAll(async () => {
  records = await openRecords()
  env = { DATABASE_URL: records.database.url }
})
afterAll(() => records.drop())

const email = 'ada@acme.example'
const whose = () => userOfEmail(records.world.db, records.workspace.accountId, [email])
const slackSays = (userId: string) =>
  rememberEmails(records.world.db, records.workspace.accountId, [{ userId, email }], records.calendar.now())

test('an operator says whose an address is, Slack does not overrule it, and taking it back lets Slack say it again', async () => {
  await slackSays('U0WRONG001')
  const set = await shell(['address', 'set', 'Ada@ACME.example', 'U0RIGHT001'], env)
  expect(set).toMatchObject({ code: 0, err: '' })
  expect(set.out).toBe('Ada@ACME.example is the address of U0RIGHT001, no longer of U0WRONG001.\n')
  await slackSays('U0WRONG001')
  expect(await whose()).toBe('U0RIGHT001')
  expect((await shell(['address', 'list'], env)).out).toMatch(
    /^U0RIGHT001 {2}shell {2}\d{4}-\d\d-\d\d {2}ada@acme.example\n$/,
  )
  expect(await shell(['address', 'remove', email], env)).toMatchObject({ code: 0 })
  expect(await whose()).toBeUndefined()
  await slackSays('U0WRONG001')
  expect(await whose()).toBe('U0WRONG001')
  expect(await shell(['address', 'remove', email], env)).toMatchObject({ code: 1 })
  expect((await shell(['address', 'list', 'U0WRONG001'], env)).out).toMatch(/U0WRONG001 {2}slack/)
  const events = await records.world.db('audit_events').whereIn('event', ['address.set', 'address.removed'])
  expect(events.map(({ event, body }) => [event, JSON.parse(body).details.user])).toEqual([
    ['address.set', 'U0RIGHT001'],
    ['address.removed', 'U0RIGHT001'],
  ])
})

test('a leaver who waited for their address is offboarded once an operator names them', async () => {
  const { world, workspace } = records
  const request = { source: 'webhook' as const, reference: 'con_hr', emails: ['waits@acme.example'] }
  const waiting = await records.act((act) => requestByEmail(act, workspace, request, world.random), {
    kind: 'job',
    id: 'webhook',
  })
  expect(waiting.state).toBe('unmatched')
  const set = await shell(['address', 'set', 'waits@acme.example', 'U0WAITS001'], env)
  expect(set.out).toContain('An offboarding that waited for this address goes on.')
  expect(await world.db('offboardings').where({ id: waiting.id }).first('user_id')).toEqual({
    user_id: 'U0WAITS001',
  })
})

test.each([
  ['no address', 'ada', 'U0RIGHT001'],
  ['two', 'a@b@c', 'U0RIGHT001'],
  ['half a character', 'a\ud800@b.example', 'U0RIGHT001'],
  ['no user', email, 'ada'],
])('%s is refused, and says what to give', async (_, address, user) => {
  const ran = await shell(['address', 'set', address, user], env)
  expect([ran.code, ran.err]).toEqual([1, expect.stringMatching(/Give an? /)])
})
