import { beforeAll, expect, test } from 'vitest'
import { fetchOperations } from '../../sandbox/operations.ts'
import { lateSentences, readLateness } from '../../src/foundation/lateness.ts'
import { house, useHouse } from '../setup/house.ts'

useHouse()
beforeAll(async () => {
  await house.keywarden.runTimetable()
})

const read = async (path: string) => (await fetchOperations(house.keywarden.url + path)).text()

test('a job that did not run in time is named in readiness and measured, and takes nothing out of service', async () => {
  expect(JSON.parse(await read('/readyz'))).toEqual({ status: 'ready', late: [], failed: [], troubles: [] })
  const { db, clock } = house.world
  const due = new Date(clock.now().getTime() - 3_700_000)
  await db('job_runs').where({ job: 'idle-keys' }).update({ next_due_at: due })
  expect(lateSentences(await readLateness(db, clock.now()))).toEqual([
    expect.stringMatching(/^idle-keys is 37\d\d s late, 900 s are allowed$/),
  ])
  const response = await fetchOperations(`${house.keywarden.url}/readyz`)
  expect(response.status).toBe(200)
  expect(await response.text()).toMatch(/idle-keys is 37\d\d s late/)
  expect(await read('/metrics')).toMatch(/keywarden_job_late_seconds\{job="idle-keys"\} 37\d\d/)
  expect(await read('/metrics')).toMatch(/keywarden_job_late_seconds\{job="rotation-due"\} 0/)
})
