import type { Slack } from '../context.ts'
import type { Delivered, Person } from '../contract.ts'
import { deliver } from '../delivery/delivery.ts'
import { Impossible } from '../refusal.ts'
import { changed } from '../state.ts'
import { stackOf, viewObject } from '../views.ts'
import { interactionPayload } from './payloads.ts'

/** A person closes a modal and what lies above it; the app hears of views with `notify_on_close`. */
export async function close(slack: Slack, person: Person, viewId: string): Promise<Delivered> {
  const stack = stackOf(slack.world, person.id)
  const index = stack.findIndex((view) => view.id === viewId)
  if (index < 0) throw new Impossible(`${person.name} has no modal ${viewId} open`)
  const from = stack[index]!.fields.clear_on_close === true ? 0 : index
  const gone = stack.slice(from)
  slack.world.modals.set(person.id, stack.slice(0, from))
  changed(slack.world)
  for (const view of gone.reverse()) {
    if (view.fields.notify_on_close !== true) continue
    const payload = {
      ...interactionPayload(slack, 'view_closed', person),
      view: viewObject(slack.world, view),
      is_cleared: gone.length > 1,
    }
    const outcome = await deliver(slack.delivery, 'interactive', payload, false)
    if (!outcome.ok) return outcome
  }
  return { ok: true }
}
