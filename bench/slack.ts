import { randomBytes } from 'node:crypto'
import { messagesIn, textOf, topModal } from 'local-slack/inspect'
import { type PersonClient, person } from 'local-slack/person'
import { acme } from 'local-slack/seed'
import { general, people } from '../sandbox/acting.ts'
import { openHouse } from '../sandbox/house.ts'
import { insertManyKeys } from '../sandbox/many-keys.ts'
import { emptyRedis } from '../sandbox/services/empty-redis.ts'
import { startPostgres } from '../sandbox/services/postgres.ts'
import { startRedis } from '../sandbox/services/redis.ts'
import { migrate } from '../src/foundation/migrate.ts'
import { administer, databaseUrl } from '../test/setup/administer.ts'
import { percentile, report, rounded } from './table.ts'

/**
 * How long a person waits, from their act at the local Slack to the answer on their screen, with many keys in the
 * workspace and twenty people at it at once; by turns with a workspace of a hundred keys, so that what the machine
 * does meanwhile falls on both. `--keys=N`, `--rounds=N`.
 */
const option = (name: string, otherwise: number) =>
  Number(process.argv.find((one) => one.startsWith(`--${name}=`))?.split('=')[1] ?? otherwise)
const many = option('keys', 100_000)
const rounds = option('rounds', 10)
const users = 20
const limits = { list: 300, filter: 300, search: 300, show: 300, home: 500 } as const
type Deed = keyof typeof limits
const deeds = Object.keys(limits) as Deed[]

const redis = await startRedis({ log: () => undefined })
const postgres = await startPostgres({ durable: false, log: () => undefined })
const houses = [await open(100), await open(many)]
const measured = new Map<string, number[]>()

for (let round = -1; round < rounds; round++)
  for (const house of houses)
    for (const deed of deeds) {
      const times = await Promise.all(house.everyone.map((who, i) => timed(who, deed, house, i)))
      // The first round fills caches and pools, as a bot that runs has them.
      if (round >= 0)
        measured.set(`${deed} ${house.keys}`, [...(measured.get(`${deed} ${house.keys}`) ?? []), ...times])
    }

const table: Record<string, Record<string, number>> = {}
const figures: Record<string, number> = { keys: many, users, rounds }
let ok = true
for (const deed of deeds) {
  const [few, all] = houses.map(({ keys }) => measured.get(`${deed} ${keys}`)!)
  const p99 = percentile(all!, 0.99)
  table[deed] = {
    'p50 ms, 100 keys': percentile(few!, 0.5),
    'p99 ms, 100 keys': percentile(few!, 0.99),
    [`p50 ms, ${many} keys`]: percentile(all!, 0.5),
    [`p99 ms, ${many} keys`]: p99,
    'limit, ms': limits[deed],
  }
  figures[`${deed}P99Ms`] = rounded(p99)
  figures[`${deed}P99WithFewKeysMs`] = rounded(percentile(few!, 0.99))
  figures[`${deed}LimitMs`] = limits[deed]
  ok &&= p99 <= limits[deed]
}
await Promise.all(houses.map((house) => house.close()))
await Promise.all([redis.stop(), postgres.stop()])
report('slack', table, figures, ok)
process.exit()

async function open(keys: number) {
  const database = `keywarden_bench_${randomBytes(4).toString('hex')}`
  await administer(postgres.url, `create database ${database}`)
  const url = databaseUrl(postgres.url, database)
  await migrate(url)
  const empty = await emptyRedis(redis.url)
  const house = await openHouse({ databaseUrl: url, redisUrl: empty.url })
  const { db } = house.world
  const { id } = await db('workspaces').first('id')
  const ids = Array.from({ length: users }, (_, i) => `U0BENCH${String(i).padStart(3, '0')}`)
  const now = house.calendar.now()
  for (const user of ids) {
    const { id: _, ...someone } = acme().people.find((one) => one.id === people.manager)!
    await house.slack.addPerson({ ...someone, id: user, name: user.toLowerCase() })
    await house.slack.addToChannel(general, user)
    await db('members').insert({
      workspace_id: id,
      user_id: user,
      role: 'manager',
      added_at: now,
      changed_at: now,
    })
  }
  await insertManyKeys(db, id, keys, now, ids)
  await db.raw('vacuum analyze keys')
  const names: string[] = (await db('keys').orderBy('id').limit(users).select('name')).map((row) => row.name)
  return {
    keys,
    names,
    reload: house.slack.reload,
    everyone: ids.map((user) => person(house.slack.url, user)),
    async close() {
      await house.close()
      await empty.drop()
    },
  }
}

type Opened = Awaited<ReturnType<typeof open>>

/** Milliseconds from the act to the answer on that person's screen. */
async function timed(who: PersonClient, deed: Deed, house: Opened, i: number): Promise<number> {
  // A screen with the answers of all rounds would be slow to read, which is not what is measured.
  house.reload(who.id)
  const before = await who.screen()
  const received = messagesIn(before, general).length
  const command = (text: string) => who.command({ channel: general, text: `/keys ${text}` })
  const started = performance.now()
  if (deed === 'home') {
    await who.home()
    await who.waitFor(({ home }) => home && home.hash !== before.home?.hash)
  } else if (deed === 'show') {
    await command(`show ${house.names[i]}`)
    await who.waitFor((screen) => {
      const view = topModal(screen)
      return view && view.id !== topModal(before)?.id && textOf(view.blocks).includes(house.names[i]!)
    })
  } else {
    await command({ list: 'list', filter: 'list expiring', search: 'list salesforce' }[deed])
    await who.waitFor((screen) => messagesIn(screen, general)[received])
  }
  return performance.now() - started
}
