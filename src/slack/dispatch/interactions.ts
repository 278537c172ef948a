import type { BlockAction, RespondFn, ViewClosedAction, ViewOutput, ViewSubmitAction } from '@slack/bolt'
import type { ModalView } from '@slack/types'
import { isRefusal, type Refusal, refuse } from '../../foundation/refusal.ts'
import { type Message, notice } from '../blocks.ts'
import type { Caller, Claim } from '../caller.ts'
import { refusalMessage, refusalView } from '../messages/refusal.ts'
import { readRef } from '../ref.ts'
import { type ClickRoute, clicks, closes, type SubmitRoute, submits } from '../routes.ts'
import type { Door, Values } from '../story.ts'
import { admit, soon } from './admit.ts'
import { opener, standing } from './surface.ts'

/** A button or menu, already acknowledged. */
export async function runClick(door: Door, body: BlockAction, respond: RespondFn): Promise<void> {
  const action = body.actions[0]!
  const route = clicks.find(({ id }) => action.action_id === id || action.action_id.startsWith(`${id}.`))
  if (!route) return
  const reference = readRef(chosen(action))
  const title = body.view ? undefined : titleOf(route, reference.rest)
  const dialog = body.view ? standing(door, body.view.id) : opener(door, { trigger: body.trigger_id, title })
  const caller = await admit(door, claimOf(body, reference.workspace), route.needs)
  const say = (message: Message, options?: { replace?: boolean }) =>
    answer(door, body, respond, message, options)
  const refusal = isRefusal(caller)
    ? caller
    : await route.run({
        door,
        caller,
        requestId: body.trigger_id,
        value: reference.rest,
        values: body.view ? valuesOf(body.view) : {},
        ...(body.view ? { view: viewOf(body.view) } : {}),
        show: dialog.show,
        say,
      })
  if (!refusal || refusal.code === 'repeated') return
  if (body.view || title) await dialog.show(refusalView(body.view?.title.text ?? title!, refusal))
  else await say(refusalMessage(refusal))
}

/** A dialog's submission, not yet acknowledged: errors on fields have to travel in the acknowledgement. */
export async function runSubmit(
  door: Door,
  body: ViewSubmitAction,
  ack: (answer: Acknowledgement) => Promise<void>,
): Promise<void> {
  const route = submits.find(({ id }) => id === body.view.callback_id)
  if (!route) return ack({ response_action: 'update', view: refusalView('Keywarden', fromAnotherVersion) })
  const reference = readRef(body.view.private_metadata)
  const caller = await soon(
    admit(door, claimOf(body, reference.workspace), route.needs),
    () => databaseIsSlow,
  )
  let acknowledged = false
  const acknowledge = async (answer: Acknowledgement) => {
    acknowledged = true
    await ack(answer)
  }
  const dialog = standing(door, body.view.id)
  const refusal = isRefusal(caller) ? caller : await submitted(route, caller)
  if (!refusal || refusal.code === 'repeated') return
  const view = refusalView(route.title, refusal)
  if (acknowledged) await dialog.show(view)
  else await ack({ response_action: 'update', view })

  function submitted(route: SubmitRoute, caller: Caller): Promise<Refusal | undefined> {
    return route.run({
      door,
      caller,
      requestId: body.view.id,
      metadata: reference.rest,
      values: valuesOf(body.view),
      show: dialog.show,
      say: async () => undefined,
      complain: (errors) => acknowledge({ response_action: 'errors', errors }),
      work: (view) => acknowledge({ response_action: 'update', view }),
    })
  }
}

/** A dialog was closed; there is nowhere left to answer but a direct message. */
export async function runClose(door: Door, body: ViewClosedAction): Promise<void> {
  const route = closes.find(({ id }) => id === body.view.callback_id)
  if (!route) return
  const reference = readRef(body.view.private_metadata)
  const caller = await admit(door, claimOf(body, reference.workspace), route.needs)
  if (isRefusal(caller)) return
  await route.run({
    door,
    caller,
    requestId: body.view.id,
    value: reference.rest,
    values: {},
    show: async () => undefined,
    say: async () => undefined,
  })
}

export type Acknowledgement =
  | { response_action: 'errors'; errors: Record<string, string> }
  | { response_action: 'update'; view: ModalView }

const fromAnotherVersion = refuse('invalid', 'This dialog is from another version.', {
  next: 'Open it again.',
})
const databaseIsSlow = refuse('database_out', 'The database is slow to answer. Nothing changed.', {
  next: 'Try again in a minute.',
})

const titleOf = (route: ClickRoute, value: string): string | undefined =>
  typeof route.opens === 'function' ? route.opens(value) : route.opens

function claimOf(body: BlockAction | ViewSubmitAction | ViewClosedAction, workspace?: string): Claim {
  const teamId = body.team?.id ?? body.user.team_id ?? ''
  const userTeamId = body.user.team_id ?? teamId
  return { teamId, userTeamId, userId: body.user.id, ...(workspace ? { workspace } : {}) }
}

/** Where a click's answer goes: the message it came from, else the dialog it stands in. */
async function answer(
  door: Door,
  body: BlockAction,
  respond: RespondFn,
  message: Message,
  options?: { replace?: boolean },
): Promise<void> {
  if (body.view) {
    const view = notice(body.view.title.text, message.blocks)
    await standing(door, body.view.id).show(view)
    return
  }
  await respond({
    ...message,
    response_type: 'ephemeral',
    replace_original: options?.replace ?? false,
  })
}

const viewOf = (view: ViewOutput) => ({
  id: view.id,
  callbackId: view.callback_id,
  metadata: view.private_metadata,
})

/** What a control says of itself: a button's value, or the chosen option's. */
function chosen(action: BlockAction['actions'][number]): string {
  if ('value' in action && typeof action.value === 'string') return action.value
  if ('selected_option' in action) return action.selected_option?.value ?? ''
  return ''
}

/** A dialog's inputs by field: each stands alone in a block of the field's name. */
function valuesOf(view: ViewOutput): Values {
  const values: Values = {}
  for (const [field, inputs] of Object.entries(view.state.values)) {
    const state = Object.values(inputs)[0]
    values[field] =
      state?.value ??
      state?.selected_option?.value ??
      state?.selected_options?.map((option) => option.value) ??
      state?.selected_user ??
      null
  }
  return values
}
