import { person } from 'local-slack/person'
import { perform } from '../src/acts/perform.ts'
import { isRefusal, type Refusal, sentence } from '../src/foundation/refusal.ts'
import { plain } from '../src/foundation/words.ts'
import { issue } from '../src/keys/issue.ts'
import { deactivate, revoke } from '../src/keys/state.ts'
import { confirmChange } from '../src/leases/confirm.ts'
import { isLost } from '../src/leases/receipt.ts'
import type { Act, Actor } from '../src/members/actor.ts'
import { ensureMember, setRole } from '../src/workspaces/roles.ts'
import { addWorkspace, inheritOwners, type Workspace, workspacesOfTeam } from '../src/workspaces/workspace.ts'
import { openDialog, people, submitAndSee } from './acting.ts'
import { openCalendar } from './calendar.ts'
import { type Habit, habitOf, requestOf, requestsOn } from './customers.ts'
import { type PastAct, type PastKey, pastActs, pastKeys } from './history-keys.ts'
import { beginRotation, hoursOfToday, liveThroughHours, rotated, type Successor } from './history-rotation.ts'
import type { House } from './house.ts'
import { revealShown } from './reveal-shown.ts'

const dayMs = 86_400_000
const hourMs = 3_600_000
const firstDay = 122
const hoursOfUse = [1.7, 5, 8, 10.2, 12.4, 14.5, 17, 20.6]
const acts = { deactivate, revoke }
const states = { deactivate: 'inactive', revoke: 'revoked' } as const

/** A calendar on which the demo's past, which ends at `today`, is still to come. */
export const calendarBeforeHistory = (today: Date) =>
  openCalendar(new Date(today.getTime() - firstDay * dayMs))

/** A key whose clients are still at work. */
export type Client = { name: string; token: string; habit: Habit; requestsADay: number }

/**
 * Lives through the demo's past: each day's acts and requests happen through the product's own interfaces with the
 * calendar at that day, so that audit, ages and counts are true; then the calendar is let go to `today`. The house
 * must have been opened on `calendarBeforeHistory`. Returns the tokens that clients still hold.
 */
export async function liveThroughHistory(house: House, today: Date): Promise<Client[]> {
  const past: Past = {
    house,
    today,
    tokens: new Map(),
    ids: new Map(),
    asked: new Map(),
    successor: undefined,
  }
  for (let daysAgo = firstDay - 1; daysAgo > 0; daysAgo--) await liveOneDay(past, daysAgo)
  await askForKey(house)
  const moved = await liveThroughHours(await rotationOf(past), past.successor!, (share) =>
    useKeys(past, 0, share),
  )
  moveTo(house, today)
  await house.keywarden.runTimetable()
  const still = pastKeys
    .filter((key) => key.keeps && key.name !== rotated.key)
    .map((key) => {
      const { name, requestsADay = 0 } = key
      return { name, requestsADay, token: past.tokens.get(key)!, habit: habitOf(name) }
    })
  return [...still, moved]
}

/** The state that a rotation under way needs on its later days. */
async function rotationOf({ house, today, ids, tokens }: Past) {
  const key = pastKeys.find(({ name }) => name === rotated.key)!
  const first = await workspace(house)
  const owner = await actor(house, first.id, rotated.by)
  return {
    house,
    today,
    key: { id: ids.get(key)!, name: key.name, token: tokens.get(key)! },
    workspace: first,
    moveTo: (at: Date) => moveTo(house, at),
    done: <T>(act: (act: Act) => Promise<T | Refusal>) => done(house, owner, act),
  }
}

type Past = {
  house: House
  today: Date
  tokens: Map<PastKey, string>
  ids: Map<PastKey, string>
  /** how many requests were made with a key */
  asked: Map<PastKey, number>
  /** of the key that is being rotated */
  successor: Successor | undefined
}

async function liveOneDay(past: Past, daysAgo: number): Promise<void> {
  const keys = pastKeys.filter((key) => key.madeDaysAgo === daysAgo)
  const due = pastActs.filter((one) => one.daysAgo === daysAgo)
  const inOffice = dayBefore(past.today, daysAgo)
  const moments = momentsOf(past.today, daysAgo, inOffice)
  const useAt = async (at: Date) => {
    moveTo(past.house, at)
    await useKeys(past, daysAgo, [moments.indexOf(at), moments.length])
  }
  for (const at of moments.filter((one) => one < inOffice)) await useAt(at)
  moveTo(past.house, inOffice)
  if (daysAgo === firstDay - 1) await addPeople(past.house)
  for (const key of keys) await make(past, key)
  for (const one of due) await doTo(past, one)
  if (daysAgo === rotated.daysAgo) past.successor = await beginRotation(await rotationOf(past))
  for (const at of moments.filter((one) => one >= inOffice)) await useAt(at)
  // Jobs ask for sets, so days may be left out; the last ones are on the reader's screen.
  if (due.length > 0 || daysAgo <= 8 || daysAgo % 7 === 0) await past.house.keywarden.runTimetable()
}

/** When requests are made: the last week is looked at by the hour, what was before by the day. */
function momentsOf(today: Date, daysAgo: number, inOffice: Date): Date[] {
  if (daysAgo > 7) return [inOffice]
  const midnight = Math.floor(inOffice.getTime() / dayMs) * dayMs
  const untilToday = today.getTime() - (hoursOfToday + 1) * hourMs
  const all = hoursOfUse.map((hour) => new Date(midnight + hour * hourMs))
  return all.filter((at, i) => i === 0 || at.getTime() < untilToday)
}

/** Office hours of that day, never the same minute twice. */
function dayBefore(today: Date, daysAgo: number): Date {
  const midnight = Math.floor(today.getTime() / dayMs) * dayMs - daysAgo * dayMs
  return new Date(midnight + (8 * 60 + ((daysAgo * 97) % 540)) * 60_000)
}

function moveTo({ calendar }: House, at: Date): void {
  calendar.advance({ days: 0, minutes: (at.getTime() - calendar.now().getTime()) / 60_000 })
}

/** Adds the second workspace, and the managers of both. */
async function addPeople(house: House): Promise<void> {
  const first = await workspace(house)
  const { timeZone, quietFrom, quietUntil } = first.policy
  const policy = { alertChannel: 'platform', timeZone, quietFrom, quietUntil }
  await done(house, { kind: 'operator', id: 'root' }, async (act) => {
    const staging = await addWorkspace(act, first.accountId, { name: 'Staging', policy }, house.world.random)
    if (!isRefusal(staging)) await inheritOwners(act, first.id, staging.id)
    return staging
  })
  for (const name of [undefined, 'Staging'] as const) {
    const { id } = await workspace(house, name)
    const owner = await actor(house, id, people.owner)
    for (const manager of [people.manager, people.otherManager])
      await done(house, owner, (act) => setRole(act, id, manager, 'manager'))
    for (const member of [people.member, people.otherMember])
      await done(house, owner, (act) => setRole(act, id, member, 'member'))
  }
}

async function make(past: Past, key: PastKey): Promise<void> {
  const { house } = past
  const { random, config } = house.world
  const { id: workspaceId, policy } = await workspace(house, key.workspace)
  const { name, description, integration = '', scopes, days } = key
  const ownerId = people[key.owner ?? key.by]
  const anywhere = { allowedNetworks: [], limitPerMinute: null }
  const request = { name, description, integration, scopes, lifetimeDays: days ?? null, ownerId, ...anywhere }
  const issued = await done(house, await actor(house, workspaceId, people[key.by]), (act) =>
    issue(act, workspaceId, request, random),
  )
  const deps = { random, tokenPrefix: config.tokenPrefix, timeZone: policy.timeZone }
  const { token } = await done(house, await actor(house, workspaceId, ownerId), (act) =>
    revealShown(act, workspaceId, issued.id, deps),
  )
  past.ids.set(key, issued.id)
  past.tokens.set(key, token.open())
}

/** A day of the past lasts a moment: unless waited for, the audit would say that servers learnt of a change days later. */
async function confirmed({ world }: House, keyId: string, to: 'inactive' | 'revoked'): Promise<void> {
  for (;;) {
    const receipt = await confirmChange(world, [keyId], { to })
    if (receipt.state === 'confirmed') return
    if (isLost(receipt)) throw new Error("A change of the demo's past was lost.")
  }
}

async function doTo({ house, ids }: Past, one: PastAct): Promise<void> {
  const key = pastKeys.find(({ name }) => name === one.key)!
  const { id: workspaceId } = await workspace(house, key.workspace)
  await done(house, await actor(house, workspaceId, people[one.by]), (act) =>
    acts[one.does](act, workspaceId, ids.get(key)!, one.reason),
  )
  await confirmed(house, ids.get(key)!, states[one.does])
}

/** Something that waits for a manager, asked for in Slack as a member does. */
async function askForKey({ slack }: House): Promise<void> {
  const member = person(slack.url, people.otherMember)
  const form = await openDialog(member, 'request')
  const sent = await submitAndSee(member, form, {
    name: 'Survey Tool',
    description: 'Asks customers after a conversation',
    scopes: ['read', 'conversations'],
    expires: '90',
    reason: 'Support wants to know how conversations end.',
  })
  await member.close(sent.id)
}

/** Which part of a day's requests: the how manieth of how many. */
type Share = readonly [number, number]

/** A part of a day's requests, asked of the toy platform as its customers ask. */
async function useKeys({ house, tokens, asked }: Past, daysAgo: number, [nth, parts]: Share): Promise<void> {
  const ended = new Set(pastActs.filter((one) => one.daysAgo >= daysAgo).map(({ key }) => key))
  const used = pastKeys.filter(
    (key) => key.madeDaysAgo >= daysAgo && daysAgo > (key.silentSinceDaysAgo ?? -1) && !ended.has(key.name),
  )
  const requests = used.flatMap((key) => {
    const isMoving = daysAgo === 0 && key.name === rotated.key
    const ofDay = isMoving ? 0 : requestsOn(house.world.clock.now(), key.requestsADay ?? 0)
    const before = asked.get(key) ?? 0
    const now = Math.floor(((nth + 1) * ofDay) / parts) - Math.floor((nth * ofDay) / parts)
    asked.set(key, before + now)
    return Array.from({ length: now }, (_, i) => requestOf(habitOf(key.name), before + i, tokens.get(key)!))
  })
  await Promise.all(requests.map((request) => ask(house, request)))
  await house.platform.report()
  // A batch has one last moment, and here a second may hold many days.
  await house.keywarden.flush()
}

/** Sends a request to the platform. Throws when its key is refused; any other answer will do. */
async function ask({ platform }: House, request: Parameters<House['platform']['receive']>[0]): Promise<void> {
  const status = await platform.receive(request)
  if (status === 401 || status === 503) throw new Error(`A request of the demo's past was answered ${status}`)
}

async function workspace({ world, slack }: House, name?: string): Promise<Workspace> {
  const all = await workspacesOfTeam(world.db, slack.teamId)
  return all.find((one) => one.name === name) ?? all[0]!
}

async function actor({ world }: House, workspaceId: string, userId: string): Promise<Actor> {
  // A person becomes a member when Keywarden first meets them.
  const { role } = await ensureMember(world.db, workspaceId, userId, world.clock.now())
  return { kind: 'member', id: userId, role, workspaceId }
}

async function done<T>({ world }: House, actor: Actor, act: (act: Act) => Promise<T | Refusal>): Promise<T> {
  const result = await perform(world, actor, act, { changesRoles: true })
  if (isRefusal(result)) throw new Error(`The demo's past was refused: ${plain(sentence(result))}`)
  return result
}
