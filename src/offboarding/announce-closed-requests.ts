import { hourMs } from '../foundation/time.ts'
import type { World } from '../foundation/world.ts'
import { closedUnannounced, rememberClosedAnnounced } from '../workspaces/requests.ts'
import type { Announcer } from './announcer.ts'

/** A message is tried for this long; a click on its buttons gets the same answer. */
const timeoutMs = hourMs

/** Removes the buttons from requests that were closed because of a leaver, and notifies the person who had asked. */
export async function announceClosedRequests({ db, clock, log }: World, announcer: Announcer): Promise<void> {
  const now = clock.now()
  for (const request of await closedUnannounced(db, new Date(now.getTime() - timeoutMs)))
    try {
      if (request.posted) await announcer.showClosed(request)
      await rememberClosedAnnounced(db, request.id, now)
      if (request.requestedBy !== request.closedFor) await announcer.announceClosed(request)
    } catch (error) {
      log.warn(
        { event: 'offboarding.closed_request_failed', request: request.id, error: String(error) },
        'failed to announce a closed request for a key',
      )
    }
}
