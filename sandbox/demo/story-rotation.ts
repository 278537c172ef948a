import type { Message } from 'local-slack/contract'
import { messagesIn, topModal } from 'local-slack/inspect'
import type { PersonClient } from 'local-slack/person'
import { makeKey, openDialog, press, pressIn, said, security, submitAndSee, tokenIn } from '../acting.ts'
import { eventually, reads, type Scene, type Step, same, Unexpected } from './step.ts'

const name = 'Rotating Door'
const underWay = 'Zendesk Sync'

/** A key is replaced while its systems go on working. */
export const rotation: readonly Step[] = [
  {
    promises:
      '#security-alerts shows a rotation: who is next, both keys per hour, who is still on the old one',
    walk: trackerShows,
  },
  { promises: 'to finish it early names the program that would fail', walk: earlyNames },
  { promises: '/keys rotate: the new key is shown to its owner, and both work', walk: bothWork },
  { promises: 'Abort asks, since the new key is in use; then it gets 401 and the old one 200', walk: abort },
]

async function trackerShows({ as }: Scene): Promise<void> {
  const words = said(await tracker(as('manager'), underWay, /Still on the old key/))
  reads(words, /Reveal > Switch > Silent > Finish\. Next:/, /10\.2\.3\.0\/24, python-requests: \d+ requests/)
  reads(words, 'Requests per hour', '24 hours')
}

async function earlyNames({ as }: Scene): Promise<void> {
  const manager = as('otherManager')
  await press(manager, await tracker(manager, underWay, /Still on/), 'Finish early')
  const asked = await dialog(manager, /These will start failing/)
  reads(said(asked.blocks), 'python-requests')
  await manager.close(asked.id)
}

async function bothWork({ as, curl, tokens }: Scene): Promise<void> {
  const manager = as('manager')
  tokens.set(name, await makeKey(manager, { name }))
  const started = await submitAndSee(manager, await openDialog(manager, `rotate ${name}`), {})
  await pressIn(manager, started, 'Reveal key')
  const shown = await dialog(manager, /Shown once/)
  tokens.set(`${name} (new)`, tokenIn(shown.blocks))
  await pressIn(manager, shown, 'I have saved it')
  await manager.close((await dialog(manager, /saved|is ready|works/i)).id)
  same('status of the old key', await curl(name), 200)
  same('status of the new key', await curl(`${name} (new)`), 200)
}

async function abort({ demo, as, curl }: Scene): Promise<void> {
  const manager = as('manager')
  await eventually(async () => {
    await demo.house.keywarden.runTimetable()
    if (!(await isUsed(demo))) throw new Unexpected('the new key in use', 'no use of it')
  }, 15)
  await press(manager, await tracker(manager, name, /Rotating/), 'Abort')
  const asked = await dialog(manager, /is in use/)
  reads(said((await submitAndSee(manager, asked, {})).blocks), 'Aborted the rotation')
  same('status of the new key', await curl(`${name} (new)`), 401)
  same('status of the old key', await curl(name), 200)
}

/** Counts are written each second. */
const isUsed = async ({ house }: Scene['demo']): Promise<boolean> =>
  (await house.world
    .db('rotations')
    .whereNull('ended_at')
    .whereNotNull('used_at')
    .join('keys', 'keys.id', 'rotations.successor_id')
    .where({ name })
    .first('rotations.id')) !== undefined

const tracker = (who: PersonClient, key: string, words: RegExp): Promise<Message> =>
  who.waitFor((screen) =>
    messagesIn(screen, security).findLast(
      (one) =>
        !one.threadTs && said(one).includes(key) && words.test(said(one)) && /Rotating/.test(said(one)),
    ),
  )

const dialog = (who: PersonClient, words: RegExp) =>
  who.waitFor((screen) => {
    const top = topModal(screen)
    return top && words.test(said(top.blocks)) && top
  })
