import type { Message } from 'local-slack/contract'
import { messagesIn } from 'local-slack/inspect'
import { advance, type PersonClient, runAction } from 'local-slack/person'
import { press, said, security } from '../acting.ts'
import { leaked } from './leak.ts'
import { eventually, reads, type Scene, type Step, same, Unexpected } from './step.ts'
import { sendFor } from './traffic.ts'

const minutesBefore = 10
const untouched = 60

/** A key in the wrong hands: what the security channel sees, and what stops it and brings it back. */
export const leaks: readonly Step[] = [
  { promises: 'an hour in which customers work as ever alerts nothing', walk: nothingIsAlerted },
  {
    promises: 'a key that leaks ten minutes later raises a critical alert with numbers and a picture',
    walk: leakIsAlerted,
  },
  { promises: 'Quarantine stops the key, and one more click brings it back', walk: quarantineActs },
]

async function nothingIsAlerted({ demo, as }: Scene): Promise<void> {
  const alerts = async () => {
    const shown = messagesIn(await as('manager').screen(), security)
    return shown.filter(
      (one) => !one.threadTs && /unusual|requests? in|busier|no request for/.test(said(one)),
    )
  }
  const before = (await alerts()).length
  await liveOn(demo, untouched)
  same('alerts about use', (await alerts()).length, before)
}

/** Customers go on, and the jobs with them, for as long as that on the calendar. */
async function liveOn({ house, clients }: Scene['demo'], minutes: number): Promise<void> {
  for (let passed = 0; passed < minutes; passed += 5) {
    await sendFor(house.platform.url, clients, 5)
    await advance(house.slack.url, { advanceMinutes: 5 })
  }
}

async function leakIsAlerted({ demo, as, tokens, curl }: Scene): Promise<void> {
  await liveOn(demo, minutesBefore)
  tokens.set(leaked, demo.clients.find(({ name }) => name === leaked)!.token)
  same('status before', await curl(leaked), 200)
  await runAction(demo.house.slack.url)
  const alert = await alertOf(as('manager'), 'requests in five minutes')
  reads(
    said(alert),
    '🔴 Critical · Salesforce CRM may have leaked: ',
    /1,2\d\d requests in five minutes/,
    /× its busiest five minutes/,
    /first seen today/,
  )
  const picture = alert.blocks.find((block) => block.type === 'image')
  if (!picture) throw new Unexpected('a picture of the last days', said(alert))
  reads(picture.alt_text, 'Requests per hour')
}

async function quarantineActs({ as, curl }: Scene): Promise<void> {
  const manager = as('manager')
  await press(manager, await alertOf(manager, 'requests in five minutes'), 'Quarantine key')
  const held = await alertOf(manager, 'is in quarantine: ')
  reads(said(held), manager.id)
  same('status', await curl(leaked), 401)
  await press(manager, held, 'Activate')
  await alertOf(manager, 'activated Salesforce CRM again on')
  await eventually(async () => same('status', await curl(leaked), 200))
}

const alertOf = (who: PersonClient, words: string): Promise<Message> =>
  who.waitFor((screen) =>
    messagesIn(screen, security).find(
      (message) => !message.threadTs && said(message).includes(leaked) && said(message).includes(words),
    ),
  )
