import { perform } from '../../src/acts/perform.ts'
import { readConfig } from '../../src/foundation/config.ts'
import { openDatabase } from '../../src/foundation/database.ts'
import { openLog } from '../../src/foundation/log.ts'
import { systemRandom } from '../../src/foundation/random.ts'
import { openWebClient } from '../../src/foundation/slack.ts'
import type { World } from '../../src/foundation/world.ts'
import { startWatching } from '../../src/leases/confirm.ts'
import { deliverWaiting } from '../../src/notifications/deliver.ts'
import { refreshMessages } from '../../src/notifications/refresh.ts'
import { confirmRotations } from '../../src/rotation/confirm.ts'
import { finishRotation } from '../../src/rotation/end.ts'
import { startRotation } from '../../src/rotation/start.ts'
import { workOnRotations } from '../../src/rotation/work.ts'
import { slackChannel } from '../../src/slack/post-messages.ts'
import { sources } from '../../src/slack/sources.ts'
import { allWorkspaces } from '../../src/workspaces/workspace.ts'

/**
 * One thing that a bot or a worker does for a rotation (`start KEY`, `finish ROTATION`, `work`), in a process of its own
 * that dies by SIGKILL at the statement that `DIES_AT` counts to, before the database has seen it.
 */
const [what, id = ''] = process.argv.slice(2)
const { DIES_AT, AHEAD_MS, ACTOR = '' } = process.env
const config = readConfig(process.env, ['worker'])
const db = openDatabase(config.databaseUrl, { connections: 4, name: 'dies' })
const log = openLog({ level: 'silent', tokenPrefix: config.tokenPrefix })
const clock = { now: () => new Date(Date.now() + Number(AHEAD_MS)) }
const world: World = { config, db, log, clock, random: systemRandom }
let statements = 0
db.on('query', () => {
  if (++statements === Number(DIES_AT)) process.kill(process.pid, 'SIGKILL')
})
const watching = startWatching(world)
const [workspace] = await allWorkspaces(db)
const actor = { kind: 'member', id: ACTOR, role: 'manager', workspaceId: workspace!.id } as const
if (what === 'start')
  await perform(world, actor, (act) =>
    startRotation(act, workspace!, id, { reason: 'scheduled' }, world.random),
  )
if (what === 'finish') {
  await perform(world, actor, (act) => finishRotation(act, workspace!.id, id, { early: false }))
  await confirmRotations(world, { id, withinMs: 5_000 })
}
if (what === 'work') {
  await workOnRotations(world)
  const messenger = { world, channel: slackChannel(openWebClient(world), log), sources }
  await refreshMessages(messenger)
  await deliverWaiting(messenger)
}
await watching.stop()
await db.destroy()
