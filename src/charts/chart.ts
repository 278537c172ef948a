/**
 * A picture as data that can be sent to the drawing thread. Times are milliseconds since 1970; `timeZone` (IANA) is
 * the zone of the axis.
 */
export type Picture = UsagePicture | BandPicture

/** Requests over time, stacked by outcome. */
export type UsagePicture = {
  kind: 'usage'
  fromMs: number
  toMs: number
  /** until when requests are counted: a step that ends later is drawn as unfinished */
  countedUntilMs: number
  timeZone: string
  /** sorted by time; steps without a request may be absent */
  steps: readonly UsageStep[]
  /** the names of the parts, from the bottom up */
  names: { ok: string; refused: string; failed: string }
  marks: readonly Mark[]
}

/** A last step of which less than this is to come is as good as whole. */
const negligible = 0.1

/** The last step where its time is not over: readers would take its low bar for a fall. */
export function unfinishedStep({ steps, countedUntilMs }: UsagePicture): UsageStep | undefined {
  const last = steps.at(-1)
  return last && last.toMs - countedUntilMs > (last.toMs - last.fromMs) * negligible ? last : undefined
}

export type UsageStep = { fromMs: number; toMs: number; ok: number; refused: number; failed: number }

/**
 * An event of the key: a line, or a stretch of time when it lasted; `soft` is the beginning of the unfinished step. The
 * label is ours, never typed by people.
 */
export type Mark = { atMs: number; untilMs?: number; label: string; tone: 'plain' | 'attention' | 'soft' }

/** Requests against the usual range for that key and hour, with the unusual time marked. */
export type BandPicture = {
  kind: 'band'
  fromMs: number
  toMs: number
  timeZone: string
  steps: readonly BandStep[]
  incident: { fromMs: number; toMs: number; label: string }
}

export type BandStep = { fromMs: number; toMs: number; requests: number; low: number; high: number }
