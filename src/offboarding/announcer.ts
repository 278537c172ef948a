import type { Posted } from '../notifications/channel.ts'
import type { KeyRequest } from '../workspaces/requests.ts'
import type { Counts, OffboardingReport } from './report.ts'

/** A key that waits for its new owner to reveal it. */
type Offer = {
  keyId: string
  workspaceId: string
  name: string
  scopes: string[]
  lifetimeDays: number | null
}

/**
 * Announces offboardings to people; Slack implements it. Each call is delivered, or throws. `again`: an earlier try may
 * have arrived without an answer, so look before you send.
 */
export type Announcer = {
  post(report: OffboardingReport, messageId: string, again: boolean): Promise<Posted>
  edit(where: Posted, report: OffboardingReport): Promise<void>
  /** the report as a file, in the message's thread */
  file(where: Posted, name: string, csv: string, again: boolean): Promise<void>
  /** sends the new owner the keys that wait for them */
  offer(userId: string, leaver: string, offers: readonly Offer[]): Promise<void>
  /** edits the message of a request for a key that was closed */
  showClosed(request: KeyRequest): Promise<void>
  /** notifies the person who asked for a key for a leaver */
  announceClosed(request: KeyRequest): Promise<void>
  /** completes the workflow step that waits for this offboarding */
  complete(execution: string, counts: Counts, where?: Posted): Promise<void>
}
