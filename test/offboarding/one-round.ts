import { readConfig } from '../../src/foundation/config.ts'
import { openDatabase } from '../../src/foundation/database.ts'
import { openLog } from '../../src/foundation/log.ts'
import { systemRandom } from '../../src/foundation/random.ts'
import { openWebClient } from '../../src/foundation/slack.ts'
import type { World } from '../../src/foundation/world.ts'
import { startWatching } from '../../src/leases/confirm.ts'
import { deliverWaiting } from '../../src/notifications/deliver.ts'
import { carryOut } from '../../src/offboarding/execute.ts'
import { slackChannel } from '../../src/slack/post-messages.ts'
import { sources } from '../../src/slack/sources.ts'

/**
 * A worker of its own that carries out what waits, and dies by SIGKILL at the statement that `DIES_AT` counts to,
 * before the database has seen it.
 */
const config = readConfig(process.env, ['worker'])
const db = openDatabase(config.databaseUrl, { connections: 4, name: 'dies' })
const log = openLog({ level: 'silent', tokenPrefix: config.tokenPrefix })
const clock = { now: () => new Date(process.env.NOW!) }
const world: World = { config, db, log, clock, random: systemRandom }
const diesAt = Number(process.env.DIES_AT)
let statements = 0
db.on('query', () => {
  if (++statements === diesAt) process.kill(process.pid, 'SIGKILL')
})
const watching = startWatching(world)
const channel = slackChannel(openWebClient(world), log)
await carryOut(world)
await deliverWaiting({ world, channel, sources })
await watching.stop()
await db.destroy()
console.log(`ended after ${statements} statements`)
