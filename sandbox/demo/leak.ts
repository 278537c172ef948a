import { advance } from 'local-slack/person'
import type { Client } from '../history.ts'
import type { House } from '../house.ts'
import { eventually, Unexpected } from './step.ts'

/** Somebody who found the key, in a network and with a program that no customer uses. */
const thief = { 'x-forwarded-for': '198.18.66.77', 'user-agent': 'python-urllib3/2.2' }
export const leaked = 'Salesforce CRM'
const requests = 1_200
const atOnce = 40
const bucketMinutes = 5
/** The detector looks at whole five minutes, a minute after their end. */
const laterMinutes = bucketMinutes + 2
/** How far a leak moves the calendar at most. */
export const leakMinutes = laterMinutes + bucketMinutes

/**
 * Somebody else uses a customer's key, much and at once, through the platform's public API; then the calendar moves on
 * until the detector has seen it. It begins with five minutes of the clock, so that it is not alerted in two halves.
 */
export async function leak(house: House, clients: readonly Pick<Client, 'name' | 'token'>[]): Promise<void> {
  const { token } = clients.find((client) => client.name === leaked)!
  const before = await countOf(house, leaked)
  const minutes = house.calendar.now().getTime() / 60_000
  house.calendar.advance({ days: 0, minutes: bucketMinutes - (minutes % bucketMinutes) })
  for (let sent = 0; sent < requests; sent += atOnce)
    await Promise.all(
      Array.from({ length: atOnce }, async () => {
        const headers = { authorization: `Bearer ${token}`, ...thief }
        const response = await fetch(`${house.platform.url}/v1/contacts`, { headers })
        await response.arrayBuffer()
      }),
    )
  await eventually(async () => {
    await house.keywarden.flush()
    const counted = (await countOf(house, leaked)) - before
    if (counted < requests) throw new Unexpected(`${requests} requests counted`, String(counted))
  }, 60)
  await advance(house.slack.url, { advanceMinutes: laterMinutes })
}

async function countOf({ world }: House, name: string): Promise<number> {
  const row = await world
    .db('key_usage')
    .join('keys', 'keys.id', 'key_usage.key_id')
    .where({ 'keys.name': name })
    .whereNot({ 'keys.status': 'revoked' })
    .max('requests as requests')
    .first()
  return Number(row?.requests ?? 0)
}
