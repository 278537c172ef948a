import { createServer } from 'node:net'
import { openLog } from '../../src/foundation/log.ts'
import { type Client, calendarBeforeHistory, liveThroughHistory } from '../history.ts'
import { type House, openHouse } from '../house.ts'
import { leak, leakMinutes } from './leak.ts'
import { openStores } from './stores.ts'

export type Demo = {
  house: House
  /** the programs of customers that use the platform while the demo runs */
  clients: Client[]
  redisUrl: string
  close(): Promise<void>
}

export type DemoOptions = {
  /** called with one line for each step that takes time or changes the machine */
  say: (line: string) => void
  log: { level: string; destination: { write(line: string): void } }
  /** looked at between the steps of the start; what was opened until then is closed again */
  stopped?: AbortSignal
  /** the well-known ports where they are free; otherwise any */
  friendlyPorts?: boolean
  /** when the demo's past ends and its day begins; the real time unless given */
  today?: Date
}

const friendly = { slack: 4100, platform: 4200, keywarden: 4300 }

/** Opens the whole of Keywarden beside a local Slack and a toy platform, with a furnished past. */
export async function openDemo(options: DemoOptions): Promise<Demo> {
  const { say, log, stopped, friendlyPorts = false, today = new Date() } = options
  const closing: (() => Promise<unknown>)[] = []
  const close = async () => {
    for (const step of closing.splice(0).reverse()) await step()
  }
  try {
    const stores = await openStores(say)
    closing.push(stores.close)
    stopped?.throwIfAborted()
    const house = await openHouse({
      ...stores,
      page: true,
      calendar: calendarBeforeHistory(today),
      log: openLog({ ...log, tokenPrefix: 'tml_' }),
      // Three months of alerts in as many seconds: paced like Slack, the last would wait for minutes.
      env: { KEYWARDEN_WORKSPACE: 'Production', KEYWARDEN_SLACK_BURST: '1000' },
      ...(friendlyPorts ? { ports: await freeOnes(friendly) } : {}),
    })
    closing.push(house.close)
    // Slack allows about one post a second; here months pass in seconds.
    house.slack.limitPosts({ perSecond: 1000, burst: 1000 })
    stopped?.throwIfAborted()
    const clients = await liveThroughHistory(house, today)
    house.slack.offerAction({ label: 'Leak a key', minutes: leakMinutes, run: () => leak(house, clients) })
    stopped?.throwIfAborted()
    return { house, clients, redisUrl: stores.redisUrl, close }
  } catch (error) {
    await close()
    throw error
  }
}

type Ports = typeof friendly

/** Each wanted port that nobody listens on; 0, which takes any, for the others. */
async function freeOnes(wanted: Ports): Promise<Ports> {
  const entries = Object.entries(wanted).map(async ([name, port]) => [name, (await isFree(port)) ? port : 0])
  return Object.fromEntries(await Promise.all(entries)) as Ports
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}
