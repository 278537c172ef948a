import type { Refusal } from '../src/foundation/refusal.ts'
import { reveal } from '../src/keys/reveal.ts'
import type { Act } from '../src/members/actor.ts'
import { startRotation } from '../src/rotation/start.ts'
import { people } from './acting.ts'
import type { Client } from './history.ts'
import type { House } from './house.ts'

/** What the demo's past lends to this part of it. */
type Means = {
  house: House
  key: { id: string; name: string; token: string }
  workspace: Parameters<typeof startRotation>[1]
  moveTo(at: Date): void
  /** one act of the key's owner */
  done<T>(act: (act: Act) => Promise<T | Refusal>): Promise<T>
}

const hourMs = 3_600_000

/** Each hour of the last ten: requests with the old key, by the nightly import that nobody has moved yet, and with the new. */
const hours = [
  [5, 0, 0],
  [4, 0, 0],
  [5, 0, 1],
  [3, 1, 2],
  [2, 0, 4],
  [1, 1, 5],
  [0, 0, 6],
  [0, 1, 6],
  [0, 0, 7],
  [0, 1, 5],
] as const

const sources = {
  main: { 'user-agent': 'zendesk-sync/4.2', 'x-forwarded-for': '203.0.113.17' },
  forgotten: { 'user-agent': 'python-requests/2.32', 'x-forwarded-for': '10.2.3.44' },
}

/**
 * A rotation under way: begun two days ago, revealed ten hours ago, most of the traffic has moved, and one program has
 * been forgotten. Returns the programs that go on working.
 */
export async function liveThroughRotation(means: Means): Promise<Client[]> {
  const { house, key, workspace, moveTo, done } = means
  const { random, config } = house.world
  const hoursAgo = (n: number) => new Date(Date.now() - n * hourMs)
  moveTo(hoursAgo(50))
  const { successor } = await done((act) =>
    startRotation(act, workspace, key.id, { reason: 'scheduled' }, random),
  )
  await house.keywarden.runTimetable()
  moveTo(hoursAgo(hours.length - 1.6))
  const shown = { random, tokenPrefix: config.tokenPrefix, timeZone: workspace.terms.timeZone }
  const { token } = await done((act) => reveal(act, workspace.id, successor.id, shown))
  const fresh = token.open()
  for (const [i, [main, forgotten, moved]] of hours.entries()) {
    moveTo(hoursAgo(hours.length - 1 - i + 0.02))
    const wanted = [
      ...Array.from({ length: main }, () => [key.token, sources.main] as const),
      ...Array.from({ length: forgotten }, () => [key.token, sources.forgotten] as const),
      ...Array.from({ length: moved }, () => [fresh, sources.main] as const),
    ]
    await Promise.all(wanted.map(([bearer, from]) => ask(house, bearer, from)))
  }
  return [{ name: 'zendesk-sync 4.2', token: fresh, scopes: ['read'], requestsADay: 4 }]
}

async function ask(house: House, bearer: string, from: Record<string, string>): Promise<void> {
  const headers = { authorization: `Bearer ${bearer}`, ...from }
  const response = await fetch(`${house.platform.url}/v1/contacts`, { headers })
  await response.arrayBuffer()
  if (response.status !== 200)
    throw new Error(`A request of the demo's rotation was answered ${response.status}`)
}

/** The key of the demo's past that is being rotated, and whose it is. */
export const rotated = { key: 'Zendesk Sync', by: people.otherManager } as const
