import type { FastifyInstance, FastifyRequest } from 'fastify'
import {
  type DirectoryGroup,
  deleteGroup,
  type GroupChange,
  insertGroup,
  listGroups,
  updateGroup,
} from '../directory/groups.ts'
import { isRefusal } from '../foundation/refusal.ts'
import { isStorable } from '../foundation/storable.ts'
import { baseOf } from './scim-address.ts'
import { groupResource, listResponse, scimError } from './scim-describe.ts'
import { readGroupFilter } from './scim-filter.ts'
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
import { isObject, longest, own, textOf } from './scim-values.ts'

/**
 * Groups are kept by name alone: a push of them that failed would end the whole run of some directories. Members are
 * accepted and not kept.
 */
export function addGroups(scope: FastifyInstance, { world, of, act }: Scim): void {
  scope.get('/Groups', async (request, reply) => {
    const { filter } = request.query as Query
    const conditions = filter ? readGroupFilter(filter) : []
    if (!conditions) return reply.status(400).send(scimError(400, filterHelp, 'invalidFilter'))
    const page = pageOf(request)
    if (!page) return reply.status(400).send(scimError(400, pageHelp, 'invalidValue'))
    const { accountId } = of(request).workspace
    // Nobody is in a group here.
    if (conditions === 'members') return listResponse([], 0, page.offset + 1)
    const { total, groups } = await listGroups(world.db, accountId, conditions, page)
    return listResponse(
      groups.map((group) => groupResource(group, baseOf(request))),
      total,
      page.offset + 1,
    )
  })
  scope.get('/Groups/:id', async (request, reply) => {
    const one = [{ field: 'id' as const, equals: idOf(request) }]
    const { groups } = await listGroups(world.db, of(request).workspace.accountId, one, {
      offset: 0,
      limit: 1,
    })
    return groups[0]
      ? sent(reply, groupResource(groups[0], baseOf(request)))
      : reply.status(404).send(scimError(404, 'There is no such group.'))
  })
  scope.post('/Groups', async (request, reply) => {
    const reading = readBody(request, readGroup)
    if (reading.wrong) return misread(reply, reading)
    const made = await act(request, (trx, directory) => insertGroup(trx, directory, reading.change))
    return answer(request, reply, made, 201)
  })
  for (const method of ['PUT', 'PATCH'] as const)
    scope.route({
      method,
      url: '/Groups/:id',
      handler: async (request, reply) => {
        const reading = readBody(request, method === 'PUT' ? readGroup : readGroupPatch)
        if (reading.wrong) return misread(reply, reading)
        const changed = await act(request, (trx, directory) =>
          updateGroup(trx, directory, idOf(request), reading.change),
        )
        return answer(request, reply, changed)
      },
    })
  scope.delete('/Groups/:id', async (request, reply) => {
    const removed = await act(request, (trx, directory) => deleteGroup(trx, directory, idOf(request)))
    return isRefusal(removed) ? refused(reply, removed) : reply.status(204).send()
  })
}

const idOf = (request: FastifyRequest) => (request.params as { id: string }).id

const answer = answerWith<DirectoryGroup>(groupResource)

const filterHelp = 'Filters of groups are: displayName, externalId or id, eq, and a text; joined with and.'

type GroupReading = { change: GroupChange; wrong?: string }

/** A whole group. Pure. */
function readGroup(body: unknown): GroupReading {
  if (!isObject(body)) return { change: {}, wrong: 'The body must be a JSON object.' }
  const change: GroupChange = {}
  const [name, externalId] = [own(body, 'displayname'), own(body, 'externalid')]
  if (name !== undefined) {
    if (!isText(name) || name.trim() === '')
      return { change, wrong: `displayName is text of 1 to ${longest} characters.` }
    change.displayName = name.trim()
  }
  if (externalId !== undefined) {
    if (externalId !== null && !isText(externalId))
      return { change, wrong: `externalId is text of at most ${longest} characters.` }
    change.externalId = externalId
  }
  return { change }
}

/** A patch of a group: its name and externalId, by a path or in an object. Members are passed over. Pure. */
function readGroupPatch(body: unknown): GroupReading {
  const operations = own(body, 'operations')
  if (!Array.isArray(operations)) return { change: {}, wrong: 'Operations must be a list.' }
  const readings = operations.map((operation) => {
    const path = textOf(own(operation, 'path')).trim()
    const value = own(operation, 'value')
    if (path === '') return isObject(value) ? readGroup(value) : { change: {} }
    return /^(displayName|externalId)$/i.test(path) ? readGroup({ [path]: value ?? null }) : { change: {} }
  })
  const wrong = readings.find((one: GroupReading) => one.wrong)?.wrong
  return { change: Object.assign({}, ...readings.map(({ change }) => change)), ...(wrong ? { wrong } : {}) }
}

const isText = (value: unknown): value is string =>
  typeof value === 'string' && value.length <= longest && isStorable(value)
