import { afterAll, beforeAll, expect, test } from 'vitest'
import { hashToken } from '../../src/keys/token.ts'
import { verify } from '../../src/verification/verify.ts'
import { openRecords, type Records } from '../setup/records.ts'

let records: Records
beforeAll(async () => {
  records = await openRecords()
})
afterAll(() => records.drop())

test('a token of another form is known where keys were adopted, and noise elsewhere', async () => {
  const { world, workspace } = records
  const { key, token } = await records.key({ name: 'Ours' })
  const foreign = 'sk_live_0123456789'
  await world
    .db('keys')
    .where({ id: key.id })
    .update({ token_hash: hashToken(foreign) })
  const ask = (presented: string) => verify(world, workspace.accountId, presented, {})

  expect((await ask(foreign)).code).toBe('MALFORMED')
  await world.db('accounts').where({ id: workspace.accountId }).update({ foreign_tokens: true })
  expect(await ask(foreign)).toMatchObject({ code: 'VALID', keyId: key.id })
  expect((await ask('sk_live_unknown')).code).toBe('NOT_FOUND')
  expect((await ask(token.open())).code).toBe('NOT_FOUND')
  expect((await verify(world, 'acc_other', foreign, {})).code).toBe('MALFORMED')
})
