import { perform } from '../../src/acts/perform.ts'
import { makeConnection } from '../../src/directory/connections.ts'
import { rememberEmails } from '../../src/directory/emails.ts'
import type { ProcessRole } from '../../src/start.ts'
import { type Workspace, workspacesOfTeam } from '../../src/workspaces/workspace.ts'
import { people, type TestHouse, testHouse } from '../setup/house.ts'
import { must } from '../setup/records.ts'

type Answer = { status: number; body: Record<string, never> & { id: string; active: boolean } }

export type Somebody = { id: string; email: string; slackId: string }

/** A house whose directory speaks SCIM. */
export type ScimDirectory = {
  house: TestHouse
  token: string
  connectionId: string
  /** a new credential, made by an owner */
  connect(): Promise<{ token: string; connectionId: string }>
  workspace(): Promise<Workspace>
  scim(method: string, path: string, body?: unknown, bearer?: string): Promise<Answer>
  /** lets Slack's list of members say whose address that is */
  knownInSlack(email: string): Promise<string>
  /** somebody new in the directory, whom Slack knows by the same address */
  someone(): Promise<Somebody>
  isOffboarded(slackId: string): Promise<boolean>
}

/** There is no worker unless one is wanted, so that what is asked for is what counts. */
export async function openDirectory(roles: readonly ProcessRole[] = ['bot']): Promise<ScimDirectory> {
  const house = await testHouse({ roles })
  let n = 0
  const workspace = async () => (await workspacesOfTeam(house.world.db, house.slack.teamId))[0]!
  async function connect() {
    const here = await workspace()
    const owner = { kind: 'member', id: people.owner, role: 'owner', workspaceId: here.id } as const
    const made = must(
      await perform(house.world, owner, (act) => makeConnection(act, here, 'scim', house.world)),
    )
    return { token: made.secret, connectionId: made.connection.id }
  }
  const { token, connectionId } = await connect()
  async function scim(method: string, path: string, body?: unknown, bearer = token): Promise<Answer> {
    const response = await fetch(`${house.keywarden.url}/scim/v2${path}`, {
      method,
      headers: {
        authorization: `Bearer ${bearer}`,
        ...(body === undefined ? {} : { 'content-type': 'application/scim+json; charset=utf-8' }),
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, body: text ? JSON.parse(text) : undefined }
  }
  async function knownInSlack(email: string): Promise<string> {
    const userId = `U0LEAVER01${++n}`
    const { accountId } = await workspace()
    await rememberEmails(house.world.db, accountId, [{ userId, email }], house.world.clock.now())
    return userId
  }
  return {
    house,
    token,
    connectionId,
    connect,
    workspace,
    scim,
    knownInSlack,
    async someone() {
      const email = `person${n + 1}@acme.example`
      const slackId = await knownInSlack(email)
      const whole = {
        schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
        userName: email,
        name: { givenName: 'Test', familyName: 'User' },
        emails: [{ primary: true, value: email, type: 'work' }],
        active: true,
      }
      const { status, body } = await scim('POST', '/Users', whole)
      if (status !== 201) throw new Error(`${status}: ${JSON.stringify(body)}`)
      return { id: body.id, email, slackId }
    },
    isOffboarded: async (slackId) =>
      (await house.world.db('offboardings').where({ user_id: slackId }).whereNull('ended_at').first('id')) !==
      undefined,
  }
}
