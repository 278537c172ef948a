import type { ModalView } from '@slack/types'
import type { WebClient } from '@slack/web-api'
import type { Refusal } from '../foundation/refusal.ts'
import type { World } from '../foundation/world.ts'
import type { Workspace } from '../workspaces/workspace.ts'
import type { Message } from './blocks.ts'
import type { Caller } from './caller.ts'

/** The world, Slack, and the follow-up work that every conversation may start. */
export type BotContext = {
  world: World
  web: WebClient
  /** updates alerts and open Homes after an act, in the background; never throws */
  refresh(workspace: Workspace): void
  /** carries out pending offboardings and posts their progress, in the background; never throws */
  offboard(): void
  /** acts on reports of leaks and sends their alerts; resolves when that was done or has failed; never throws */
  actOnLeaks(): Promise<void>
}

/** One action of a person, with the places where the answer can go. */
export type Interaction = {
  bot: BotContext
  caller: Caller
  /** the conversation in Slack where this was asked; absent on Home and in dialogs */
  channelId?: string
  /** the same for a repeated delivery of the same action */
  requestId: string
  /** replaces the dialog's view, or opens a dialog */
  show(view: ModalView): Promise<void>
  /** answers this person only: in the dialog if there is one, else where they asked */
  say(message: Message, options?: { replace?: boolean }): Promise<void>
}

/** A command, typed or from a button. */
export type CommandInteraction = Interaction & {
  /** the text after the verb */
  words: string
  /** the key that a button or menu named */
  keyId?: string
}

export type ClickInteraction = Interaction & {
  /** the control's value: a reference to look up, never a fact */
  value: string
  /** the dialog's inputs, when the control is in one */
  values: Values
  /** the dialog's reference */
  metadata: string
  /** the message that holds the control */
  message?: { channelId: string; ts: string }
}

export type SubmitInteraction = Interaction & {
  metadata: string
  values: Values
  /** shows errors by field: on the fields in the acknowledgement; after it, on top of the form with what was typed */
  complain(errors: Record<string, string>): Promise<void>
  /** acknowledges, which must come before any call to Slack; the dialog shows this until `show` or `complain` */
  work(view: ModalView): Promise<void>
}

/** by field: text, chosen value(s), or null when empty */
export type Values = Record<string, string | string[] | null>

/** The text of a field, or an empty string. */
export const textIn = (values: Values, field: string): string => {
  const value = values[field]
  return typeof value === 'string' ? value : ''
}

/** The chosen values of a field. */
export const choicesIn = (values: Values, field: string): string[] => [values[field] ?? []].flat()

/** A refusal, which the caller shows, or nothing when the conversation has answered. */
// biome-ignore lint/suspicious/noConfusingVoidType: a handler that has answered ends without a return
export type Handled = Refusal | void

/** A conversation parses its input, calls one act and renders the result. */
export type Handler<S extends Interaction> = (interaction: S) => Promise<Handled>

export type OnCommand = Handler<CommandInteraction>
export type OnClick = Handler<ClickInteraction>
export type OnSubmit = Handler<SubmitInteraction>
