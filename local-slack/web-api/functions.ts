import type { Slack } from '../context.ts'
import { type Fields, fieldsAt, isFields } from '../fields.ts'
import { Refusal } from '../refusal.ts'
import { finishStep, type StepOutcome } from '../steps.ts'
import { type Method, required } from './method.ts'

function finish(slack: Slack, args: Fields, outcome: StepOutcome): Fields {
  const id = required(args, 'function_execution_id')
  const error = finishStep(slack, id, outcome)
  if (error) throw new Refusal(error)
  return {}
}

function outputsOf(args: Fields): Fields {
  const given: unknown = typeof args.outputs === 'string' ? JSON.parse(args.outputs) : (args.outputs ?? {})
  if (!isFields(given)) throw new Refusal('invalid_arguments')
  return given
}

export const functions: Record<string, Method> = {
  'functions.completeSuccess': {
    scopes: [],
    run(slack, args) {
      const outputs = outputsOf(args)
      const execution = slack.executions.get(String(args.function_execution_id))
      const step = fieldsAt(slack.manifest.steps, execution?.callbackId ?? '')
      const known = fieldsAt(step, 'output_parameters')
      const unknown = Object.keys(outputs).filter((name) => !(name in known))
      if (execution && unknown.length > 0) throw new Refusal('parameter_validation_failed')
      return finish(slack, args, { ok: true, outputs })
    },
  },
  'functions.completeError': {
    scopes: [],
    run: (slack, args) => finish(slack, args, { ok: false, error: required(args, 'error') }),
  },
}
