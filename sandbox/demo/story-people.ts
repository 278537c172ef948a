import type { Message } from 'local-slack/contract'
import { findButton, messagesIn, topModal } from 'local-slack/inspect'
import type { PersonClient } from 'local-slack/person'
import { answerTo, general, openDialog, people, press, said, security, submitAndSee } from '../acting.ts'
import { reads, type Scene, type Step, same } from './step.ts'

/** The keys of people: owners confirm theirs in a review, and people who leave keep none. */
export const review: readonly Step[] = [
  {
    promises: 'a review asks each owner, and shows in #security-alerts how many answered',
    walk: reviewIsAnswered,
  },
]

export const offboarding: readonly Step[] = [
  {
    promises: '/keys offboard: seven keys, what happens to each before it happens, and a report',
    walk: leaverGoes,
  },
  { promises: 'who has left may do nothing any more', walk: leaverMayNothing },
]

async function reviewIsAnswered({ demo, as }: Scene): Promise<void> {
  const manager = as('manager')
  reads(said(await answerTo(manager, 'review start')), 'The review has begun.')
  await demo.house.keywarden.runTimetable()
  const asked = await manager.waitFor((screen) =>
    messagesIn(screen, demo.house.slack.dmOf(people.manager).id).findLast(
      (one) =>
        said(one).includes('Which of your keys in Production') && findButton(one.blocks, 'Still needed'),
    ),
  )
  await press(manager, asked, 'Still needed')
  // Of a key that can change things a form asks why.
  const [first = ''] = said(asked).split('Still needed')
  if (/write|conversations|agents/.test(first)) {
    const form = await manager.waitFor(
      (screen) => topModal(screen)?.title === 'Still needed' && topModal(screen),
    )
    const noted = await submitAndSee(manager, form, { reason: 'The sync runs every night.' })
    await manager.close(noted.id)
  }
  await inChannel(manager, /^Review of Production.* 1 of \d+ answered/)
}

async function leaverGoes({ as, curl, tokens, demo }: Scene): Promise<void> {
  const owner = as('owner')
  const leaver = people.otherManager
  const form = await openDialog(owner, `offboard <@${leaver}|chidi>`)
  reads(said(form.blocks), /owns or has seen 7 keys/, 'Warehouse ETL', 'Mobile App', 'Intercom Bridge')
  await submitAndSee(owner, form, { successor: people.owner })
  const done = said(await inChannel(owner, new RegExp(`Offboarded ${leaver}: `)))
  reads(done, /\d+ refused/, /\d+ rotating/, /can still use \d+ keys? until/)
  const busy = 'Mobile App'
  tokens.set(busy, demo.clients.find(({ name }) => name === busy)!.token)
  same('status of a busy key in its grace', await curl(busy), 200)
}

async function leaverMayNothing({ as }: Scene): Promise<void> {
  const leaver = as('otherManager')
  await leaver.command({ channel: general, text: '/keys create' })
  await leaver.waitFor((screen) => {
    const dialog = topModal(screen)
    const shown = [...(dialog ? [said(dialog.blocks)] : []), ...messagesIn(screen, general).map(said)]
    return shown.some((words) => words.includes('You have been offboarded'))
  })
}

const inChannel = (who: PersonClient, words: RegExp): Promise<Message> =>
  who.waitFor((screen) =>
    messagesIn(screen, security).findLast((one) => !one.threadTs && words.test(said(one))),
  )
