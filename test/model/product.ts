import { revealShown } from '../../sandbox/reveal-shown.ts'
import { perform } from '../../src/acts/perform.ts'
import { acknowledge, letGo } from '../../src/findings/actions.ts'
import { reconcile } from '../../src/findings/reconcile.ts'
import { writeWithoutExpiry } from '../../src/findings/write-without-expiry.ts'
import { readConfig } from '../../src/foundation/config.ts'
import { openDatabase, transact } from '../../src/foundation/database.ts'
import { openLog } from '../../src/foundation/log.ts'
import { systemRandom } from '../../src/foundation/random.ts'
import { isRefusal, type Refusal } from '../../src/foundation/refusal.ts'
import type { World } from '../../src/foundation/world.ts'
import { edit } from '../../src/keys/edit.ts'
import { issue } from '../../src/keys/issue.ts'
import { activate, deactivate, revoke } from '../../src/keys/state.ts'
import type { Act, Actor } from '../../src/members/actor.ts'
import { carryOut } from '../../src/offboarding/execute.ts'
import { requestOffboarding } from '../../src/offboarding/request.ts'
import { abortRotation, finishRotation } from '../../src/rotation/end.ts'
import { startRotation } from '../../src/rotation/start.ts'
import { approveRequest } from '../../src/slack/conversations/request.ts'
import { bootstrap } from '../../src/workspaces/bootstrap.ts'
import { decideRequest, openForDecision } from '../../src/workspaces/decide-request.ts'
import { withdrawRequest } from '../../src/workspaces/request-ends.ts'
import { makeRequest } from '../../src/workspaces/requests.ts'
import { setRole } from '../../src/workspaces/roles.ts'
import { resumeWorkspace, suspendWorkspace } from '../../src/workspaces/suspend.ts'
import { addWorkspace, type Workspace } from '../../src/workspaces/workspace.ts'
import { type Answer, type Command, people, type State } from './state.ts'

/** The product over a database, with a workspace of its own for every sequence. */
export type Product = {
  open(): Promise<Place>
  close(): Promise<void>
}

/** A workspace of an account of its own, with the four people in it. */
export type Place = {
  carryOut(command: Command): Promise<Answer>
  /** what stands in the database; findings are by key */
  read(): Promise<State>
}

const owner = people[0]
/** Somebody in charge of another account. */
const stranger = 'U0STRANGER'

export async function openProduct(databaseUrl: string, connections = 12): Promise<Product> {
  const config = readConfig({ DATABASE_URL: databaseUrl })
  const world: World = {
    config,
    db: openDatabase(databaseUrl, { connections, name: 'model' }),
    log: openLog({ level: 'silent', tokenPrefix: config.tokenPrefix }),
    clock: { now: () => new Date() },
    random: systemRandom,
  }
  let accounts = 0
  const workspaceOf = async (ownerId: string): Promise<Workspace> => {
    const team = { id: `TMODEL${++accounts}`, name: 'Acme' }
    const first = {
      team,
      ownerIds: [ownerId],
      workspace: 'Platform',
      policy: { mustExpire: 'none' } as const,
    }
    const made = await perform(world, { kind: 'job', id: 'first-start' }, (act) =>
      bootstrap(act, first, world.random),
    )
    if (isRefusal(made)) throw new Error(`no workspace: ${made.code}`)
    return made
  }
  const foreign = await workspaceOf(stranger)
  return {
    async open() {
      const workspace = await workspaceOf(owner)
      await world.db.raw(
        `insert into members (workspace_id, user_id, role, added_at, changed_at)
         select m.workspace_id, p.id, p.role, m.added_at, m.changed_at
         from members m, unnest(?::text[], ?::text[]) as p (id, role) where m.workspace_id = ?`,
        [people.slice(1), ['manager', 'member', 'member'], workspace.id],
      )
      return {
        carryOut: (command) => answerTo(world, workspace, foreign, command),
        read: () => readState(world, workspace),
      }
    },
    close: () => world.db.destroy(),
  }
}

/** What a command makes or changes, as far as the model wants to know it. */
type Made = { made?: string; rotation?: string }

async function answerTo(
  world: World,
  workspace: Workspace,
  foreign: Workspace,
  command: Command,
): Promise<Answer> {
  const { id } = workspace
  const { random } = world
  // The role is looked up by the act: what stands here is what somebody saw before.
  const as = (person: string, workspaceId = id): Actor => ({
    ...{ kind: 'member', id: person, role: 'member', workspaceId },
  })
  const run = async (
    actor: Actor,
    work: (act: Act) => Promise<unknown>,
    changesRoles = false,
  ): Promise<Answer> => {
    const done = await perform(world, actor, work as (act: Act) => Promise<Made | Refusal>, { changesRoles })
    if (isRefusal(done)) return { code: done.code }
    return { code: 'ok', ...((done ?? {}) as Made) }
  }
  const made = <T extends { id: string }>(one: T | Refusal) => (isRefusal(one) ? one : { made: one.id })

  switch (command.do) {
    case 'issue': {
      const { name, owner: ownerId, writes } = command
      const scopes = writes ? (['read', 'write'] as const) : (['read'] as const)
      const draft = { ...blank, name, ownerId, scopes: [...scopes], lifetimeDays: null }
      return run(as(command.by), async (act) => made(await issue(act, id, draft, random)))
    }
    case 'reveal': {
      const deps = { random, tokenPrefix: world.config.tokenPrefix, timeZone: 'UTC' }
      const answer = await run(as(command.by), async (act) => {
        const revealed = await revealShown(act, id, command.id, deps)
        return isRefusal(revealed) ? revealed : {}
      })
      // A person who revoked it is named; a job that did is not.
      return ['gone', 'expired'].includes(answer.code) ? { code: 'ended' } : answer
    }
    case 'deactivate':
    case 'activate':
    case 'revoke': {
      const change = { deactivate, activate, revoke }[command.do]
      return run(as(command.by), async (act) => silent(await change(act, id, command.id)))
    }
    case 'edit': {
      const { name, owner: ownerId, version } = command
      const wanted = { ...blank, name, ownerId }
      return run(as(command.by), async (act) => silent(await edit(act, id, command.id, wanted, version)))
    }
    case 'rotate':
      return run(as(command.by), async (act) => {
        const started = await startRotation(act, workspace, command.id, { reason: 'scheduled' }, random)
        return isRefusal(started) ? started : { made: started.successor.id, rotation: started.rotation.id }
      })
    case 'finish':
      return run(as(command.by), async (act) =>
        silent(await finishRotation(act, id, command.id, { early: true })),
      )
    case 'abort':
      return run(as(command.by), async (act) =>
        silent(await abortRotation(act, id, command.id, { sure: true })),
      )
    case 'role':
      return run(
        as(command.by),
        async (act) => silent(await setRole(act, id, command.of, command.role)),
        true,
      )
    case 'request': {
      const draft = { ...blank, name: command.name, ownerId: command.by, scopes: ['read'], lifetimeDays: 90 }
      return run(as(command.by), async (act) => made(await makeRequest(act, workspace, draft, 'why', random)))
    }
    case 'approve':
      return run(as(command.by), async (act) => {
        const request = await approveRequest(act, workspace, { id: command.id }, random)
        return isRefusal(request) ? request : { made: request.keyId! }
      })
    case 'deny':
      return run(as(command.by), async (act) => {
        const request = await openForDecision(act, id, command.id)
        if (isRefusal(request)) return request
        return silent(await decideRequest(act, request, { approved: false, reason: 'no' }, random))
      })
    case 'withdraw':
      return run(as(command.by), async (act) => silent(await withdrawRequest(act, id, command.id, random)))
    case 'suspend':
    case 'resume': {
      const change = { suspend: suspendWorkspace, resume: resumeWorkspace }[command.do]
      return run(as(command.by), async (act) => silent(await change(act, workspace)), true)
    }
    case 'offboard': {
      const request = { source: 'shell', userId: command.of, mode: 'revoke', choices: {} } as const
      const asked = await run({ kind: 'operator', id: 'model' }, async (act) =>
        silent(await requestOffboarding(act, workspace, request, random)),
      )
      // A run that goes on for another sequence leaves this one to a later run, which the timetable starts.
      const open = () =>
        world
          .db('offboardings')
          .where({ account_id: workspace.accountId })
          .whereIn('state', ['requested', 'acting', 'confirming'])
          .first('id')
      while (asked.code === 'ok' && (await open())) await carryOut(world)
      return asked
    }
    case 'workspace':
      return run({ kind: 'operator', id: 'model' }, async (act) =>
        silent(await addWorkspace(act, workspace.accountId, { name: command.name, policy: {} }, random)),
      )
    case 'stranger':
      return run(as(stranger, foreign.id), async (act) => silent(await revoke(act, id, command.id)))
    case 'look-for-findings': {
      const done = await transact(world.db, (trx) =>
        reconcile(trx, writeWithoutExpiry, workspace, world.clock.now(), random),
      )
      return { code: isRefusal(done) ? done.code : 'ok' }
    }
    case 'take':
    case 'let-go': {
      const act = { take: acknowledge, 'let-go': letGo }[command.do]
      const target = { workspaceId: id, findingId: command.id, random }
      return run(as(command.by), async (acting) => silent(await act(acting, target)))
    }
  }
}

/** The refusal, or that something was done: its row is read from the database. */
const silent = (done: unknown) => (isRefusal(done) ? done : {})

const blank = { description: '', integration: '', allowedNetworks: [] as string[], limitPerMinute: null }

async function readState(world: World, { id, accountId }: Workspace): Promise<State> {
  const { rows } = await world.db.raw(
    `select
       (select json_agg(name order by created_at, id) from workspaces where account_id = :accountId) as workspaces,
       (select json_object_agg(user_id, role) from members where workspace_id = :id and left_at is null) as roles,
       (select coalesce(json_agg(user_id order by user_id), '[]') from departures where workspace_id = :id) as departed,
       (select coalesce(json_agg(user_id order by requested_at, id), '[]') from offboardings
         where account_id = :accountId and state = 'done') as offboarded,
       (select suspended_at is not null from workspaces where id = :id) as suspended,
       (select coalesce(json_agg(json_build_object('id', id, 'name', name, 'status', status, 'owner', owner_id,
           'revealedBy', revealed_by, 'writes', 'write' = any(scopes), 'predecessor', predecessor_id,
           'successor', successor_id, 'version', version)), '[]') from keys where workspace_id = :id) as keys,
       (select coalesce(json_agg(json_build_object('id', id, 'by', requested_by, 'name', draft->>'name', 'state', state,
           'key', key_id)), '[]') from key_requests where workspace_id = :id) as requests,
       (select coalesce(json_agg(json_build_object('id', id, 'old', predecessor_id, 'next', successor_id,
           'phase', case when ended_at is null then 'running' else phase end)), '[]')
         from rotations where workspace_id = :id) as rotations,
       (select coalesce(json_agg(json_build_object('id', id, 'key', key_id, 'taken', acknowledged_by,
           'isOpen', resolved_at is null)), '[]')
         from findings where workspace_id = :id and kind = 'write-without-expiry') as findings`,
    { id, accountId },
  )
  return rows[0]
}
