import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { perform } from '../audit/perform.ts'
import { isOutage } from '../foundation/database.ts'
import { isRefusal, type Refusal, type RefusalCode } from '../foundation/refusal.ts'
import { plain } from '../foundation/words.ts'
import type { World } from '../foundation/world.ts'
import type { Act } from '../members/actor.ts'
import { connectionOfToken } from '../offboarding/connections.ts'
import {
  createUser,
  type Directory,
  type DirectoryUser,
  describeUser,
  listUsers,
  removeUser,
  setActive,
} from '../offboarding/directory.ts'
import { homeOf } from '../offboarding/missed.ts'
import {
  listResponse,
  resourceTypes,
  schemas,
  scimError,
  serviceProviderConfig,
  userResource,
} from './scim-describe.ts'
import { readFilter } from './scim-filter.ts'
import { type Reading, readPatch, readUser } from './scim-read.ts'

const base = '/scim/v2'
const mostPerPage = 200
const usualPage = 100
const media = 'application/scim+json; charset=utf-8'

/**
 * SCIM 2.0 for directories such as Okta and Entra: whoever they deactivate or remove is offboarded. `offboard` is
 * told that there is something to do.
 */
export function addScim(server: FastifyInstance, world: World, offboard: () => void): void {
  server.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    // Read by ourselves: a body is only ever looked through for names that we know.
    scope.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
    scope.addHook('onSend', async (_request, reply) => void reply.header('content-type', media))
    scope.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
      const status = isOutage(error) ? 503 : (error.statusCode ?? 500)
      if (status >= 500) world.log.error({ error: String(error) }, 'a SCIM request failed')
      if (status === 503) reply.header('retry-after', '5')
      return reply.status(status).send(scimError(status, status < 500 ? error.message : 'Try again later.'))
    })
    addRoutes(scope, world, offboard)
  })
}

function addRoutes(scope: FastifyInstance, world: World, offboard: () => void): void {
  const directories = new WeakMap<FastifyRequest, Directory>()
  const of = (request: FastifyRequest) => directories.get(request)!
  scope.addHook('onRequest', async (request, reply) => {
    const directory = await directoryOf(world, request)
    if (directory) return void directories.set(request, directory)
    const told = 'Send a live token: Authorization: Bearer kwd_... An owner makes one with /keys connect.'
    return reply.status(401).header('www-authenticate', 'Bearer').send(scimError(401, told))
  })
  const run = <T>(
    request: FastifyRequest,
    work: (act: Act, directory: Directory) => Promise<T | Refusal>,
  ) => {
    const directory = of(request)
    return perform(world, { kind: 'job', id: `scim ${directory.connectionId}` }, (act) =>
      work(act, directory),
    )
  }
  const id = (request: FastifyRequest) => (request.params as { id: string }).id

  scope.get(`${base}/ServiceProviderConfig`, async () => serviceProviderConfig)
  scope.get(`${base}/ResourceTypes`, async () => listResponse(resourceTypes, resourceTypes.length, 1))
  scope.get(`${base}/ResourceTypes/User`, async () => resourceTypes[0])
  scope.get(`${base}/Schemas`, async () => listResponse(schemas, schemas.length, 1))
  scope.get(`${base}/Schemas/:id`, async (request, reply) =>
    id(request).toLowerCase() === schemas[0]!.id.toLowerCase()
      ? schemas[0]
      : reply.status(404).send(scimError(404, 'There is no such schema.')),
  )

  scope.get(`${base}/Users`, async (request, reply) => {
    const query = request.query as Record<string, string | undefined>
    const conditions = query.filter ? readFilter(query.filter) : []
    if (!conditions) return reply.status(400).send(scimError(400, filterHelp, 'invalidFilter'))
    const from = Math.max(1, Number.parseInt(query.startIndex ?? '1', 10) || 1)
    const limit = Math.min(
      mostPerPage,
      Math.max(0, Number.parseInt(query.count ?? '', 10) || pageOf(query.count)),
    )
    const { accountId } = of(request).workspace
    const found = await listUsers(world.db, accountId, conditions, { offset: from - 1, limit })
    return listResponse(
      found.users.map((user) => userResource(user, base)),
      found.total,
      from,
    )
  })
  scope.get(`${base}/Users/:id`, async (request, reply) => {
    const one = [{ field: 'id' as const, equals: id(request) }]
    const page = { offset: 0, limit: 1 }
    const { users } = await listUsers(world.db, of(request).workspace.accountId, one, page)
    return users[0]
      ? userResource(users[0], base)
      : reply.status(404).send(scimError(404, 'There is no such user.'))
  })
  scope.post(`${base}/Users`, async (request, reply) => {
    const { change, wrong } = readUser(parsed(request))
    if (wrong) return reply.status(400).send(scimError(400, wrong, 'invalidValue'))
    const made = await run(request, (act, directory) => createUser(act, directory, change))
    return answer(reply, made, 201)
  })
  scope.put(`${base}/Users/:id`, (request, reply) => change(request, reply, readUser(parsed(request))))
  scope.patch(`${base}/Users/:id`, (request, reply) => change(request, reply, readPatch(parsed(request))))
  scope.delete(`${base}/Users/:id`, async (request, reply) => {
    const removed = await run(request, (act, directory) => removeUser(act, directory, id(request)))
    if (isRefusal(removed)) return answer(reply, removed)
    offboard()
    return reply.status(204).send()
  })

  /** Whether somebody still works here is saved first and by itself: a mistake elsewhere must not undo it. */
  async function change(request: FastifyRequest, reply: FastifyReply, { change: wanted, wrong }: Reading) {
    const { active, ...rest } = wanted
    if (active !== undefined) {
      const set = await run(request, (act, directory) => setActive(act, directory, id(request), active))
      if (isRefusal(set)) return answer(reply, set)
      if (!active) offboard()
    }
    if (wrong) return reply.status(400).send(scimError(400, wrong, 'invalidValue'))
    return answer(
      reply,
      await run(request, (act, directory) => describeUser(act, directory, id(request), rest)),
    )
  }

  function answer(reply: FastifyReply, result: DirectoryUser | Refusal, status = 200) {
    if (isRefusal(result)) {
      const [code, type] = statuses[result.code] ?? [500]
      return reply.status(code).send(scimError(code, plain(result.told), type))
    }
    if (!result.active) offboard()
    if (status === 201) reply.header('location', `${base}/Users/${result.id}`)
    return reply.status(status).send(userResource(result, base))
  }
}

const filterHelp =
  'Filters are: userName, externalId, id, emails or active, eq, and a literal; joined with and.'

const pageOf = (count: string | undefined) =>
  count === undefined || Number.isNaN(Number(count)) ? usualPage : 0

const statuses: Partial<Record<RefusalCode, [number, string?]>> = {
  invalid: [400, 'invalidValue'],
  duplicate: [409, 'uniqueness'],
  not_found: [404],
  database_out: [503],
  outcome_unknown: [503],
}

async function directoryOf(world: World, request: FastifyRequest): Promise<Directory | undefined> {
  const token = /^Bearer\s+(\S{1,200})$/i.exec(request.headers.authorization ?? '')?.[1]
  const connection = token && (await connectionOfToken(world.db, token, world.clock.now()))
  if (!connection) return undefined
  const workspace = await homeOf(world, connection.accountId)
  return { workspace, connectionId: connection.id, random: world.random }
}

/** The body as JSON, or nothing that could be read. `__proto__` is a name like any other here, and not one we know. */
function parsed(request: FastifyRequest): unknown {
  try {
    return JSON.parse(String(request.body ?? '').replace(/^\uFEFF/, ''))
  } catch {
    return undefined
  }
}
