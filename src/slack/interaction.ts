import type { ModalView } from '@slack/types'
import type { WebClient } from '@slack/web-api'
import type { Refusal } from '../foundation/refusal.ts'
import type { World } from '../foundation/world.ts'
import type { Workspace } from '../workspaces/workspace.ts'
import type { Message } from './blocks.ts'
import type { Caller } from './caller.ts'

/** What every conversation can reach. */
export type BotContext = {
  world: World
  web: WebClient
  /** brings alerts and open Homes up to date after an act; never throws, never waited for */
  refresh(workspace: Workspace): void
  /** carries out what offboardings wait, and tells how they stand; never throws, never waited for */
  offboard(): void
}

/** One thing a person did, with the places where the answer can go. */
export type Interaction = {
  bot: BotContext
  caller: Caller
  /** the same for a repeated delivery of the same deed */
  requestId: string
  /** the dialog becomes this; one is opened when there is none */
  show(view: ModalView): Promise<void>
  /** only this person reads it: in the dialog if there is one, else where they asked */
  say(message: Message, options?: { replace?: boolean }): Promise<void>
}

/** A command, typed or behind a button. */
export type CommandInteraction = Interaction & {
  /** what stood behind the verb */
  words: string
  /** the key, when a button or menu named it */
  keyId?: string
}

export type ClickInteraction = Interaction & {
  /** the control's value: a reference to be looked up, never a fact */
  value: string
  /** the dialog's inputs, when the control stands in one */
  values: Values
  /** the reference that the dialog carries */
  metadata: string
  /** the message it stands in */
  message?: { channelId: string; ts: string }
}

export type SubmitInteraction = Interaction & {
  metadata: string
  values: Values
  /** acknowledges with sentences on fields */
  complain(errors: Record<string, string>): Promise<void>
  /** acknowledges; the dialog shows this while the work goes on */
  work(view: ModalView): Promise<void>
}

/** field -> text, chosen value(s), or null when nothing was entered */
export type Values = Record<string, string | string[] | null>

/** The text of a field, empty when nothing was entered. */
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
