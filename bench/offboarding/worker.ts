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

/** The worker's share, in a process of its own so that its memory is what is measured. Its calendar is told to it. */
let now = new Date(Number(process.env.BENCH_NOW))
const config = readConfig(process.env, ['worker'])
const db = openDatabase(config.databaseUrl, { connections: 6, name: 'bench worker' })
const log = openLog({ level: 'warn', tokenPrefix: config.tokenPrefix })
const world: World = { config, db, log, clock: { now: () => now }, random: systemRandom }
const watching = startWatching(world)
const channel = slackChannel(openWebClient(world), log)

process.on('message', async (message: number | 'stop') => {
  if (message === 'stop') {
    await watching.stop()
    await db.destroy()
    process.exit()
    return
  }
  now = new Date(message)
  await carryOut(world)
  await deliverWaiting({ world, channel, sources })
  process.send!(process.resourceUsage().maxRSS / 1024)
})
// Whoever started it is gone.
process.on('disconnect', () => process.exit())
process.send!(0)
