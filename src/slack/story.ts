import type { ModalView } from '@slack/types'
import type { WebClient } from '@slack/web-api'
import type { Refusal } from '../foundation/refusal.ts'
import type { World } from '../foundation/world.ts'
import type { Workspace } from '../workspaces/workspace.ts'
import type { Message } from './blocks.ts'
import type { Caller } from './caller.ts'

/** What every conversation can reach. */
export type Door = {
  world: World
  web: WebClient
  /** brings findings and their alerts up to date after an act; never throws, never waits for Slack */
  settle(workspace: Workspace): void
}

/** One thing a person did, with the places where the answer can go. */
export type Story = {
  door: Door
  caller: Caller
  /** the same for a repeated delivery of the same deed */
  requestId: string
  /** the open dialog becomes this */
  show(view: ModalView): Promise<void>
  /** only this person reads it, where they asked */
  say(message: Message, options?: { replace?: boolean }): Promise<void>
}

export type CommandStory = Story & {
  /** what stood behind the verb */
  words: string
}

export type ClickStory = Story & {
  /** the control's value: a reference to be looked up, never a fact */
  value: string
  /** the dialog's inputs, when the control stands in one */
  values: Values
  view?: { id: string; callbackId: string; metadata: string }
}

export type SubmitStory = Story & {
  metadata: string
  values: Values
  /** acknowledges with sentences on fields */
  complain(errors: Record<string, string>): Promise<void>
  /** acknowledges; the dialog shows this while the work goes on */
  work(view: ModalView): Promise<void>
}

/** field -> text, chosen value(s), or null when nothing was entered */
export type Values = Record<string, string | string[] | null>

/** A conversation parses, calls one act and renders. What it returns instead of answering is shown as a refusal. */
export type Conversation<S extends Story> = (story: S) => Promise<Refusal | undefined>
