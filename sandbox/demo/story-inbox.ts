import type { Message } from 'local-slack/contract'
import { findButton, messagesIn, topModal } from 'local-slack/inspect'
import { answerTo, openDialog, people, press, said, security, submitAndSee } from '../acting.ts'
import { reads, type Scene, type Step, same, Unexpected } from './step.ts'

const wished = 'Typeform Export'

/** What waits for a person, and a request of which less is granted than was asked. */
export const inbox: readonly Step[] = [
  { promises: 'the inbox equals what the channel has open', walk: inboxIsTheChannel },
  {
    promises: 'a manager grants less than was asked, and the requester reads what was granted',
    walk: narrowed,
  },
]

/** Each alert of the channel that still has buttons is in the inbox, and the inbox has no other. */
async function inboxIsTheChannel({ as }: Scene): Promise<void> {
  const manager = as('manager')
  const inChannel = messagesIn(await manager.screen(), security).filter((one) => !one.threadTs)
  let page = await answerTo(manager, 'inbox alerts')
  const listed = findingsIn(page)
  for (let pages = 1; findButton(page.blocks, 'Next'); pages++) {
    const before = page
    await press(manager, page, 'Next')
    page = await manager.waitFor((screen) =>
      messagesIn(screen, before.channel).find((one) => one.ts === before.ts && said(one) !== said(before)),
    )
    for (const id of findingsIn(page)) listed.add(id)
    if (pages > 50) throw new Unexpected('an end of the inbox', said(page))
  }
  const open = new Set(inChannel.flatMap((one) => [...findingsIn(one)]))
  same('findings in the inbox', [...listed].sort().join(' '), [...open].sort().join(' '))
}

/** The findings that the buttons and menus of a message act on. */
const findingsIn = ({ blocks }: Message): Set<string> =>
  new Set([...JSON.stringify(blocks).matchAll(/\bfnd_[0-9a-z]+/g)].map(([id]) => id))

async function narrowed({ as }: Scene): Promise<void> {
  const [member, manager] = [as('otherMember'), as('manager')]
  const form = await openDialog(member, `request ${wished}`)
  const sent = await submitAndSee(member, form, { scopes: ['read', 'write'], reason: 'A weekly export' })
  await member.close(sent.id)
  const request = await manager.waitFor((screen) =>
    messagesIn(screen, security).findLast((one) => said(one).includes(`requests a key for ${wished}`)),
  )
  await press(manager, request, 'Approve less')
  const less = await manager.waitFor((screen) => (topModal(screen)?.submit ? topModal(screen) : undefined))
  const done = await submitAndSee(manager, less, { scopes: ['read'], expires: '30' })
  reads(said(done.blocks), wished, 'read, 30 days')
  await manager.close(done.id)
  const told = await member.waitFor((screen) =>
    screen.channels
      .filter(({ kind }) => kind === 'dm')
      .flatMap(({ id }) => messagesIn(screen, id))
      .find((one) => said(one).includes(`approved ${wished} with less than you asked for`)),
  )
  reads(said(told), people.manager, 'read, 30 days', 'read, write, 90 days')
}
