import { openCalendar } from '../../sandbox/calendar.ts'
import { operationsToken } from '../../sandbox/operations.ts'
import { revealShown } from '../../sandbox/reveal-shown.ts'
import { perform } from '../../src/acts/perform.ts'
import { readConfig } from '../../src/foundation/config.ts'
import { type Database, openDatabase } from '../../src/foundation/database.ts'
import { openLog } from '../../src/foundation/log.ts'
import { systemRandom } from '../../src/foundation/random.ts'
import { isRefusal, type Refusal } from '../../src/foundation/refusal.ts'
import { plain } from '../../src/foundation/words.ts'
import type { World } from '../../src/foundation/world.ts'
import { issue, type KeyDraft, readDraft } from '../../src/keys/issue.ts'
import type { Key } from '../../src/keys/key.ts'
import type { Token } from '../../src/keys/token.ts'
import type { Act, Actor } from '../../src/members/actor.ts'
import { readPolicy } from '../../src/policy/policy.ts'
import { bootstrap } from '../../src/workspaces/bootstrap.ts'
import type { Workspace } from '../../src/workspaces/workspace.ts'
import { type FreshDatabase, freshDatabase } from './database.ts'

/** A database with one workspace and a movable calendar, without Slack: for what needs acts and their records. */
export type Records = {
  world: World
  database: FreshDatabase
  workspace: Workspace
  owner: Actor & { kind: 'member' }
  calendar: ReturnType<typeof openCalendar>
  /** runs an act as the owner unless said otherwise; a refusal fails the test */
  act<T>(work: (act: Act) => Promise<T | Refusal>, actor?: Actor): Promise<T>
  /** a revealed key of the owner's, with its token */
  key(draft: Partial<KeyDraft> & { name: string }): Promise<{ key: Key; token: Token }>
  drop(): Promise<void>
}

export async function openRecords(env: Record<string, string> = {}): Promise<Records> {
  const database = await freshDatabase()
  const config = readConfig({
    DATABASE_URL: database.url,
    KEYWARDEN_OPERATIONS_TOKEN: operationsToken,
    ...env,
  })
  const db = openDatabase(database.url, { connections: 6, name: 'test', connectMs: 30_000 })
  const log = openLog({ level: 'silent', tokenPrefix: config.tokenPrefix })
  const calendar = openCalendar()
  const world: World = { config, db, log, clock: calendar, random: systemRandom }
  const first = {
    team: { id: 'T0ACME0001', name: 'Acme' },
    ownerIds: ['U0ADA00001'],
    workspace: 'Platform',
    policy: {},
  }
  const workspace = must(
    await perform(world, { kind: 'job', id: 'first-start' }, (act) => bootstrap(act, first, systemRandom)),
  )
  const owner = { kind: 'member', id: 'U0ADA00001', role: 'owner', workspaceId: workspace.id } as const

  const run: Records['act'] = async (work, actor = owner) => {
    await asMember(db, actor, calendar.now())
    return must(await perform(world, actor, work, { changesRoles: true }))
  }
  async function key(draft: Partial<KeyDraft> & { name: string }) {
    const whole = { ...blank, ownerId: owner.id, ...draft }
    const request = readDraft(whole, readPolicy({}))
    if (Array.isArray(request)) throw new Error(plain(request[0]!.message))
    const made = await run((act) => issue(act, workspace.id, request, systemRandom))
    const deps = { random: systemRandom, tokenPrefix: config.tokenPrefix, timeZone: 'UTC' }
    return run((act) => revealShown(act, workspace.id, made.id, deps))
  }
  async function drop() {
    await db.destroy()
    await database.drop()
  }
  return { world, database, workspace, owner, calendar, act: run, key, drop }
}

/** Whoever acts in a test is a member, with the role of their actor unless they have one. */
export async function asMember(db: Database, actor: Actor, now: Date): Promise<void> {
  if (actor.kind !== 'member') return
  const row = { workspace_id: actor.workspaceId, user_id: actor.id, role: actor.role }
  await db('members')
    .insert({ ...row, added_at: now, changed_at: now })
    .onConflict()
    .ignore()
}

const blank = { description: '', integration: '', scopes: ['read'], expiresInDays: '90' }

/** The value, or the refusal as an error. */
export function must<T>(result: T | Refusal): T {
  if (isRefusal(result)) throw new Error(`refused: ${plain(result.message)}`)
  return result
}
