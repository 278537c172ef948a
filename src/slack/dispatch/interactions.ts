import type { BlockAction, RespondFn, ViewClosedAction, ViewSubmitAction } from '@slack/bolt'
import type { ModalView } from '@slack/types'
import { isRefusal, type Refusal, refuse } from '../../foundation/refusal.ts'
import type { Caller } from '../caller.ts'
import { refusalMessage, refusalView } from '../messages/refusal.ts'
import { readRef } from '../ref.ts'
import { clickFor, closes, type SubmitRoute, submits } from '../routes.ts'
import type { Door, Story } from '../story.ts'
import { admit, soon } from './admit.ts'
import { chosen, claimOf, valuesOf } from './payload.ts'
import { opener, type Surface, standing } from './surface.ts'

/** A button or menu, already acknowledged. */
export async function runClick(door: Door, body: BlockAction, respond: RespondFn): Promise<void> {
  const action = body.actions[0]!
  const modal = body.view?.type === 'modal' ? body.view : undefined
  // A control that carries no reference of its own acts on what its dialog is about.
  const metadata = readRef(modal?.private_metadata ?? '')
  const reference = action.action_id.startsWith('form.') ? { ...metadata } : readRef(chosen(action))
  const route = clickFor(action.action_id, reference.rest)
  if (!route) return
  const surface: Surface = modal
    ? standing(door, modal.id, modal.title.text)
    : opener(door, body.trigger_id, route.opens)
  const answer = surface.say ?? (body.response_url ? ephemeral(respond) : direct(door, body.user.id))
  const caller = await admit(door, claimOf(body, reference.workspace), route.needs)
  const refusal = isRefusal(caller)
    ? caller
    : await route.run({
        door,
        caller,
        requestId: body.trigger_id,
        value: action.action_id.startsWith('form.') ? chosen(action) : reference.rest,
        values: modal ? valuesOf(modal) : {},
        metadata: metadata.rest,
        ...(body.message ? { message: { channelId: body.channel?.id ?? '', ts: body.message.ts } } : {}),
        show: surface.show,
        say: answer,
      })
  if (refusal && refusal.code !== 'repeated') await answer(refusalMessage(refusal))
}

const ephemeral =
  (respond: RespondFn): Story['say'] =>
  async (message, options) =>
    void (await respond({
      ...message,
      response_type: 'ephemeral',
      replace_original: options?.replace ?? false,
    }))

const direct =
  (door: Door, userId: string): Story['say'] =>
  async (message) =>
    void (await door.web.chat.postMessage({ channel: userId, ...message }))

/** A dialog's submission, not yet acknowledged: errors on fields have to travel in the acknowledgement. */
export async function runSubmit(
  door: Door,
  body: ViewSubmitAction,
  ack: (answer: Acknowledgement) => Promise<void>,
): Promise<void> {
  const route = submits.find(({ id }) => id === body.view.callback_id)
  if (!route) return ack({ response_action: 'update', view: refusalView('Keywarden', fromAnotherVersion) })
  const reference = readRef(body.view.private_metadata)
  const claim = claimOf(body, reference.workspace)
  const caller = await soon(admit(door, claim, route.needs), () => databaseIsSlow)
  let acknowledged = false
  const acknowledge = async (answer: Acknowledgement) => {
    acknowledged = true
    await ack(answer)
  }
  const { show, say } = standing(door, body.view.id, route.title)
  const refusal = isRefusal(caller) ? caller : await submitted(route, caller)
  if (!refusal || refusal.code === 'repeated') return
  const view = refusalView(route.title, refusal)
  if (acknowledged) await show(view)
  else await ack({ response_action: 'update', view })

  function submitted(to: SubmitRoute, by: Caller): Promise<Refusal | undefined> {
    return to.run({
      door,
      caller: by,
      requestId: body.view.id,
      metadata: reference.rest,
      values: valuesOf(body.view),
      show,
      say,
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
    metadata: reference.rest,
    show: async () => undefined,
    say: direct(door, body.user.id),
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
