/**
 * The interface of a person at the local Slack, over plain HTTP + JSON. The page and the tests use this and nothing
 * else: all that they can do, a person can do.
 *
 *   GET  /person                                  -> Person[]
 *   GET  /person/:user/screen?after=N             -> Screen   (with `after`: waits up to 25 s for a version above N)
 *   POST /person/:user/command   CommandRequest   -> Delivered
 *   POST /person/:user/say       SayRequest       -> Delivered
 *   POST /person/:user/edit      EditRequest      -> Delivered  (a message of theirs)
 *   POST /person/:user/click     ClickRequest     -> Delivered
 *   POST /person/:user/submit    SubmitRequest    -> Submitted
 *   POST /person/:user/close     {view: string}   -> Delivered  (closes that modal and what lies above it)
 *   POST /person/:user/home      {}               -> Delivered  (opens the App Home tab)
 *   GET  /calendar                                -> Calendar
 *   POST /calendar               {advanceDays?: number, advanceMinutes?: number} -> {now: string}
 *                                                    resolves once everything due by then has been run
 *   POST /action                 {}               -> {}        does what the page's own button does; resolves when it is done
 *   POST /faults                 Fault            -> {}        the next `times` calls of a Web API method fail so
 *   GET  /calls?method=M&after=N                  -> Call[]    what the app asked of the Web API
 *   GET  /files/:id                               -> the bytes of an uploaded file (an image's `slack_file.id`;
 *                                                    `slack_file.hidden`: this person may not see it)
 *
 * Every POST answers when the app has acknowledged (or failed to). Its work after the acknowledgement shows on
 * the screen: wait for the fact there.
 */
import type { KnownBlock } from '@slack/types'

export type Person = {
  id: string
  name: string
  realName: string
  /** what Slack's users.info would say of them; `stranger` is a Slack Connect user of another team */
  kind: 'primary_owner' | 'owner' | 'admin' | 'member' | 'guest' | 'stranger' | 'bot'
  email?: string
  tz: string
  deleted: boolean
}

export type Channel = {
  id: string
  name: string
  kind: 'channel' | 'private' | 'dm'
  archived: boolean
  /** shared with another organisation (Slack Connect) */
  shared: boolean
  members: string[]
  /** the other side of a DM */
  with?: string
  /** nobody but the app writes here */
  readOnly?: true
}

export type Message = {
  channel: string
  ts: string
  user: string
  /** name shown for the sender */
  username: string
  text: string
  blocks: KnownBlock[]
  threadTs?: string
  replies: number
  /** a thread reply that is also shown in the channel */
  broadcast?: boolean
  ephemeral: boolean
  edited: boolean
  /** what was uploaded with it; `url` is served here */
  files?: { id: string; name: string; title: string; url: string }[]
  metadata?: { event_type: string; event_payload: Record<string, unknown> }
}

/** A plain value per input: text, the selected option's value(s), a user or channel id, an ISO date. */
export type InputValue = string | string[] | null
/** block_id -> action_id -> value */
export type InputValues = Record<string, Record<string, InputValue>>

export type ModalView = {
  id: string
  callbackId: string
  title: string
  submit?: string
  close: string
  blocks: KnownBlock[]
  /** what has been typed or preset so far */
  values: InputValues
  /** block_id -> sentence, after a submission the app refused */
  errors: Record<string, string>
  hash: string
}

export type Screen = {
  version: number
  now: string
  person: Person
  team: { id: string; name: string; domain: string }
  channels: Channel[]
  /** newest last, thread replies included, ephemeral ones only for this person; at most the last 200 a channel */
  messages: Record<string, Message[]>
  /** this person's modal stack, top last */
  modals: ModalView[]
  home: { id: string; hash: string; blocks: KnownBlock[]; values?: InputValues } | null
}

export type CommandRequest = { channel: string; text: string }
export type SayRequest = {
  channel: string
  text: string
  threadTs?: string
  /** a reply that the channel shows too */
  broadcast?: boolean
  /** a text file that is shared with the message */
  snippet?: { name: string; content: string }
}
export type EditRequest = { channel: string; ts: string; text: string }

/** Where a control stands: in a message, a modal or Home (by view id). */
export type Place = { message: { channel: string; ts: string } } | { view: string }

export type ClickRequest = {
  at: Place
  blockId: string
  actionId: string
  /** the chosen option(s), text or date, for a control that carries one; absent for a button */
  value?: InputValue
  /** what is typed in the place's inputs at this moment */
  values?: InputValues
}

export type SubmitRequest = { view: string; values: InputValues }

/**
 * A request that no person could make in Slack (a button that is not there, an option that is not
 * offered, a closed modal) is answered 400 `{error: string}` instead, and nothing is delivered.
 */

/** `error` is what Slack would show the person, e.g. `dispatch_failed`, `operation_timeout`. */
export type Delivered = { ok: true } | { ok: false; error: string }

export type Submitted =
  | { ok: true; outcome: 'closed' | 'updated' | 'pushed' | 'cleared' }
  | { ok: true; outcome: 'errors'; errors: Record<string, string> }
  | { ok: false; error: string }

/** `now` in ISO; `action` is the page's own button, where one is offered, and how far it moves the calendar. */
export type Calendar = { now: string; action?: { label: string; minutes: number } }

export type Fault = {
  method: string
  times: number
  kind: 'ratelimited' | 'server_error' | 'drop_before' | 'drop_after' | 'hang' | 'slow' | 'late' | 'error'
  /** real milliseconds, 10 s when absent: `slow` is worked on after them, `late` is worked on at once and answered after them */
  afterMs?: number
  retryAfterSeconds?: number
  /** for kind `error`: the error name in the reply */
  error?: string
  /** for kind `error`: what Slack says beside it, as `response_metadata.messages` */
  messages?: string[]
  /** only calls whose arguments hold this text */
  about?: string
}

export type Call = {
  n: number
  method: string
  args: Record<string, unknown>
  reply: Record<string, unknown>
  at: number
}
