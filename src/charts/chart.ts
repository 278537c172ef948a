/**
 * What a picture shows, as data that can be sent to the thread which draws it. Times are milliseconds since 1970;
 * `timeZone` (IANA) is the one that days and hours on the axis belong to.
 */
export type Picture = UsagePicture | BandPicture

/** Requests over time, stacked by what became of them. */
export type UsagePicture = {
  kind: 'usage'
  fromMs: number
  toMs: number
  timeZone: string
  /** sorted by time; steps without a request may be absent */
  steps: readonly UsageStep[]
  /** what the parts are called, from the bottom up */
  names: { ok: string; refused: string; failed: string }
  marks: readonly Mark[]
}

export type UsageStep = { fromMs: number; toMs: number; ok: number; refused: number; failed: number }

/** Something that happened to the key: a line, or a stretch of time when it lasted. Words of ours, never of people. */
export type Mark = { atMs: number; untilMs?: number; label: string; tone: 'plain' | 'bad' }

/** Requests against what is usual for that key at that hour, with the time that is not. */
export type BandPicture = {
  kind: 'band'
  fromMs: number
  toMs: number
  timeZone: string
  steps: readonly BandStep[]
  incident: { fromMs: number; toMs: number; label: string }
}

export type BandStep = { fromMs: number; toMs: number; requests: number; low: number; high: number }
