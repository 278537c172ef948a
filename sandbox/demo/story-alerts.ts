import { Queue } from 'bullmq'
import type { Message } from 'local-slack/contract'
import { messagesIn, topModal } from 'local-slack/inspect'
import { advance, type PersonClient } from 'local-slack/person'
import { makeKey, press, said, security, submitAndSee } from '../acting.ts'
import { reads, type Scene, type Step, same, Unexpected } from './step.ts'

const soon = 'Weekend Import'
const later = 'Quarterly Report'

/** The alerts of the security channel, and the actions on them. */
export const alerts: readonly Step[] = [
  {
    promises: 'a BullMQ job finds a key that expires in a week and posts to #security-alerts',
    walk: jobFinds,
  },
  { promises: "the alert's Deactivate works, and the alert says who did it", walk: alertActs },
]

/** Three months in a moment. */
export const calendar: readonly Step[] = [
  {
    promises: 'moving the calendar past 90 days leads to an alert, and the key is refused',
    walk: calendarMoves,
  },
]

async function jobFinds({ demo, as, tokens }: Scene): Promise<void> {
  const manager = as('manager')
  // A day of its life passes by the calendar alone; then a week is left.
  tokens.set(soon, await makeKey(manager, { name: soon, expires: '8' }))
  demo.house.calendar.advance({ days: 1, minutes: 0 })
  const queue = openQueue(demo.redisUrl)
  try {
    const scheduled = (await queue.getJobSchedulers()).map(({ key }) => key)
    reads(scheduled.join(', '), 'expiring-keys', 'deliver-alerts')
    await queue.add('expiring-keys', {})
    reads(said(await alertAbout(manager, soon)), 'stops working')
  } finally {
    await queue.close()
  }
}

/** The queue of the running worker. Its next tick is up to five minutes away, so the run is asked for now. */
function openQueue(redisUrl: string): Queue {
  const { hostname: host, port, password, pathname } = new URL(redisUrl)
  const connection = { host, port: Number(port || 6379), password, db: Number(pathname.slice(1) || 0) }
  return new Queue('keywarden', { connection, prefix: 'keywarden' })
}

async function alertActs({ as, curl }: Scene): Promise<void> {
  const manager = as('otherManager')
  same('status before', await curl(soon), 200)
  await press(manager, await alertAbout(manager, soon), 'Deactivate')
  const dialog = await manager.waitFor((screen) => (topModal(screen)?.submit ? topModal(screen) : undefined))
  const done = await submitAndSee(manager, dialog, {})
  await manager.close(done.id)
  same('status', await curl(soon), 401)
  const resolved = await alertAbout(manager, soon, 'deactivated Weekend Import on')
  reads(said(resolved), manager.id)
  if (resolved.blocks.some(({ type }) => type === 'actions'))
    throw new Unexpected('no buttons on a settled alert', said(resolved))
}

/** A day more than its life: the jobs of the ninetieth day may run moments before the key ends. */
async function calendarMoves({ demo, as, curl, tokens }: Scene): Promise<void> {
  const manager = as('manager')
  tokens.set(later, await makeKey(manager, { name: later, expires: '90' }))
  same('status before', await curl(later), 200)
  const before = demo.house.calendar.now()
  const { now } = await advance(demo.house.slack.url, { advanceDays: 91 })
  same('days passed', Math.floor((Date.parse(now) - before.getTime()) / 86_400_000), 91)
  const posted = await manager.waitFor((screen) =>
    messagesIn(screen, security).find((message) => /Quarterly Report stopped working/.test(said(message))),
  )
  reads(said(posted), manager.id)
  same('status', await curl(later), 401)
}

/** The alert itself, not the replies in its thread. */
const alertAbout = (who: PersonClient, name: string, words = ''): Promise<Message> =>
  who.waitFor((screen) =>
    messagesIn(screen, security).find(
      (message) => !message.threadTs && said(message).includes(name) && said(message).includes(words),
    ),
  )
