import type { Executor } from '../foundation/database.ts'
import { hourMs } from '../foundation/time.ts'
import { type Policy, readPolicy } from '../policy/policy.ts'
import { type Source, sourcesOf } from '../usage/sources.ts'
import { trafficOf } from '../usage/traffic.ts'
import { factsOf } from './facts.ts'
import { endsBeforeSwitch, type Facts, isUsed, phaseOf, type Silence, silenceOf } from './phase.ts'
import type { Phase, Rotation } from './rotation.ts'

/** How far back the requests of both keys are shown, and the sources that are called still there. */
const hoursShown = 12
const windowMs = 24 * hourMs

/** A rotation as people judge it: how far it is, what both keys do, who is still on the old one. */
export type Tracker = {
  rotation: Rotation
  phase: Phase
  facts: Facts
  silence: Silence
  isUsed: boolean
  /** the old key's own end, when it cuts off what has not switched */
  endsBeforeSwitch: Date | undefined
  channel: string
  timeZone: string
  /** requests per hour, oldest first, hours without any included; the last one is running */
  hours: { at: Date; old: number; next: number }[]
  /** the last 24 hours */
  day: { old: number; next: number; refused: number }
  /** networks and clients on the old key in the last 24 hours, the latest first */
  sources: Source[]
}

/** The trackers of these rotations, in their order; a handful of questions however many there are. */
export async function readTrackers(
  db: Executor,
  rotations: readonly Rotation[],
  now: Date,
): Promise<Tracker[]> {
  if (rotations.length === 0) return []
  const since = new Date(now.getTime() - windowMs)
  const until = new Date(now.getTime() + hourMs)
  const facts = await factsOf(db, rotations, now)
  const keyIds = rotations.flatMap((rotation) => [rotation.predecessorId, rotation.successorId])
  const traffic = await trafficOf(db, keyIds, since, until, 'hour')
  const olds = rotations.map((rotation) => rotation.predecessorId)
  const sources = await sourcesOf(db, olds, since, until)
  const policy = await policyOf(db, rotations)
  return rotations.map((rotation, i) => {
    const { alertChannel, timeZone, ...rules } = policy.get(rotation.workspaceId)!
    const phase = rotation.endedAt ? rotation.phase : phaseOf(facts[i]!, rules)
    const of = (id: string) => traffic.filter((row) => row.keyId === id)
    const [old, next] = [of(rotation.predecessorId), of(rotation.successorId)]
    return {
      rotation,
      phase,
      facts: facts[i]!,
      silence: silenceOf(facts[i]!, rules),
      isUsed: isUsed(facts[i]!),
      endsBeforeSwitch: endsBeforeSwitch(facts[i]!, phase),
      channel: alertChannel,
      timeZone,
      hours: hoursOf(now, old, next),
      day: { old: sum(old), next: sum(next), refused: old.reduce((all, row) => all + row.refused, 0) },
      sources: (sources.get(rotation.predecessorId) ?? []).filter((source) => source.lastAt >= since),
    }
  })
}

type Counts = readonly { at: Date; requests: number }[]

const sum = (rows: Counts) => rows.reduce((all, row) => all + row.requests, 0)

function hoursOf(now: Date, old: Counts, next: Counts): Tracker['hours'] {
  const running = Math.floor(now.getTime() / hourMs)
  const during = (rows: Counts, hour: number) =>
    sum(rows.filter((row) => Math.floor(row.at.getTime() / hourMs) === hour))
  return Array.from({ length: hoursShown }, (_, i) => {
    const hour = running - hoursShown + 1 + i
    return { at: new Date(hour * hourMs), old: during(old, hour), next: during(next, hour) }
  })
}

async function policyOf(db: Executor, rotations: readonly Rotation[]): Promise<Map<string, Policy>> {
  const ids = [...new Set(rotations.map((rotation) => rotation.workspaceId))]
  const rows = await db('workspaces').whereIn('id', ids).select('id', 'policy')
  return new Map(rows.map((row) => [row.id, readPolicy(row.policy)]))
}

/** How many rotations of a campaign are how far, and the keys that it left alone. */
export type CampaignView = {
  id: string
  workspaceId: string
  title: string
  /** whose keys, when it is about a person */
  ofUserId: string | null
  reason: Rotation['reason']
  startedBy: string
  startedAt: Date
  channel: string
  keys: number
  waiting: number
  skipped: { name: string; why: string }[]
  counts: Record<Phase, number>
  /** those that need attention first, then by name */
  trackers: Tracker[]
}
