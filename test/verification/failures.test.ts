import { expect, onTestFinished, test } from 'vitest'
import { openHttp } from '../../src/http/server.ts'
import { openRecords } from '../setup/records.ts'

test('a failure inside says that something went wrong, and not what', async () => {
  const records = await openRecords()
  onTestFinished(() => records.drop())
  const failing = () => {
    throw Object.assign(new Error('connect ECONNREFUSED 10.1.2.3:5432'), { code: 'ECONNREFUSED' })
  }
  const { server } = await openHttp(records.world, {
    readiness: [],
    routes: [(one) => void one.get('/fails', failing)],
  })
  onTestFinished(() => server.close())
  const answer = await server.inject({ url: '/fails' })
  expect([answer.statusCode, answer.json().error.code]).toEqual([500, 'ERROR'])
  expect(answer.body).not.toMatch(/ECONNREFUSED|10\.1\.2\.3/)
})
