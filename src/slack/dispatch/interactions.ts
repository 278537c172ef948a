import type { BlockAction, RespondFn, ViewClosedAction, ViewSubmitAction } from '@slack/bolt'
import type { ModalView } from '@slack/types'
import { isRefusal, refuse } from '../../foundation/refusal.ts'
import { sendOrInWords } from '../in-words.ts'
import {
  type BotContext,
  type ClickInteraction,
  type Handled,
  type Interaction,
  type SubmitInteraction,
  textIn,
  type Values,
} from '../interaction.ts'
import { keptForm, refusalView } from '../messages/refusal.ts'
import { namingWorkspace } from '../named-workspace.ts'
import { readRef } from '../ref.ts'
import { clickFor, closes, type SubmitRoute, submits } from '../routes.ts'
import { pastedToken } from '../words.ts'
import { admit, loading, withTimeout } from './admit.ts'
import { conclude, failed } from './conclude.ts'
import { chosen, claimOf, valuesOf } from './payload.ts'
import type { Submissions } from './submissions.ts'
import { type Acknowledged, opener, openViewSurface, redrawn, type Surface, sayIn } from './surface.ts'

/** Runs an acknowledged click on a button or menu. */
export async function runClick(
  bot: BotContext,
  submissions: Submissions,
  body: BlockAction,
  respond: RespondFn,
): Promise<void> {
  const action = body.actions[0]!
  const modal = body.view?.type === 'modal' ? body.view : undefined
  // A control without a reference of its own acts on the dialog's.
  const metadata = readRef(modal?.private_metadata ?? '')
  const redraws = action.action_id.startsWith('form.')
  const reference = redraws ? { ...metadata } : readRef(chosen(action))
  const route = clickFor(action.action_id, reference.rest)
  if (!route) return
  const surface: Surface = modal
    ? redraws
      ? redrawn(bot, submissions, modal, modal.title.text)
      : openViewSurface(bot, submissions, modal.id, modal.title.text)
    : opener(bot, body.trigger_id, route)
  const beside = body.response_url ? ephemeral(respond) : besideHome(bot, surface, body.user.id)
  // When the dialog could not be opened, the answer goes to where the click was.
  const inDialog = surface.say
  const answer: Interaction['say'] = inDialog
    ? (message, options) => inDialog(message, options).catch(() => beside(message, options))
    : beside
  await conclude(bot, answer, async () => {
    const caller = await admit(bot, claimOf(body, reference.workspace), route.needs)
    if (isRefusal(caller)) return caller
    const clicked: ClickInteraction = {
      bot,
      caller,
      requestId: body.trigger_id,
      ...(body.channel ? { channelId: body.channel.id } : {}),
      value: redraws ? chosen(action) : reference.rest,
      values: modal ? valuesOf(modal) : {},
      metadata: metadata.rest,
      ...(body.message ? { message: { channelId: body.channel?.id ?? '', ts: body.message.ts } } : {}),
      show: surface.show,
      say: answer,
    }
    return route.run(namingWorkspace(clicked, caller))
  })
}

const ephemeral =
  (respond: RespondFn): Interaction['say'] =>
  async (message, options) => {
    const how = { response_type: 'ephemeral', replace_original: options?.replace ?? false } as const
    await sendOrInWords(message, (form) => respond({ ...form, ...how }))
  }

const direct =
  (bot: BotContext, userId: string): Interaction['say'] =>
  async (message) => {
    await sendOrInWords(message, (form) => bot.web.chat.postMessage({ channel: userId, ...form }))
  }

/** Home has no message to answer to: answers in a dialog, or in a direct message when the trigger has expired. */
const besideHome = (bot: BotContext, surface: Surface, userId: string): Interaction['say'] => {
  const inDialog = sayIn(surface.show, 'Keywarden')
  return (message) => inDialog(message).catch(() => direct(bot, userId)(message))
}

/**
 * Runs a dialog's submission. It is not yet acknowledged: the errors that the database knows travel in the
 * acknowledgement. Those that only Slack knows come later, on the form with what was typed.
 */
export async function runSubmit(
  bot: BotContext,
  submissions: Submissions,
  body: ViewSubmitAction,
  ack: (answer: Acknowledgement) => Promise<void>,
): Promise<void> {
  const { view } = body
  const route = submits.find(({ id }) => id === view.callback_id)
  if (!route) return ack({ response_action: 'update', view: refusalView('Keywarden', fromAnotherVersion) })
  const values = valuesOf(view)
  const complaints = submissions.isOver(view.id)
    ? onFirstField(values)
    : wholeKeys(values, bot, route.takesTokens)
  if (complaints) return ack({ response_action: 'errors', errors: complaints })

  let acknowledged = false
  const over: Acknowledged = {}
  const acknowledge = async (answer: Acknowledgement) => {
    acknowledged = true
    // Both deliveries of a submission may get this far; the second must not draw over the first.
    if (submissions.isOver(view.id)) return ack({ response_action: 'errors', errors: onFirstField(values) })
    if (answer.response_action === 'update') {
      submissions.note(view.id, answer.view.submit !== undefined)
      over.hash = view.hash
    }
    await ack(answer)
  }
  const { show, say } = openViewSurface(bot, submissions, view.id, route.title, over)
  const work = (next: ModalView) =>
    acknowledged ? show(next) : acknowledge({ response_action: 'update', view: next })
  const complain = (errors: Record<string, string>) =>
    acknowledged ? show(keptForm(view, errors)) : acknowledge({ response_action: 'errors', errors })
  const refusal = await submitted(route).catch((error: Error) => failed(bot, error))
  if (refusal && refusal.code !== 'repeated') await work(refusalView(route.title, refusal))

  async function submitted(to: SubmitRoute): Promise<Handled> {
    const reference = readRef(view.private_metadata)
    const claim = claimOf(body, textIn(values, 'workspace') || reference.workspace)
    const admitted = admit(bot, claim, to.needs, () => work(loading(to.title)))
    const caller = await withTimeout(admitted, () => (acknowledged ? admitted : databaseIsSlow))
    if (isRefusal(caller)) return caller
    const submission: SubmitInteraction = {
      bot,
      caller,
      // A dialog can become another form; the hash names the one that was submitted.
      requestId: `${view.id} ${view.hash}`,
      metadata: reference.rest,
      values,
      show,
      say,
      complain,
      work,
    }
    return to.run(namingWorkspace(submission, caller))
  }
}

/** A repeated submission must not change what the first one shows now. */
const onFirstField = (values: Values): Record<string, string> => ({
  [Object.keys(values)[0] ?? 'none']: 'This was submitted already.',
})

/** Rejects whole tokens typed into any field but the one that is for them. */
function wholeKeys(
  values: Values,
  { world }: BotContext,
  except?: string,
): Record<string, string> | undefined {
  const fields = Object.entries(values).filter(
    ([field, text]) =>
      field !== except && typeof text === 'string' && pastedToken(text, world.config.tokenPrefix),
  )
  const text = 'That is a whole key. Anyone who saw it can use it; rotate it, and write something else here.'
  return fields.length > 0 ? Object.fromEntries(fields.map(([field]) => [field, text])) : undefined
}

/** Runs the handler of a closed dialog. It can only answer in a direct message. */
export async function runClose(bot: BotContext, body: ViewClosedAction): Promise<void> {
  const route = closes.find(({ id }) => id === body.view.callback_id)
  if (!route) return
  const reference = readRef(body.view.private_metadata)
  const caller = await admit(bot, claimOf(body, reference.workspace), route.needs)
  if (isRefusal(caller)) return
  await route.run({
    bot,
    caller,
    requestId: body.view.id,
    value: reference.rest,
    values: {},
    metadata: reference.rest,
    show: async () => undefined,
    say: direct(bot, body.user.id),
  })
}

export type Acknowledgement =
  | { response_action: 'errors'; errors: Record<string, string> }
  | { response_action: 'update'; view: ModalView }

const fromAnotherVersion = refuse('invalid', 'This dialog is from another version.', {
  next: 'Open it again.',
})
const databaseIsSlow = refuse('database_out', 'The database is slow to answer. This changed nothing.', {
  next: 'Try again in a minute.',
})
