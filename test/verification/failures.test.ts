import { expect, onTestFinished, test } from 'vitest'
import { openHttp } from '../../src/http/server.ts'
import { openRecords } from '../setup/records.ts'

test('a failure inside says that something went wrong and not what, and one of the database that it is out', async () => {
  const records = await openRecords()
  onTestFinished(() => records.drop())
  const failing = (error: Error) => () => {
    throw error
  }
  const fault = new TypeError('10.1.2.3 is not a function')
  const outage = Object.assign(new Error('connect ECONNREFUSED 10.1.2.3:5432'), { code: 'ECONNREFUSED' })
  const { server } = await openHttp(records.world, {
    readiness: [],
    routes: [(one) => void one.get('/fails', failing(fault)).get('/out', failing(outage))],
  })
  onTestFinished(() => server.close())
  const answer = await server.inject({ url: '/fails' })
  expect([answer.statusCode, answer.json().error.code]).toEqual([500, 'ERROR'])
  const out = await server.inject({ url: '/out' })
  expect([out.statusCode, out.json().error.code]).toEqual([503, 'UNAVAILABLE'])
  expect(out.headers['retry-after']).toBe('1')
  expect(answer.body + out.body).not.toMatch(/ECONNREFUSED|10\.1\.2\.3/)
})
