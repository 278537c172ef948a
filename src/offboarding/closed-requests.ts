import { hourMs } from '../foundation/time.ts'
import type { World } from '../foundation/world.ts'
import { closedUnannounced, rememberClosedAnnounced } from '../workspaces/requests.ts'
import type { Announcer } from './announcer.ts'

/** So long a message is tried; a click on its buttons is told the same. */
const givenUpAfterMs = hourMs

/** Takes the buttons from requests that were closed because somebody leaves, and tells whoever else had asked. */
export async function announceClosedRequests({ db, clock, log }: World, announcer: Announcer): Promise<void> {
  const now = clock.now()
  for (const request of await closedUnannounced(db, new Date(now.getTime() - givenUpAfterMs)))
    try {
      if (request.posted) await announcer.showClosed(request)
      await rememberClosedAnnounced(db, request.id, now)
      if (request.requestedBy !== request.closedFor) await announcer.announceClosed(request)
    } catch (error) {
      log.warn({ request: request.id, error: String(error) }, 'a closed request was not told')
    }
}
