import { perform } from '../../../src/acts/perform.ts'
import { weekOfUse } from '../../../src/findings/digest-use.ts'
import { newId } from '../../../src/foundation/ids.ts'
import type { Refusal } from '../../../src/foundation/refusal.ts'
import { dayIn } from '../../../src/foundation/time.ts'
import type { World } from '../../../src/foundation/world.ts'
import { notifyOwner } from '../../../src/keys/notify-owner.ts'
import { announceLapsed, offerKey } from '../../../src/keys/offers.ts'
import { keyColumns, toKey } from '../../../src/keys/store.ts'
import type { Act, Actor } from '../../../src/members/actor.ts'
import { type OutboxMessage, put } from '../../../src/notifications/outbox.ts'
import { carryOut } from '../../../src/offboarding/execute.ts'
import { requestOffboarding } from '../../../src/offboarding/request.ts'
import { announceReview } from '../../../src/reviews/announce.ts'
import { beginReview } from '../../../src/reviews/begin.ts'
import { addNote } from '../../../src/rotation/announce.ts'
import { openCampaign } from '../../../src/rotation/campaign.ts'
import { startRotation } from '../../../src/rotation/start.ts'
import { decideRequest, openForDecision } from '../../../src/workspaces/decide-request.ts'
import { makeRequest } from '../../../src/workspaces/requests.ts'
import { allWorkspaces, type Workspace } from '../../../src/workspaces/workspace.ts'
import { plant } from '../../setup/plant.ts'
import { asMember, must } from '../../setup/records.ts'

export const owner = 'U0ADA00001'
const manager = 'U0BRUNO002'
const people = ['U0CHIDI003', 'U0DANA0004', 'U0EMRE0005', 'U0FARAH006', 'U0GUS00007']
const bad = 'Unspeakable'

type Teller = (workspace: Workspace, n: number) => Promise<void>

/**
 * Tells people something of every kind but findings, which the workers' own jobs find: the real acts where they are at
 * hand, otherwise the messages that they put. `runStep` begins a run of a workflow in Slack and resolves with its id.
 */
export function openTelling(world: World, runStep: (userId: string) => Promise<string>) {
  const { db, random } = world
  let said = 0

  const as = (id: string, role: 'owner' | 'manager' | 'member', workspace: Workspace): Actor =>
    ({ kind: 'member', id, role, workspaceId: workspace.id }) as const
  const act = async <T>(
    workspace: Workspace,
    work: (act: Act) => Promise<T | Refusal>,
    who: Actor = as(manager, 'manager', workspace),
  ) => {
    await asMember(db, who, world.clock.now())
    return must(await perform(world, who, work, { changesRoles: true }))
  }
  const personOf = (n: number) => people[n % people.length]!
  const nameOf = (what: string) => `${what} ${++said}`

  async function keysOf(workspace: Workspace, ownerId: string, count: number, what = 'Told', daysOld = 0) {
    const revealedAt = new Date(world.clock.now().getTime() - daysOld * 86_400_000)
    const keys = Array.from({ length: count }, () => ({ name: nameOf(what), ownerId, revealedAt }))
    const ids = await plant(world, workspace.id, keys)
    const rows = await db('keys').whereIn('id', ids).select(keyColumns)
    return rows.map(toKey)
  }

  const putNow = (workspace: Workspace, messages: Omit<OutboxMessage, 'workspaceId'>[]) =>
    db.transaction((trx) =>
      put(
        trx,
        messages.map((one) => ({ ...one, workspaceId: workspace.id })),
        world.clock.now(),
        random,
      ),
    )
  const channelOf = ({ policy }: Workspace) => `channel:${policy.alertChannel}`

  const rotate: Teller = async (workspace, n) => {
    const [key] = await keysOf(workspace, personOf(n), 1, n % 6 === 0 ? bad : 'Told')
    await act(workspace, async (one) => {
      const started = await startRotation(one, workspace, key!.id, { reason: 'scheduled' }, random)
      if (!('rotation' in started)) return started
      const note = { kind: 'reveal', step: 'reveal', owner: key!.ownerId, policy: workspace.policy } as const
      await addNote(one, started.rotation, note, random)
      return started
    })
  }

  const campaign: Teller = async (workspace, n) => {
    const keys = await keysOf(workspace, personOf(n), 4)
    await act(workspace, async (one) => {
      const wanted = { title: nameOf('Keys'), reason: 'scheduled' } as const
      const begun = await openCampaign(one, workspace, wanted, random)
      for (const key of keys) {
        const start = { reason: 'scheduled', campaignId: begun.id } as const
        const { rotation } = must(await startRotation(one, workspace, key.id, start, random))
        const note = { kind: 'reveal', step: 'reveal', owner: key.ownerId, policy: workspace.policy } as const
        await addNote(one, rotation, note, random)
      }
      return true
    })
  }

  const keyNews: Teller = async (workspace, n) => {
    const [given, made, ...lapsed] = await keysOf(workspace, personOf(n), 4)
    await db('keys')
      .where({ id: made!.id })
      .update({ status: 'unrevealed', revealed_at: null, revealed_by: null, hint: null, token_hash: null })
    await act(workspace, async (one) => {
      await notifyOwner(one, given!, 'given', random)
      await offerKey(one, made!, 'made', random)
      await announceLapsed(one.trx, lapsed, one.now, random)
      return true
    })
  }

  const request: Teller = async (workspace, n) => {
    const asker = as(personOf(n), 'member', workspace)
    const draft = {
      ...{ name: nameOf(n % 6 === 0 ? bad : 'Asked'), description: '', integration: '', scopes: ['read'] },
      ...{ lifetimeDays: 90, allowedNetworks: [], limitPerMinute: null, ownerId: asker.id },
    }
    const made = await act(
      workspace,
      (one) => makeRequest(one, workspace, draft, 'For a test', random),
      asker,
    )
    if (n % 2 === 0) return
    await act(workspace, async (one) => {
      const open = await openForDecision(one, workspace.id, made.id)
      return 'draft' in open ? decideRequest(one, open, { approved: false, reason: 'No' }, random) : open
    })
  }

  const offboard: Teller = async (workspace, n) => {
    const userId = `U0LEAVES${String(++said).padStart(4, '0')}`
    await keysOf(workspace, userId, 2)
    if (n % 2 === 0) await asMember(db, as(userId, 'owner', workspace), world.clock.now())
    for (const reference of [await runStep(userId), await runStep(userId)])
      await act(
        workspace,
        (one) => requestOffboarding(one, workspace, { source: 'workflow', userId, reference }, random),
        { kind: 'job', id: 'slack-events' },
      )
  }

  /** A second one in the same workspace is no review; the progress is brought up to date instead. */
  const review: Teller = async (workspace, n) => {
    await keysOf(workspace, personOf(n), 2, 'Reviewed', 60)
    await perform(world, as(manager, 'manager', workspace), (one) => beginReview(one, workspace, random), {
      changesRoles: true,
    })
    await announceReview(world, workspace)
    const { id } = await db('reviews').where({ workspace_id: workspace.id }).whereNull('ended_at').first('id')
    const about = { subjectId: id, step: `again ${++said}` }
    const ownerId = personOf(n)
    await putNow(workspace, [
      { ...about, source: 'review', mode: 'live', destination: channelOf(workspace) },
      ...([
        {
          ...about,
          source: 'review-reminder',
          mode: 'once',
          destination: `dm:${ownerId}`,
          body: { owner: ownerId },
        },
      ] as const),
    ])
  }

  const fleet: Teller = async (workspace) => {
    const id = newId('flt', random)
    const now = world.clock.now()
    const counts = { direction: 'more', keys: 12, active_keys: 20, began_at: now, grown_at: now }
    await db('fleet_events').insert({ ...{ id, workspace_id: workspace.id, over_at: now }, ...counts })
    const about = { source: 'fleet', subjectId: id, mode: 'live', destination: channelOf(workspace) } as const
    await putNow(workspace, [
      { ...about, step: 'begun' },
      { ...about, step: 'over' },
    ])
  }

  const checkpoint: Teller = async (workspace) => {
    const at = world.clock.now()
    const body = {
      workspace: workspace.name,
      day: dayIn('UTC', at),
      at: at.toISOString(),
      seq: ++said,
      signed: `signed-${said}`,
    }
    const subjectId = `${workspace.id} ${body.day}`
    const about = {
      source: 'checkpoint',
      subjectId,
      mode: 'thread',
      destination: channelOf(workspace),
    } as const
    await putNow(workspace, [{ ...about, step: String(said), body }])
  }

  const notices: Teller = async (workspace, n) => {
    const use = await weekOfUse(db, workspace, dayIn('UTC', world.clock.now()))
    const told = {
      digest: { openByKind: [], opened: 1, resolved: 0, urgent: [], keys: 0, use },
      welcome: { workspace: workspace.name, alertChannel: 'security-alerts' },
      quarantined: { name: nameOf('Quarantined'), hint: 'tml_1234...' },
      'offboarded-elsewhere': {
        ...{ leaver: personOf(n), by: manager, sources: ['slack'], home: 'Home', workspace: workspace.name },
        ...{ keys: [{ name: nameOf('Gone'), plan: 'revoke' }], count: 1, keepsRole: false },
      },
      'step-refused': { runs: 1, isMore: false, leavers: [personOf(n)], offIn: [workspace.name] },
      unreachable: { person: personOf(n), what: 'offer', reason: 'user_not_found' },
      'channel-lost': { channel: 'elsewhere', reason: 'is_archived' },
    }
    await putNow(
      workspace,
      Object.entries(told).map(([source, body]) => ({
        ...{ source, body, subjectId: `${source} ${++said}`, step: 'said', mode: 'once' as const },
        destination: source === 'digest' ? channelOf(workspace) : `dm:${personOf(n + said)}`,
      })),
    )
  }

  const pasted: Teller = async (workspace, n) => {
    const [key] = await keysOf(workspace, personOf(n), 1)
    const step = `C0GENERAL1:${++said}`
    const body = {
      hint: key!.hint,
      channel: 'C0GENERAL1',
      link: 'https://acme.slack.com/archives/C0GENERAL1/p1',
    }
    const destination = `dm:${personOf(n + 1)}`
    await putNow(workspace, [{ source: 'pasted', subjectId: key!.id, step, mode: 'once', destination, body }])
  }

  /** How many of each in a hundred messages, about. */
  const shares: readonly [Teller, number][] = [
    [rotate, 5],
    [campaign, 1],
    [keyNews, 3],
    [request, 6],
    [offboard, 2],
    [review, 0.4],
    [fleet, 1],
    [checkpoint, 1],
    [notices, 1],
    [pasted, 1],
  ]

  return async function tell(messages: number, turn: number): Promise<void> {
    const workspaces = await allWorkspaces(db)
    for (const [teller, share] of shares)
      for (let n = 0; n < Math.max(1, (share * messages) / 100); n++)
        await teller(workspaces[(n + turn) % workspaces.length]!, n + turn)
    await carryOut(world, { withinMs: 5_000 })
  }
}
