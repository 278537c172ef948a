import { type PersonClient, person } from 'local-slack/person'
import { afterAll, beforeAll } from 'vitest'
import { timetable } from '../../jobs/timetable.ts'
import { people } from '../../sandbox/acting.ts'
import { openCalendar } from '../../sandbox/calendar.ts'
import { type House, type HouseOptions, openHouse } from '../../sandbox/house.ts'
import { freshDatabase } from './database.ts'
import { freshRedis } from './redis.ts'

export {
  answerTo,
  choose,
  fillAndCreate,
  general,
  makeKey,
  openDialog,
  people,
  press,
  pressIn,
  said,
  security,
  submit,
  submitAndSee,
  tokenIn,
} from '../../sandbox/acting.ts'

export type TestHouse = House & { as(who: keyof typeof people): PersonClient; drop(): Promise<void> }

/** A Wednesday: nothing of the week falls due by itself, whatever day the tests run on. */
const aQuietHour = new Date('2026-11-25T10:00:00Z')

/** What runs every ten seconds runs each second: nobody waits for it longer than for Slack. */
const impatient = timetable.map((job) => ({ ...job, cron: job.cron.replace(/^\S+\/10 /, '* ') }))

type HouseInTest = Omit<HouseOptions, 'databaseUrl' | 'redisUrl'> & {
  /** another way to the same database */
  by?: (databaseUrl: string) => Promise<string>
}

/** A house of its own for one test file, with the manager made one. */
export async function testHouse({ by, ...options }: HouseInTest = {}): Promise<TestHouse> {
  const [database, redis] = await Promise.all([freshDatabase(), freshRedis()])
  const calendar = openCalendar(aQuietHour)
  const databaseUrl = by ? await by(database.url) : database.url
  const house = await openHouse({
    ...{ databaseUrl, redisUrl: redis.url, calendar, timetable: impatient },
    ...options,
  })
  await setRole(house, people.manager, 'manager')
  await setRole(house, people.otherManager, 'manager')
  return {
    ...house,
    as: (who) => person(house.slack.url, people[who]),
    async drop() {
      await house.close()
      await Promise.all([database.drop(), redis.drop()])
    },
  }
}

/** The house of the test file that called `useHouse`, from its first hook on. */
export let house: TestHouse

/** Opens `house` before the tests of a file, and drops it after them and after every hook that was added later. */
export function useHouse(options?: Parameters<typeof testHouse>[0]): void {
  beforeAll(async () => {
    house = await testHouse(options)
  })
  afterAll(() => house.drop())
}

/** Sets a role behind the product's back, as a test's beginning. */
export async function setRole({ world }: House, userId: string, role: string): Promise<void> {
  const now = world.clock.now()
  const [workspace] = await world.db('workspaces').orderBy('created_at').limit(1)
  await world
    .db('members')
    .insert({ workspace_id: workspace.id, user_id: userId, role, added_at: now, changed_at: now })
    .onConflict(['workspace_id', 'user_id'])
    .merge({ role })
}

/** Asks the toy platform, as a client of it would. */
export async function callPlatform(house: House, token: string, path = '/v1/contacts'): Promise<number> {
  const response = await fetch(house.platform.url + path, { headers: { authorization: `Bearer ${token}` } })
  await response.text()
  return response.status
}

/** Waits until this many requests are in the database; counters write each second. */
export async function counted({ world }: House, requests: number): Promise<void> {
  const deadline = performance.now() + 40_000
  for (;;) {
    const [row] = await world.db('key_usage').sum({ total: 'requests' })
    if (Number(row?.total) >= requests) return
    if (performance.now() > deadline)
      throw new Error(`${requests} requests expected, ${row?.total ?? 0} counted`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
