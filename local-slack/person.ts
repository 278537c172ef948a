import type {
  Call,
  ClickRequest,
  CommandRequest,
  Delivered,
  EditRequest,
  Fault,
  SayRequest,
  Screen,
  SubmitRequest,
  Submitted,
} from './contract.ts'
import { describe } from './inspect.ts'

type Falsy = undefined | null | false

/** Somebody at the local Slack, as a test or the demo acts for them. */
export type PersonClient = {
  id: string
  command(request: CommandRequest): Promise<Delivered>
  say(request: SayRequest): Promise<Delivered>
  edit(request: EditRequest): Promise<Delivered>
  click(request: ClickRequest): Promise<Delivered>
  submit(request: SubmitRequest): Promise<Submitted>
  close(view: string): Promise<Delivered>
  home(): Promise<Delivered>
  /** with `after`: once the version is above it, or 25 s later */
  screen(after?: number): Promise<Screen>
  /** the first truthy answer of `find`; throws with what the person does see after `seconds` */
  waitFor<T>(find: (screen: Screen) => T | Falsy, seconds?: number): Promise<T>
}

async function ask<T>(url: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  const response = await fetch(url, { ...(body === undefined ? {} : post), signal })
  const answer = (await response.json()) as T & { error?: string }
  if (!response.ok) throw new Error(answer.error ?? `${url} answered ${response.status}`)
  return answer
}

/** A client for one person. Its acts throw when no person could do such a thing in Slack. */
export function person(url: string, userId: string): PersonClient {
  const at = (what: string) => `${url}/person/${userId}/${what}`
  const screen = (after?: number, signal?: AbortSignal) =>
    ask<Screen>(at(after === undefined ? 'screen' : `screen?after=${after}`), undefined, signal)
  return {
    id: userId,
    command: (request) => ask(at('command'), request),
    say: (request) => ask(at('say'), request),
    edit: (request) => ask(at('edit'), request),
    click: (request) => ask(at('click'), request),
    submit: (request) => ask(at('submit'), request),
    close: (view) => ask(at('close'), { view }),
    home: () => ask(at('home'), {}),
    screen: (after) => screen(after),
    waitFor: (find, seconds = 40) => waitFor(screen, find, seconds),
  }
}

async function waitFor<T>(
  screen: (after?: number, signal?: AbortSignal) => Promise<Screen>,
  find: (screen: Screen) => T | Falsy,
  seconds: number,
): Promise<T> {
  const signal = AbortSignal.timeout(seconds * 1000)
  let seen = await screen()
  for (;;) {
    const found = find(seen)
    if (found) return found
    try {
      seen = await screen(seen.version, signal)
    } catch (error) {
      if (!signal.aborted) throw error
      throw new Error(`Waited ${seconds} s in vain for ${find}\n${describe(seen)}`)
    }
  }
}

/** Lets the next calls of a Web API method fail in a given way. */
export function fault(url: string, wanted: Fault): Promise<Record<string, never>> {
  return ask(`${url}/faults`, wanted)
}

/** The app's calls of the Web API, oldest first. */
export function calls(url: string, method?: string, after = 0): Promise<Call[]> {
  const query = new URLSearchParams({ after: String(after), ...(method === undefined ? {} : { method }) })
  return ask(`${url}/calls?${query}`)
}

/** Moves the calendar; resolves when what is due by then has been run. */
export function advance(
  url: string,
  by: { advanceDays?: number; advanceMinutes?: number },
): Promise<{ now: string }> {
  return ask(`${url}/calendar`, by)
}

/** Does what the page's own button does; resolves when it is done. */
export function runAction(url: string): Promise<Record<string, never>> {
  return ask(`${url}/action`, {})
}
