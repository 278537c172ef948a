import type { DirectoryGroup } from '../directory/groups.ts'
import type { DirectoryUser } from '../directory/users.ts'

const core = 'urn:ietf:params:scim:schemas:core:2.0'
const messages = 'urn:ietf:params:scim:api:messages:2.0'
const userUrn = `${core}:User`
const groupUrn = `${core}:Group`

/** A user as a resource (RFC 7643). */
export function userResource(user: DirectoryUser, base: string) {
  const name = {
    ...(user.givenName ? { givenName: user.givenName } : {}),
    ...(user.familyName ? { familyName: user.familyName } : {}),
  }
  return {
    schemas: [userUrn],
    id: user.id,
    ...(user.externalId ? { externalId: user.externalId } : {}),
    userName: user.userName,
    ...(Object.keys(name).length > 0 ? { name } : {}),
    ...(user.displayName ? { displayName: user.displayName } : {}),
    active: user.active,
    ...(user.emails.length > 0 ? { emails: user.emails } : {}),
    meta: {
      resourceType: 'User',
      created: user.createdAt.toISOString(),
      lastModified: user.changedAt.toISOString(),
      location: `${base}/Users/${user.id}`,
    },
  }
}

/** A group as a resource; it never has members. */
export const groupResource = (group: DirectoryGroup, base: string) => ({
  schemas: [groupUrn],
  id: group.id,
  ...(group.externalId ? { externalId: group.externalId } : {}),
  displayName: group.displayName,
  meta: {
    resourceType: 'Group',
    created: group.createdAt.toISOString(),
    lastModified: group.changedAt.toISOString(),
    location: `${base}/Groups/${group.id}`,
  },
})

export const listResponse = (resources: readonly unknown[], total: number, startIndex: number) => ({
  schemas: [`${messages}:ListResponse`],
  totalResults: total,
  startIndex,
  itemsPerPage: resources.length,
  Resources: resources,
})

export const scimError = (status: number, detail: string, scimType?: string) => ({
  schemas: [`${messages}:Error`],
  status: String(status),
  ...(scimType ? { scimType } : {}),
  detail,
})

export const serviceProviderConfig = {
  schemas: [`${core}:ServiceProviderConfig`],
  patch: { supported: true },
  bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
  filter: { supported: true, maxResults: 200 },
  changePassword: { supported: false },
  sort: { supported: false },
  etag: { supported: false },
  authenticationSchemes: [
    {
      type: 'oauthbearertoken',
      name: 'Bearer token',
      description: 'A token that an owner makes in Slack with /keys connect.',
      primary: true,
    },
  ],
  meta: { resourceType: 'ServiceProviderConfig' },
}

export const resourceTypes = [
  {
    schemas: [`${core}:ResourceType`],
    id: 'User',
    name: 'User',
    endpoint: '/Users',
    description: 'People who can have API keys',
    schema: userUrn,
    meta: { resourceType: 'ResourceType' },
  },
  {
    schemas: [`${core}:ResourceType`],
    id: 'Group',
    name: 'Group',
    endpoint: '/Groups',
    description: 'Accepted so that a directory can push them; they have no members and no effect',
    schema: groupUrn,
    meta: { resourceType: 'ResourceType' },
  },
]

type Attribute = { name: string; type: string; more?: Record<string, unknown>; parts?: Attribute[] }

const attribute = ({ name, type, more = {}, parts }: Attribute): Record<string, unknown> => ({
  name,
  type,
  multiValued: false,
  required: false,
  caseExact: false,
  mutability: 'readWrite',
  returned: 'default',
  uniqueness: 'none',
  ...(parts ? { subAttributes: parts.map(attribute) } : {}),
  ...more,
})

export const schemas = [
  {
    schemas: [`${core}:Schema`],
    id: userUrn,
    name: 'User',
    description: 'What is kept about somebody; every other attribute is accepted and passed over',
    attributes: [
      { name: 'userName', type: 'string', more: { required: true, uniqueness: 'server' } },
      { name: 'externalId', type: 'string', more: { caseExact: true } },
      { name: 'displayName', type: 'string' },
      { name: 'active', type: 'boolean' },
      {
        name: 'name',
        type: 'complex',
        parts: [
          { name: 'givenName', type: 'string' },
          { name: 'familyName', type: 'string' },
        ],
      },
      {
        name: 'emails',
        type: 'complex',
        more: { multiValued: true },
        parts: [
          { name: 'value', type: 'string' },
          { name: 'type', type: 'string' },
          { name: 'primary', type: 'boolean' },
        ],
      },
    ].map(attribute),
    meta: { resourceType: 'Schema' },
  },
  {
    schemas: [`${core}:Schema`],
    id: groupUrn,
    name: 'Group',
    description: 'A name; members are accepted and not kept',
    attributes: [
      { name: 'displayName', type: 'string', more: { required: true, uniqueness: 'server' } },
      { name: 'externalId', type: 'string', more: { caseExact: true } },
    ].map(attribute),
    meta: { resourceType: 'Schema' },
  },
]
