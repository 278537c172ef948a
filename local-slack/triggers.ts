import { newSecret } from './ids.ts'
import { invalid, Refusal } from './refusal.ts'

const lifetimeMilliseconds = 3_000

type Trigger = { user: string; issuedAt: number; isExchanged: boolean }
export type Triggers = { byId: Map<string, Trigger>; count: number }

export function createTriggers(): Triggers {
  return { byId: new Map(), count: 0 }
}

/** A trigger id for what `user` just did: good for three seconds of real time, once. */
export function issueTrigger(triggers: Triggers, user: string): string {
  triggers.count += 1
  const id = `${1_000_000 + triggers.count}.${Date.now()}.${newSecret()}`
  triggers.byId.set(id, { user, issuedAt: performance.now(), isExchanged: false })
  return id
}

function validTrigger(triggers: Triggers, id: string | undefined): Trigger {
  if (id === undefined || !/^\d+\.\d+\.[0-9a-f]+$/.test(id)) {
    throw invalid('invalid_arguments', ['invalid `trigger_id` [json-pointer:/trigger_id]'])
  }
  const trigger = triggers.byId.get(id)
  if (!trigger) throw new Refusal('invalid_trigger_id')
  if (trigger.isExchanged) throw new Refusal('exchanged_trigger_id')
  if (performance.now() - trigger.issuedAt > lifetimeMilliseconds) throw new Refusal('expired_trigger_id')
  return trigger
}

/** Whose trigger this is. Refuses: invalid_arguments, invalid_trigger_id, expired_trigger_id, exchanged_trigger_id. */
export function triggerUser(triggers: Triggers, id: string | undefined): string {
  return validTrigger(triggers, id).user
}

/** Uses a trigger up. */
export function exchangeTrigger(triggers: Triggers, id: string | undefined): void {
  validTrigger(triggers, id).isExchanged = true
}
