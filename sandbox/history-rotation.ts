import type { Refusal } from '../src/foundation/refusal.ts'
import type { Act } from '../src/members/actor.ts'
import { startRotation } from '../src/rotation/start.ts'
import { people } from './acting.ts'
import { habitOf, type Program, requestOf, zendesk } from './customers.ts'
import type { Client } from './history.ts'
import type { House } from './house.ts'
import { revealShown } from './reveal-shown.ts'

/** The dependencies of this part of the demo's past. */
type Deps = {
  house: House
  /** when the past ends */
  today: Date
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

export const hoursOfToday = hours.length

export type Successor = { id: string }

/** A rotation begins: the new key waits for its owner. */
export async function beginRotation(deps: Deps): Promise<Successor> {
  const { house, key, workspace, done } = deps
  const { successor } = await done((act) =>
    startRotation(act, workspace, key.id, { reason: 'scheduled' }, house.world.random),
  )
  await house.keywarden.runTimetable()
  return successor
}

/**
 * The hours until now: the new key is revealed, most of the traffic moves, and one program has been forgotten. `others`
 * live through their part of each hour. Returns the program that goes on working.
 */
export async function liveThroughHours(
  deps: Deps,
  successor: Successor,
  others: (share: readonly [number, number]) => Promise<void>,
): Promise<Client> {
  const { house, today, key, moveTo } = deps
  const hoursAgo = (n: number) => new Date(today.getTime() - n * hourMs)
  let fresh = ''
  for (const [i, [main, forgotten, moved]] of hours.entries()) {
    if (i === 1) {
      moveTo(hoursAgo(hours.length - 1.6))
      fresh = await revealed(deps, successor)
    }
    moveTo(hoursAgo(hours.length - 1 - i + 0.02))
    const wanted = [
      ...Array.from({ length: main }, () => [key.token, zendesk.main] as const),
      ...Array.from({ length: forgotten }, () => [key.token, zendesk.forgotten] as const),
      ...Array.from({ length: moved }, () => [fresh, zendesk.main] as const),
    ]
    await Promise.all(wanted.map(([bearer, from], n) => ask(house, bearer, from, n)))
    await others([i, hours.length])
  }
  const habit = { calls: habitOf(key.name).calls, programs: [zendesk.main] }
  return { name: `${key.name} (new key)`, token: fresh, habit, requestsADay: 4 }
}

async function revealed({ house, workspace, done }: Deps, successor: Successor): Promise<string> {
  const { random, config } = house.world
  const shown = { random, tokenPrefix: config.tokenPrefix, timeZone: workspace.policy.timeZone }
  const { token } = await done((act) => revealShown(act, workspace.id, successor.id, shown))
  return token.open()
}

async function ask({ platform }: House, bearer: string, from: Program, n: number): Promise<void> {
  const { calls } = habitOf(rotated.key)
  const status = await platform.receive(requestOf({ calls, programs: [from] }, n, bearer))
  if (status === 401 || status === 403 || status === 503)
    throw new Error(`A request of the demo's rotation was answered ${status}`)
}

/** The key of the demo's past that is being rotated, whose it is, and since when. */
export const rotated = { key: 'Zendesk Sync', by: people.otherManager, daysAgo: 2 } as const
