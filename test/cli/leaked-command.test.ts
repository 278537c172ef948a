import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Asking, openAsking } from '../setup/asking.ts'
import { keywarden } from '../setup/shell.ts'

let asking: Asking
let env: Record<string, string>
beforeAll(async () => {
  asking = await openAsking()
  env = { DATABASE_URL: asking.records.database.url, KEYWARDEN_LEASE: '2s' }
})
afterAll(() => asking.drop())

const leaked = (typed: string, ...args: string[]) => keywarden(['keys', 'leaked', ...args], env, typed)

test('tokens on standard input are reported, and policy is carried out and confirmed before the command ends', async () => {
  const { records, ask } = asking
  const policy = JSON.stringify({ leaked: { person: { write: 'quarantine' }, scanner: {}, pasted: {} } })
  await records.world.db('workspaces').update({ policy })
  const reading = await records.key({ name: 'Reading' })
  const writing = await records.key({ name: 'Writing', scopes: ['read', 'write'] })
  expect((await ask(writing.token.open())).code).toBe('VALID')
  const typed = `${reading.token.open()}\nKEY=${writing.token.open()}\ntml_${'x'.repeat(38)}\n`
  const { code, out, err } = await leaked(typed, '--where', 'a log of the build')
  expect({ code, err }).toEqual({ code: 0, err: '1 of 3 are no live key here.\n' })
  expect(out).toMatch(/^Reading \(tml_....\.\.\.\): reported; it still works\./m)
  expect(out).toMatch(/^Writing \(tml_....\.\.\.\): reported; deactivated, as policy says\.$/m)
  expect(out).toMatch(/1 of 1 server confirmed in .*; every request from now on is refused\.\n$/)
  expect((await ask(writing.token.open())).code).toBe('INACTIVE')
  expect((await ask(reading.token.open())).code).toBe('VALID')
  for (const { token } of [reading, writing]) expect(out + err).not.toContain(token.open())
  const findings = await records.world.db('findings').where({ kind: 'leaked' }).select('facts')
  expect(findings.map(({ facts }) => facts.places[0].where)).toEqual(Array(2).fill('a log of the build'))
})

test('a hint is reported and ends nothing; nothing at all is refused', async () => {
  const { key } = await asking.records.key({ name: 'Hinted', scopes: ['write'] })
  const hinted = await leaked(`${key.hint}\n`)
  expect(hinted).toMatchObject({ code: 0, out: expect.stringContaining('it still works') })
  expect(await leaked('\n')).toMatchObject({
    code: 1,
    out: '',
    err: 'There was no token or hint on standard input.\n',
  })
})
