import type { Executor } from '../foundation/database.ts'
import { groupBy } from '../foundation/group-by.ts'
import { hourMs } from '../foundation/time.ts'
import { type Source, sourcesOf } from '../usage/sources.ts'
import { trafficOf } from '../usage/traffic.ts'
import { policiesOf } from './announce.ts'
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
  const traffic = groupBy(await trafficOf(db, keyIds, since, until, 'hour'), ({ keyId }) => keyId)
  const olds = rotations.map((rotation) => rotation.predecessorId)
  const sources = await sourcesOf(db, olds, since, until)
  const policy = await policiesOf(db, rotations)
  return rotations.map((rotation, i) => {
    const { timeZone, ...rules } = policy.get(rotation.workspaceId)!
    const phase = rotation.endedAt ? rotation.phase : phaseOf(facts[i]!, rules)
    const of = (id: string) => traffic.get(id) ?? []
    const [old, next] = [of(rotation.predecessorId), of(rotation.successorId)]
    return {
      rotation,
      phase,
      facts: facts[i]!,
      silence: silenceOf(facts[i]!, rules),
      isUsed: isUsed(facts[i]!),
      endsBeforeSwitch: endsBeforeSwitch(facts[i]!, phase),
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
  keys: number
  waiting: number
  skipped: { name: string; why: string }[]
  counts: Record<Phase, number>
  /** those that need attention first, then by name */
  trackers: Tracker[]
}
