import { afterAll, beforeAll, expect, test } from 'vitest'
import { hashToken } from '../../src/keys/token.ts'
import { type Asking, openAsking } from '../setup/asking.ts'

let asking: Asking
beforeAll(async () => {
  asking = await openAsking()
})
afterAll(() => asking.drop())

test('a token of another form is known where keys were adopted, and noise elsewhere', async () => {
  const { world, workspace } = asking.records
  const { key, token } = await asking.records.key({ name: 'Ours' })
  const foreign = 'sk_live_0123456789'
  await world
    .db('keys')
    .where({ id: key.id })
    .update({ token_hash: hashToken(foreign) })

  expect((await asking.ask(foreign)).code).toBe('MALFORMED')
  await world.db('accounts').where({ id: workspace.accountId }).update({ foreign_tokens: true })
  await asking.confirmed()
  expect(await asking.ask(foreign)).toMatchObject({ code: 'VALID', keyId: key.id })
  expect((await asking.ask('sk_live_unknown')).code).toBe('NOT_FOUND')
  expect((await asking.ask(token.open())).code).toBe('NOT_FOUND')
})

test('an account without adopted keys is told that such a token is noise', async () => {
  const other = await asking.anotherAccount()
  expect((await asking.ask('sk_live_0123456789', {}, other)).code).toBe('MALFORMED')
})
