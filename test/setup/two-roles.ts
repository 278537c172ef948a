import { randomBytes } from 'node:crypto'
import { inject } from 'vitest'
import { administer, databaseUrl } from './administer.ts'

export type TwoRoles = { app: string; owner: string; ownerUrl: string; appUrl: string; drop(): Promise<void> }

/** An empty database that belongs to one role, and a second role that may do nothing yet. */
export async function twoRoles(server = inject('serverUrl')): Promise<TwoRoles> {
  const name = `${inject('databasePrefix')}${randomBytes(6).toString('hex')}`
  const [owner, app, password] = [`${name}_owner`, `${name}_app`, randomBytes(12).toString('hex')]
  for (const role of [owner, app])
    await administer(server, `create role ${role} login password '${password}'`)
  await administer(server, `create database ${name} owner ${owner}`)
  const as = (role: string) => {
    const url = new URL(databaseUrl(server, name))
    url.username = role
    url.password = password
    return url.href
  }
  return {
    app,
    owner,
    appUrl: as(app),
    ownerUrl: as(owner),
    async drop() {
      await administer(server, `drop database if exists ${name} with (force)`)
      for (const role of [owner, app]) await administer(server, `drop role ${role}`)
    },
  }
}
