import { perform } from '../../src/acts/perform.ts'
import { makeConnection } from '../../src/directory/connections.ts'
import { isRefusal } from '../../src/foundation/refusal.ts'
import type { World } from '../../src/foundation/world.ts'
import { sign } from '../../src/offboarding/request-by-webhook.ts'
import type { Workspace } from '../../src/workspaces/workspace.ts'

export type EntryPoint = 'scim' | 'webhook'
export type Leaver = { userId: string; email: string }
/** One request that says that they leave; its HTTP status. */
export type Send = (leaver: Leaver) => Promise<number>
type Served = { world: World; workspace: Workspace; url: string }

async function connect({ world, workspace }: Served, kind: EntryPoint) {
  const made = await perform(world, { kind: 'operator', id: 'bench' }, (act) =>
    makeConnection(act, workspace, kind, world),
  )
  if (isRefusal(made)) throw new Error(`refused: ${JSON.stringify(made.message)}`)
  return made
}

/** A directory in which all of them work. */
export async function openScim(served: Served, people: readonly Leaver[]): Promise<Send> {
  const { secret } = await connect(served, 'scim')
  const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/scim+json' }
  const ask = (method: string, path: string, body: unknown) =>
    fetch(`${served.url}/scim/v2${path}`, { method, headers, body: JSON.stringify(body) })
  const ids = new Map<string, string>()
  for (const { email } of people) {
    const response = await ask('POST', '/Users', { userName: email, active: true })
    ids.set(email, ((await response.json()) as { id: string }).id)
  }
  const left = { Operations: [{ op: 'replace', value: { active: false } }] }
  return async ({ email }) => read(await ask('PATCH', `/Users/${ids.get(email)}`, left))
}

export async function openWebhook(served: Served): Promise<Send> {
  const { connection, secret } = await connect(served, 'webhook')
  return async ({ userId }) => {
    const body = JSON.stringify({ user: userId })
    const timestamp = String(Math.floor(Date.now() / 1000))
    const headers = {
      'idempotency-key': userId,
      'x-keywarden-connection': connection.id,
      'x-keywarden-timestamp': timestamp,
      'x-keywarden-signature': `v1=${sign(secret, timestamp, body)}`,
    }
    return read(await fetch(`${served.url}/v1/offboardings`, { method: 'POST', headers, body }))
  }
}

async function read(response: Response): Promise<number> {
  await response.arrayBuffer()
  return response.status
}
