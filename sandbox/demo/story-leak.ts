import type { Message } from 'local-slack/contract'
import { messagesIn } from 'local-slack/inspect'
import { type PersonClient, runAction } from 'local-slack/person'
import { press, said, security } from '../acting.ts'
import { leaked } from './leak.ts'
import { eventually, reads, type Scene, type Step, same, Unexpected } from './step.ts'

/** A key in the wrong hands: what the security channel sees, and what stops it and brings it back. */
export const leaks: readonly Step[] = [
  { promises: 'a leaked key raises an alert with numbers and a picture', walk: leakIsAlerted },
  { promises: 'Quarantine stops the key, and one more click brings it back', walk: quarantineActs },
]

async function leakIsAlerted({ demo, as, tokens, curl }: Scene): Promise<void> {
  tokens.set(leaked, demo.clients.find(({ name }) => name === leaked)!.token)
  same('status before', await curl(leaked), 200)
  await runAction(demo.house.slack.url)
  const alert = await alertOf(as('manager'), 'requests in five minutes')
  reads(said(alert), /1,2\d\d requests in five minutes/, /× its busiest five minutes/, /first seen today/)
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
  await alertOf(manager, 'Activated again by')
  await eventually(async () => same('status', await curl(leaked), 200))
}

const alertOf = (who: PersonClient, words: string): Promise<Message> =>
  who.waitFor((screen) =>
    messagesIn(screen, security).find(
      (message) => !message.threadTs && said(message).includes(leaked) && said(message).includes(words),
    ),
  )
