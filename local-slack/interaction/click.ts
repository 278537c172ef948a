import type { Slack } from '../context.ts'
import type { ClickRequest, Delivered, InputValue, Person } from '../contract.ts'
import { type Control, findControl } from '../controls.ts'
import { deliver } from '../delivery/delivery.ts'
import { type Fields, listAt } from '../fields.ts'
import { keepsValue, stateOf } from '../inputs.ts'
import { Impossible } from '../refusal.ts'
import { issueTrigger } from '../triggers.ts'
import { calendarTs, interactionPayload } from './payloads.ts'
import { surfaceAt } from './places.ts'
import { checkChoice, clientProblem, typedInto } from './typed.ts'

function picked(fields: Fields, names: string[]): Fields {
  return Object.fromEntries(names.flatMap((name) => (name in fields ? [[name, fields[name]]] : [])))
}

/** The element's own part of `actions[0]`. */
function ownPart(control: Control, value: InputValue): Fields {
  const { element } = control
  switch (element.type) {
    case 'button':
    case 'workflow_button':
    case 'icon_button':
      return picked(element, ['text', 'value', 'style', 'confirm'])
    case 'feedback_buttons':
      return { value }
    case 'overflow':
      return { selected_option: listAt(element, 'options').find((option) => option.value === value) }
    default:
      return { ...stateOf(control, value), ...picked(element, ['placeholder', 'initial_option', 'confirm']) }
  }
}

function checkDispatches({ block, element, blockId, actionId }: Control): void {
  if (block.type === 'input' && block.dispatch_action !== true) {
    throw new Impossible(`The input ${blockId}/${actionId} does not dispatch actions`)
  }
  if (keepsValue(element) || block.type !== 'input') return
  throw new Impossible(`${blockId}/${actionId} cannot be used here`)
}

function actionOf(slack: Slack, control: Control, value: InputValue): Fields {
  return {
    type: control.element.type,
    action_id: control.actionId,
    block_id: control.blockId,
    ...ownPart(control, value),
    action_ts: calendarTs(slack),
  }
}

/** A person uses a control; answers when the app has acknowledged it. */
export async function click(slack: Slack, person: Person, request: ClickRequest): Promise<Delivered> {
  const surface = surfaceAt(slack, person, request.at)
  const control = findControl(surface.blocks, request.blockId, request.actionId)
  if (!control) throw new Impossible(`There is no control ${request.blockId}/${request.actionId}`)
  checkDispatches(control)
  const value = request.value ?? null
  checkChoice(slack.world, control, value)
  const values = typedInto(slack.world, surface.blocks, surface.values, request.values ?? {})
  if (keepsValue(control.element)) {
    values[control.blockId] = { ...values[control.blockId], [control.actionId]: value }
    const problem = value === null ? undefined : clientProblem(control, value)
    if (problem) return { ok: false, error: problem }
  }
  surface.keep(values)
  const payload = {
    ...interactionPayload(slack, 'block_actions', person),
    ...surface.payload(),
    trigger_id: issueTrigger(slack.triggers, person.id),
    actions: [actionOf(slack, control, value)],
  }
  const outcome = await deliver(slack.delivery, 'interactive', payload, false)
  return outcome.ok ? { ok: true } : outcome
}
