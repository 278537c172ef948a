import type { Slack } from '../context.ts'
import type { Person, SubmitRequest, Submitted } from '../contract.ts'
import { controlsOf } from '../controls.ts'
import { deliver } from '../delivery/delivery.ts'
import { type Fields, fieldsAt, isFields } from '../fields.ts'
import { Impossible, Refusal } from '../refusal.ts'
import { changed, type StoredView } from '../state.ts'
import { issueTrigger } from '../triggers.ts'
import { validView } from '../validate/view.ts'
import { blocksOf, inputBlockIds, pushView, stackOf, updateView, viewObject } from '../views.ts'
import { interactionPayload } from './payloads.ts'
import { theirView } from './places.ts'
import { clientProblem, typedInto } from './typed.ts'

/** Slack's sentence for a person when an answer was late or made no sense. */
const trouble = 'We had some trouble connecting. Try again?'

function problemsOnFields(view: StoredView): Record<string, string> {
  const inputs = controlsOf(blocksOf(view)).filter((one) => one.block.type === 'input')
  return Object.fromEntries(
    inputs.flatMap((one) => {
      const problem = clientProblem(one, view.values[one.blockId]?.[one.actionId] ?? null)
      return problem === undefined ? [] : [[one.blockId, problem]]
    }),
  )
}

function showErrors(slack: Slack, view: StoredView, errors: Record<string, string>): Submitted {
  view.errors = errors
  changed(slack.world)
  return { ok: true, outcome: 'errors', errors }
}

/** Errors may stand on input blocks of the view only; anything else is trouble. */
function answeredErrors(slack: Slack, view: StoredView, answer: Fields): Submitted {
  const errors = fieldsAt(answer, 'errors')
  const inputs = inputBlockIds(view)
  const entries = Object.entries(errors)
  const isSound = entries.every(([id, text]) => inputs.has(id) && typeof text === 'string' && text !== '')
  if (entries.length === 0 || !isSound) return { ok: false, error: trouble }
  return showErrors(slack, view, errors as Record<string, string>)
}

function close(slack: Slack, user: string, views: (stack: StoredView[]) => StoredView[]): void {
  slack.world.modals.set(user, views(stackOf(slack.world, user)))
  changed(slack.world)
}

/** Does what the app's acknowledgement of a submission asks for. */
function answered(slack: Slack, view: StoredView, body: unknown): Submitted {
  const answer = isFields(body) ? body : {}
  switch (answer.response_action) {
    case undefined:
      if (isFields(body) ? Object.keys(body).length > 0 : body) return { ok: false, error: trouble }
      close(slack, view.user, (stack) => stack.filter((one) => one !== view))
      return { ok: true, outcome: 'closed' }
    case 'clear':
      close(slack, view.user, () => [])
      return { ok: true, outcome: 'cleared' }
    case 'errors':
      return answeredErrors(slack, view, answer)
    case 'update':
      updateView(slack.world, view, validView(answer.view, 'modal'))
      return { ok: true, outcome: 'updated' }
    case 'push':
      pushView(slack.world, view.user, validView(answer.view, 'modal'))
      return { ok: true, outcome: 'pushed' }
    default:
      return { ok: false, error: trouble }
  }
}

/** A person submits the modal in front of them; answers with what then stands there. */
export async function submit(slack: Slack, person: Person, request: SubmitRequest): Promise<Submitted> {
  const view = theirView(slack, person, request.view)
  if (view.type !== 'modal' || view.fields.submit === undefined)
    throw new Impossible('This view has no submit button')
  view.values = typedInto(slack.world, blocksOf(view), view.values, request.values)
  const problems = problemsOnFields(view)
  if (Object.keys(problems).length > 0) return showErrors(slack, view, problems)
  showErrors(slack, view, {})
  const payload = {
    ...interactionPayload(slack, 'view_submission', person),
    trigger_id: issueTrigger(slack.triggers, person.id),
    view: viewObject(slack.world, view),
    response_urls: [],
  }
  const outcome = await deliver(slack.delivery, 'interactive', payload, true)
  if (!outcome.ok) return { ok: false, error: trouble }
  try {
    return answered(slack, view, outcome.body)
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, error: trouble }
    throw error
  }
}
