import type { Slack } from '../context.ts'
import type { Delivered, Person } from '../contract.ts'
import { openDm } from '../state.ts'
import { viewObject } from '../views.ts'
import { emit } from './events.ts'

/** A person opens the app's Home tab. */
export async function openHome(slack: Slack, person: Person): Promise<Delivered> {
  const { world } = slack
  const view = world.homes.get(person.id)
  await emit(slack, 'app_home_opened', {
    type: 'app_home_opened',
    user: person.id,
    channel: openDm(world, person.id).id,
    tab: 'home',
    ...(view ? { view: viewObject(world, view) } : {}),
  })
  return { ok: true }
}
