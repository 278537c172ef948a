import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { perform } from '../acts/perform.ts'
import { connectionOfToken } from '../directory/connections.ts'
import { listUsers } from '../directory/list.ts'
import { type Directory, type DirectoryUser, updateUser } from '../directory/users.ts'
import { isOutage } from '../foundation/outage.ts'
import { isRefusal } from '../foundation/refusal.ts'
import { isStorable } from '../foundation/storable.ts'
import type { World } from '../foundation/world.ts'
import { createUser, removeUser, setActive } from '../offboarding/request-by-directory.ts'
import { homeOf } from '../offboarding/request-missed.ts'
import { bearer } from './bearer.ts'
import { baseOf, scimBase } from './scim-address.ts'
import {
  listResponse,
  resourceTypes,
  schemas,
  scimError,
  serviceProviderConfig,
  userResource,
} from './scim-describe.ts'
import { readFilter } from './scim-filter.ts'
import { addGroups } from './scim-groups.ts'
import { type Reading, readNewUser, readPatch, readUser } from './scim-read.ts'
import {
  answerWith,
  misread,
  pageHelp,
  pageOf,
  type Query,
  readBody,
  refused,
  type Scim,
  sent,
} from './scim-request.ts'

/** The type that the client accepts (RFC 7644, 3.8); OneLogin's guide asks for application/json. */
const mediaOf = ({ headers }: FastifyRequest): string =>
  /application\/json/i.test(headers.accept ?? '') ? 'application/json' : 'application/scim+json'

/**
 * SCIM 2.0 for directories such as Okta and Entra: a person whom they deactivate or remove is offboarded. `offboard` is
 * called when there is work.
 */
export function addScim(server: FastifyInstance, world: World, offboard: () => void): void {
  server.register(
    async (scope) => {
      scope.removeAllContentTypeParsers()
      // Read by ourselves: a body is only ever looked through for names that we know.
      scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
      scope.addHook('onSend', async (request, reply) => {
        reply.header('content-type', `${mediaOf(request)}; charset=utf-8`)
      })
      scope.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
        const status = isOutage(error) ? 503 : (error.statusCode ?? 500)
        if (status >= 500)
          world.log.error(
            { event: 'http.scim_request_failed', error: String(error) },
            'a SCIM request failed',
          )
        if (status === 503) reply.header('retry-after', '5')
        return reply.status(status).send(scimError(status, status < 500 ? error.message : 'Try again later.'))
      })
      const scim = openScim(scope, world, offboard)
      scope.addHook('onRequest', async (request, reply) => {
        const given = { ...(request.query as object), ...(request.params as object) }
        if (!Object.values(given).every((value) => typeof value === 'string' && isStorable(value)))
          return reply.status(400).send(scimError(400, addressHelp, 'invalidValue'))
      })
      scope.setNotFoundHandler((request, reply) => {
        const [status, why] = missing(request)
        return reply.status(status).send(scimError(status, why))
      })
      addDescriptions(scope)
      addGroups(scope, scim)
      addReading(scope, scim)
      addWriting(scope, scim)
    },
    { prefix: scimBase },
  )
}

const addressHelp = 'Name each parameter once, in text without NUL.'

/** Why there is nothing at this address, or for this method (RFC 7644, 3.7, 3.11 and 3.12). */
function missing({ url, method }: FastifyRequest): [number, string] {
  const [endpoint = '', id] = url.slice(scimBase.length + 1).split(/[/?]/)
  if (['Me', 'Bulk'].includes(endpoint)) return [501, `There is no ${endpoint} here.`]
  const isKnown = ['Users', 'Groups', 'Schemas', 'ResourceTypes', 'ServiceProviderConfig'].includes(endpoint)
  if (isKnown && method !== 'GET' && id !== '.search') return [405, `${method} is not served here.`]
  return [404, 'There is nothing at this address.']
}

function openScim(scope: FastifyInstance, world: World, offboard: () => void): Scim {
  const directories = new WeakMap<FastifyRequest, Directory>()
  const of = (request: FastifyRequest) => directories.get(request)!
  scope.addHook('onRequest', async (request, reply) => {
    const directory = await directoryOf(world, request)
    if (directory) return void directories.set(request, directory)
    const advice = 'Send a live token: Authorization: Bearer kwd_... An owner makes one with /keys connect.'
    return reply.status(401).header('www-authenticate', 'Bearer').send(scimError(401, advice))
  })
  return {
    world,
    offboard,
    of,
    act(request, work) {
      const directory = of(request)
      const actor = { kind: 'job', id: `scim ${directory.connectionId}` } as const
      return perform(world, actor, (act) => work(act, directory))
    },
  }
}

const idOf = (request: FastifyRequest) => (request.params as { id: string }).id

function addDescriptions(scope: FastifyInstance): void {
  const one = <T extends { meta: object }>(request: FastifyRequest, resource: T, path: string) => ({
    ...resource,
    meta: { ...resource.meta, location: `${baseOf(request)}/${path}` },
  })
  const types = (request: FastifyRequest) =>
    resourceTypes.map((type) => one(request, type, `ResourceTypes/${type.id}`))
  const described = (request: FastifyRequest) =>
    schemas.map((schema) => one(request, schema, `Schemas/${schema.id}`))
  scope.get('/ServiceProviderConfig', async (request) =>
    one(request, serviceProviderConfig, 'ServiceProviderConfig'),
  )
  scope.get('/ResourceTypes', async (request) => listResponse(types(request), resourceTypes.length, 1))
  scope.get('/ResourceTypes/:id', async (request, reply) =>
    found(reply, types(request), idOf(request), 'There is no such type of resource.'),
  )
  scope.get('/Schemas', async (request) => listResponse(described(request), schemas.length, 1))
  scope.get('/Schemas/:id', async (request, reply) =>
    found(reply, described(request), idOf(request), 'There is no such schema.'),
  )
}

const found = (reply: FastifyReply, all: readonly { id: string }[], id: string, none: string) =>
  all.find((one) => one.id.toLowerCase() === id.toLowerCase()) ?? reply.status(404).send(scimError(404, none))

function addReading(scope: FastifyInstance, { world, of }: Scim): void {
  scope.get('/Users', async (request, reply) => {
    const { filter } = request.query as Query
    const conditions = filter ? readFilter(filter) : []
    if (!conditions) return reply.status(400).send(scimError(400, filterHelp, 'invalidFilter'))
    const page = pageOf(request)
    if (!page) return reply.status(400).send(scimError(400, pageHelp, 'invalidValue'))
    const listed = await listUsers(world.db, of(request).workspace.accountId, conditions, page)
    const resources = listed.users.map((user) => userResource(user, baseOf(request)))
    return listResponse(resources, listed.total, page.offset + 1)
  })
  scope.get('/Users/:id', async (request, reply) => {
    const one = [{ field: 'id' as const, equals: idOf(request) }]
    const { users } = await listUsers(world.db, of(request).workspace.accountId, one, { offset: 0, limit: 1 })
    return users[0]
      ? sent(reply, userResource(users[0], baseOf(request)))
      : reply.status(404).send(scimError(404, 'There is no such user.'))
  })
}

function addWriting(scope: FastifyInstance, scim: Scim): void {
  scope.post('/Users', async (request, reply) => {
    const reading = readBody(request, readNewUser)
    if (reading.wrong) return misread(reply, reading)
    const { change: wanted, emails = [] } = reading
    const made = await scim.act(request, (act, directory) =>
      createUser(act, directory, { ...wanted, emails }),
    )
    if (!isRefusal(made) && !made.active) scim.offboard()
    return answer(request, reply, made, 201)
  })
  scope.put('/Users/:id', (request, reply) => change(scim, request, reply, readBody(request, readUser)))
  scope.patch('/Users/:id', (request, reply) => change(scim, request, reply, readBody(request, readPatch)))
  scope.delete('/Users/:id', async (request, reply) => {
    const removed = await scim.act(request, (act, directory) => removeUser(act, directory, idOf(request)))
    if (isRefusal(removed)) return refused(reply, removed)
    scim.offboard()
    return reply.status(204).send()
  })
}

/** `active` is saved first and by itself: a mistake elsewhere must not undo it. */
async function change(scim: Scim, request: FastifyRequest, reply: FastifyReply, reading: Reading) {
  const { active, ...rest } = reading.change
  const { emails = [] } = reading
  const id = idOf(request)
  if (active !== undefined) {
    const set = await scim.act(request, (act, directory) => setActive(act, directory, id, active))
    if (isRefusal(set)) return refused(reply, set)
    if (!active) scim.offboard()
  }
  if (reading.wrong) return misread(reply, reading)
  const described = await scim.act(request, (act, directory) =>
    updateUser(act, directory, id, { ...rest, emails }),
  )
  return answer(request, reply, described)
}

const answer = answerWith<DirectoryUser>(userResource)

const filterHelp =
  'Filters are: userName, externalId, id, emails or active, eq, and a literal; joined with and.'

async function directoryOf(world: World, request: FastifyRequest): Promise<Directory | undefined> {
  const token = bearer(request.headers.authorization)
  const connection = token && (await connectionOfToken(world.db, token, world.clock.now()))
  if (!connection) return undefined
  const workspace = await homeOf(world, connection.accountId)
  return { workspace, connectionId: connection.id, random: world.random }
}
