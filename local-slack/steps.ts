import type { Slack } from './context.ts'
import { type Fields, fieldsAt, flagAt, isFields } from './fields.ts'
import { newId, newSecret } from './ids.ts'
import { emit } from './interaction/events.ts'
import { changed, changedSince } from './state.ts'

export type StepOutcome = { ok: true; outputs: Fields } | { ok: false; error: string }

/** A run of a custom workflow step that the app was asked for. */
export type Execution = {
  id: string
  callbackId: string
  inputs: Fields
  /** the token that comes with the event, good for this run */
  token: string
  outcome?: StepOutcome
}

function parameters(described: Fields): Fields[] {
  return Object.entries(described).map(([name, one]) => ({ ...(isFields(one) ? one : {}), name }))
}

function functionObject(slack: Slack, callbackId: string): Fields {
  const described = fieldsAt(slack.manifest.steps, callbackId)
  return {
    id: `Fn${callbackId.toUpperCase().slice(0, 10)}`,
    callback_id: callbackId,
    title: described.title,
    description: described.description,
    type: 'app',
    input_parameters: parameters(fieldsAt(described, 'input_parameters')),
    output_parameters: parameters(fieldsAt(described, 'output_parameters')),
    app_id: slack.world.app.id,
    date_created: 0,
    date_updated: 0,
    date_deleted: 0,
  }
}

function checkInputs(slack: Slack, callbackId: string, inputs: Fields): void {
  if (!isFields(slack.manifest.steps[callbackId])) throw new Error(`The manifest has no step ${callbackId}`)
  const wanted = fieldsAt(fieldsAt(slack.manifest.steps, callbackId), 'input_parameters')
  for (const [name, one] of Object.entries(wanted)) {
    if (isFields(one) && flagAt(one, 'is_required') && inputs[name] === undefined) {
      throw new Error(`The step ${callbackId} needs the input ${name}`)
    }
  }
}

/** A workflow reaches a step of the app; resolves with the execution's id when the app has the event. */
export async function runStep(slack: Slack, callbackId: string, inputs: Fields): Promise<string> {
  checkInputs(slack, callbackId, inputs)
  const execution: Execution = { id: newId('Fx'), callbackId, inputs, token: `xwfp-${newSecret()}` }
  slack.executions.set(execution.id, execution)
  await emit(slack, 'function_executed', {
    type: 'function_executed',
    function: functionObject(slack, callbackId),
    inputs,
    function_execution_id: execution.id,
    workflow_execution_id: newId('Wx'),
    bot_access_token: execution.token,
  })
  return execution.id
}

/** The outcome of a step, once the app has completed or failed it. */
export async function stepOutcome(slack: Slack, id: string): Promise<StepOutcome> {
  for (;;) {
    const { outcome } = slack.executions.get(id) ?? {}
    if (outcome) return outcome
    if (!slack.executions.has(id) || slack.delivery.stopped.signal.aborted)
      throw new Error(`No outcome of ${id}`)
    await changedSince(slack.world, slack.world.version, 1_000)
  }
}

/** Ends a run of a step, once. Returns Slack's error when there is no such run, or none under way. */
export function finishStep(slack: Slack, id: string, outcome: StepOutcome): string | undefined {
  const execution = slack.executions.get(id)
  if (!execution) return 'function_execution_not_found'
  if (execution.outcome) return 'execution_not_in_running_state'
  execution.outcome = outcome
  changed(slack.world)
  return undefined
}
