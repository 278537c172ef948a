import type { Slack } from '../context.ts'
import { deliverEvent } from '../delivery/delivery.ts'
import type { Fields } from '../fields.ts'
import { calendarTs, eventPayload } from './payloads.ts'

/** Whether the app's manifest subscribes to an event, named as manifests do (`message.im`). */
function isSubscribed(slack: Slack, name: string): boolean {
  return slack.manifest.events?.includes(name) ?? true
}

/** Sends an event if the app subscribes to it; resolves when the app has answered the first attempt. */
export async function emit(slack: Slack, name: string, event: Fields, isShared = false): Promise<void> {
  if (!isSubscribed(slack, name)) return
  await deliverEvent(slack.delivery, eventPayload(slack, { event_ts: calendarTs(slack), ...event }, isShared))
}
