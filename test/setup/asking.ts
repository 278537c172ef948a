import type { AddressInfo } from 'node:net'
import { openHttp } from '../../src/http/server.ts'
import { hashToken } from '../../src/keys/token.ts'
import type { Receipt } from '../../src/leases/confirm.ts'
import { openWatcher } from '../../src/leases/watcher.ts'
import { openVerifier, type Verifier } from '../../src/verification/verifier.ts'
import { createServiceToken } from '../../src/workspaces/service-tokens.ts'
import { openRecords, type Records } from './records.ts'

type Answer = { valid: boolean; code: string; keyId?: string; workspace?: string; scopes?: string[] }

/** Records with one verifier behind its HTTP server, asked as the platform asks. */
export type Asking = {
  records: Records
  verifier: Verifier
  url: string
  serviceToken: string
  /** POST /v1/verify; anything but 200 fails the test */
  ask(key: string, question?: Record<string, string>, serviceToken?: string): Promise<Answer>
  /** waits until every change made so far is confirmed */
  confirmed(): Promise<Receipt>
  /** a service token of an account that has nothing */
  anotherAccount(): Promise<string>
  drop(): Promise<void>
}

export async function openAsking(env: Record<string, string> = {}): Promise<Asking> {
  const records = await openRecords({ KEYWARDEN_HTTP_PORT: '0', KEYWARDEN_LEASE: '2s', ...env })
  const { world, workspace } = records
  const watcher = openWatcher(world)
  const verifier = await openVerifier(world)
  const { server } = await openHttp(world, { verifier, readiness: [] })
  const url = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`
  const account = { id: workspace.accountId, workspaceId: workspace.id }
  const made = await records.act((act) => createServiceToken(act, account, 'platform', world.random))

  async function ask(key: string, question: Record<string, string> = {}, serviceToken = made.secret) {
    const response = await fetch(`${url}/v1/verify`, {
      method: 'POST',
      headers: { authorization: `Bearer ${serviceToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ key, ...question }),
    })
    if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`)
    return (await response.json()) as Answer
  }

  async function confirmed() {
    const [row] = await world.db('changes').max({ seq: 'seq' })
    const receipt = await watcher.confirm(row!.seq, 10_000)
    if (receipt.state !== 'confirmed') throw new Error(`not confirmed: ${JSON.stringify(receipt)}`)
    return receipt
  }

  async function anotherAccount() {
    const secret = `kws_other${Math.random().toString(36).slice(2)}`
    const now = world.clock.now()
    const id = `acc_${secret.slice(9)}`
    await world.db('accounts').insert({ id, slack_team_id: `T${id}`, name: 'Other', created_at: now })
    await world.db('service_tokens').insert({
      ...{ id: `st_${id}`, account_id: id, name: 'other', hint: 'kws_...', created_by: 'test' },
      ...{ token_hash: hashToken(secret), created_at: now },
    })
    return secret
  }

  async function drop() {
    await server.close()
    await verifier.stop()
    await watcher.close()
    await records.drop()
  }
  return { records, verifier, url, serviceToken: made.secret, ask, confirmed, anotherAccount, drop }
}
