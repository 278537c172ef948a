import { hourMs } from '../foundation/time.ts'
import type { Shown } from './board.ts'
import type { Tracker } from './tracker.ts'

/** The part of a message whose change a reader would notice at once. While it is the same, its figures can wait. */
export const contentHash = (shown: Shown): string =>
  JSON.stringify(
    shown.about === 'rotation'
      ? one(shown.tracker)
      : [shown.campaign.counts, shown.campaign.waiting, shown.campaign.skipped.length],
  )

/** The figures of a message, which move with traffic. */
export const figuresOf = (shown: Shown): string =>
  JSON.stringify(
    shown.about === 'rotation'
      ? figures(shown.tracker)
      : shown.campaign.trackers.map(({ day, facts }) => [day.old, day.next, facts.old.lastUsedAt]),
  )

const one = ({ rotation, phase, facts, isUsed, endsBeforeSwitch, sources }: Tracker) => [
  phase,
  rotation.reason,
  rotation.dueAt,
  facts.now >= rotation.dueAt,
  [rotation.endedAt, rotation.cutAt, rotation.receipt !== null],
  [facts.old.state, facts.next.state, facts.next.hint, facts.next.ownerId],
  isUsed,
  endsBeforeSwitch,
  facts.flushedUntil === undefined,
  sources.map(({ network, client }) => `${network} ${client}`).sort(),
]

const figures = ({ hours, day, sources, facts }: Tracker) => [
  hours,
  day,
  sources.map(({ requests, lastAt }) => [requests, lastAt]),
  facts.old.lastUsedAt,
  // Time left is shown in days, and in hours on the last one.
  Math.floor((facts.dueAt.getTime() - facts.now.getTime()) / hourMs / 24),
]
