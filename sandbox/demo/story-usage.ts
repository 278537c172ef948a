import type { Message } from 'local-slack/contract'
import { findButton, messagesIn } from 'local-slack/inspect'
import type { PersonClient } from 'local-slack/person'
import { answerTo, press, said } from '../acting.ts'
import { eventually, reads, type Scene, type Step, same, Unexpected } from './step.ts'

const name = 'Salesforce CRM'

/** The use of a key that a manager sees, against the platform's own count. */
export const usage: readonly Step[] = [
  {
    promises: '/keys usage: requests, refusals, failures and endpoints are what the platform itself counted',
    walk: figuresAreTrue,
  },
  {
    promises: 'with a picture, networks, clients and the last requests; the last 7 days a click away',
    walk: allIsShown,
  },
]

type Tally = { requests: number; refused: number; failed: number; endpoints: Map<string, number> }

/** Of one token, by the platform's own book. A request that it refused was never let through. */
function platformCounted({ demo }: Scene): Tally {
  const { token } = demo.clients.find((client) => client.name === name)!
  const tally: Tally = { requests: 0, refused: 0, failed: 0, endpoints: new Map() }
  for (const [whom, times] of demo.house.platform.answeredTo) {
    const [key, method, path = '', status] = whom.split(' ')
    if (key !== token) continue
    tally.requests += times
    if (status === '401' || status === '403') tally.refused += times
    if (status === '404' || status === '500') tally.failed += times
    const endpoint = `${method} ${path.replace(/(contacts)\/.+/, '$1/{id}')}`
    tally.endpoints.set(endpoint, (tally.endpoints.get(endpoint) ?? 0) + times)
  }
  return tally
}

const written = (n: number) => n.toLocaleString('en-US')

/** Counts are written each second. */
async function figuresAreTrue(scene: Scene): Promise<void> {
  const manager = scene.as('manager')
  const { requests, refused, failed, endpoints } = platformCounted(scene)
  await eventually(async () =>
    reads(
      said(await answerTo(manager, `usage ${name} 90d`)),
      `${written(requests)} requests in the last 90 days`,
      `${written(requests - refused - failed)} of ${written(requests)} requests succeeded`,
      `${failed} failed, ${refused} were refused`,
    ),
  )
  const words = said(await panel(manager, '90 days'))
  for (const [endpoint, times] of endpoints) reads(words, `${endpoint} ${written(times)} (`)
}

async function allIsShown({ as }: Scene): Promise<void> {
  const manager = as('manager')
  const quarter = await panel(manager, '90 days')
  await press(manager, quarter, '7 days')
  const week = await panel(manager, '7 days')
  same('the message', week.ts, quarter.ts)
  const picture = week.blocks.find((block) => block.type === 'image')
  if (!picture) throw new Unexpected('a picture', said(week))
  reads(picture.alt_text, 'Requests of the last 7 days: succeeded ')
  reads(
    said(week),
    /\d+ requests in the last 7 days, .+ in the 7 days before \(\d+\)/,
    /\d+ of \d+ requests succeeded/,
  )
  reads(said(week), 'From 3 networks:', '198.51.100.0/24', 'By 2 clients:', 'salesforce-connector')
  reads(
    said(week),
    'First used on',
    'Last requests',
    /200 succeeded GET \S+ 198\.51\.10[01]\.0\/24 salesforce-connector/,
  )
}

const panel = (who: PersonClient, range: string): Promise<Message> =>
  who.waitFor((screen) =>
    screen.channels
      .filter(({ kind }) => kind === 'dm')
      .flatMap(({ id }) => messagesIn(screen, id))
      .findLast(
        (one) =>
          findButton(one.blocks, 'Export CSV') !== undefined &&
          said(one).includes(name) &&
          said(one).includes(`in the last ${range}`),
      ),
  )
