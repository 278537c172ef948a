import type { Evidence } from './detector/evidence.ts'
import type { Figures } from './detector/explain.ts'
import type { SourceVerdict } from './detector/new-source.ts'
import type { Reason } from './detector/reason.ts'
import type { Severity } from './severity.ts'
import type { AnomalyAlert } from './step-key.ts'

/** An alert of the detector for a key, with the evidence of the hour's sources. */
export type Alarm = AnomalyAlert & {
  keyId: string
  workspaceId: string
  evidence: Evidence | undefined
  /** what a new source did, where that is the reason */
  source?: SourceVerdict
}

/** The numbers behind an episode: kept with it, so that every later reader sees the same. */
export type UseFacts = {
  reason: Reason
  score: number
  /** start of the five minutes in which it alerted */
  at: string
  figures: Figures
  severity: Severity
  /** which network or client, seen for the first time within a day, made which share of the last hour's requests */
  newSource?: { kind: 'network' | 'client'; name: string; share: number; firstAt: string }
  /** of the reasons `new-network` and `person`: who did what, as it was judged */
  source?: SourceVerdict
  /** requests refused in the last hour because the key lacks the scope */
  refusedScope: number
  /** requests of the last hour that failed, or were refused */
  failed: number
  /** the hours in which more came than ever, how many requests, and the most there were before */
  window?: { hours: number; requests: number; max: number }
}
