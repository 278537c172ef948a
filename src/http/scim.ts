import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { perform } from '../acts/perform.ts'
import { connectionOfToken } from '../directory/connections.ts'
import { listUsers } from '../directory/list.ts'
import { type Directory, type DirectoryUser, updateUser } from '../directory/users.ts'
import { isOutage } from '../foundation/outage.ts'
import { isRefusal, type Refusal, type RefusalCode } from '../foundation/refusal.ts'
import { plain } from '../foundation/words.ts'
import type { World } from '../foundation/world.ts'
import type { Act } from '../members/actor.ts'
import { createUser, removeUser, setActive } from '../offboarding/request-by-directory.ts'
import { homeOf } from '../offboarding/request-missed.ts'
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
const maxPerPage = 200
const usualPage = 100
const media = 'application/scim+json; charset=utf-8'

/**
 * SCIM 2.0 for directories such as Okta and Entra: a person whom they deactivate or remove is offboarded. `offboard` is
 * called when there is work.
 */
export function addScim(server: FastifyInstance, world: World, offboard: () => void): void {
  server.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    // Read by ourselves: a body is only ever looked through for names that we know.
    scope.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
    scope.addHook('onSend', async (_request, reply) => void reply.header('content-type', media))
    scope.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
      const status = isOutage(error) ? 503 : (error.statusCode ?? 500)
      if (status >= 500)
        world.log.error({ event: 'http.scim_request_failed', error: String(error) }, 'a SCIM request failed')
      if (status === 503) reply.header('retry-after', '5')
      return reply.status(status).send(scimError(status, status < 500 ? error.message : 'Try again later.'))
    })
    const scim = openScim(scope, world, offboard)
    addDescriptions(scope)
    addGroups(scope)
    addReading(scope, scim)
    addWriting(scope, scim)
  })
}

/** The dependencies of every route: whose directory is asked, and a way to act on it. */
type Scim = {
  world: World
  offboard: () => void
  of(request: FastifyRequest): Directory
  act<T>(
    request: FastifyRequest,
    work: (act: Act, directory: Directory) => Promise<T | Refusal>,
  ): Promise<T | Refusal>
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
  scope.get(`${base}/ServiceProviderConfig`, async () => serviceProviderConfig)
  scope.get(`${base}/ResourceTypes`, async () => listResponse(resourceTypes, resourceTypes.length, 1))
  scope.get(`${base}/ResourceTypes/User`, async () => resourceTypes[0])
  scope.get(`${base}/Schemas`, async () => listResponse(schemas, schemas.length, 1))
  scope.get(`${base}/Schemas/:id`, async (request, reply) =>
    idOf(request).toLowerCase() === schemas[0]!.id.toLowerCase()
      ? schemas[0]
      : reply.status(404).send(scimError(404, 'There is no such schema.')),
  )
}

/** Directories ask for groups even where none are pushed; there never are any here. */
function addGroups(scope: FastifyInstance): void {
  scope.get(`${base}/Groups`, async () => listResponse([], 0, 1))
  const none = (_request: FastifyRequest, reply: FastifyReply) =>
    reply.status(501).send(scimError(501, 'Keywarden keeps no groups; push users alone.'))
  scope.post(`${base}/Groups`, none)
  scope.get(`${base}/Groups/:id`, (_request, reply) =>
    reply.status(404).send(scimError(404, 'There is no such group.')),
  )
  scope.route({ method: ['PUT', 'PATCH', 'DELETE'], url: `${base}/Groups/:id`, handler: none })
}

function addReading(scope: FastifyInstance, { world, of }: Scim): void {
  scope.get(`${base}/Users`, async (request, reply) => {
    const { filter, startIndex, count } = request.query as Record<string, string | undefined>
    const conditions = filter ? readFilter(filter) : []
    if (!conditions) return reply.status(400).send(scimError(400, filterHelp, 'invalidFilter'))
    const from = Math.max(1, Number.parseInt(startIndex ?? '1', 10) || 1)
    const page = { offset: from - 1, limit: pageOf(count) }
    const found = await listUsers(world.db, of(request).workspace.accountId, conditions, page)
    const resources = found.users.map((user) => userResource(user, base))
    return listResponse(resources, found.total, from)
  })
  scope.get(`${base}/Users/:id`, async (request, reply) => {
    const one = [{ field: 'id' as const, equals: idOf(request) }]
    const page = { offset: 0, limit: 1 }
    const { users } = await listUsers(world.db, of(request).workspace.accountId, one, page)
    return users[0]
      ? userResource(users[0], base)
      : reply.status(404).send(scimError(404, 'There is no such user.'))
  })
}

function addWriting(scope: FastifyInstance, scim: Scim): void {
  scope.post(`${base}/Users`, async (request, reply) => {
    const reading = readUser(parsed(request))
    if (reading.wrong) return misread(reply, reading)
    const { change: wanted, emails = [] } = reading
    const made = await scim.act(request, (act, directory) =>
      createUser(act, directory, { ...wanted, emails }),
    )
    if (!isRefusal(made) && !made.active) scim.offboard()
    return answer(reply, made, 201)
  })
  scope.put(`${base}/Users/:id`, (request, reply) => change(scim, request, reply, readUser(parsed(request))))
  scope.patch(`${base}/Users/:id`, (request, reply) =>
    change(scim, request, reply, readPatch(parsed(request))),
  )
  scope.delete(`${base}/Users/:id`, async (request, reply) => {
    const removed = await scim.act(request, (act, directory) => removeUser(act, directory, idOf(request)))
    if (isRefusal(removed)) return answer(reply, removed)
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
    if (isRefusal(set)) return answer(reply, set)
    if (!active) scim.offboard()
  }
  if (reading.wrong) return misread(reply, reading)
  const described = await scim.act(request, (act, directory) =>
    updateUser(act, directory, id, { ...rest, emails }),
  )
  return answer(reply, described)
}

const misread = (reply: FastifyReply, { wrong, scimType = 'invalidValue' }: Reading) =>
  reply.status(400).send(scimError(400, wrong!, scimType))

function answer(reply: FastifyReply, result: DirectoryUser | Refusal, status = 200) {
  if (isRefusal(result)) {
    const [code, type] = statuses[result.code] ?? [500]
    if (code === 503) reply.header('retry-after', '5')
    return reply.status(code).send(scimError(code, plain(result.message), type))
  }
  if (status === 201) reply.header('location', `${base}/Users/${result.id}`)
  return reply.status(status).send(userResource(result, base))
}

const filterHelp =
  'Filters are: userName, externalId, id, emails or active, eq, and a literal; joined with and.'

/** How many of a list are wanted: 0 asks for the total alone. */
function pageOf(count: string | undefined): number {
  const wanted = Number.parseInt(count ?? '', 10)
  return Number.isNaN(wanted) ? usualPage : Math.min(maxPerPage, Math.max(0, wanted))
}

const statuses: Partial<Record<RefusalCode, [number, string?]>> = {
  invalid: [400, 'invalidValue'],
  gone: [400, 'noTarget'],
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
