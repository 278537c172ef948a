import type { Slack } from './context.ts'
import type {
  ClickRequest,
  CommandRequest,
  EditRequest,
  Fault,
  Person,
  SayRequest,
  Screen,
  SubmitRequest,
} from './contract.ts'
import { type Fields, numberAt, stringAt } from './fields.ts'
import { click } from './interaction/click.ts'
import { close } from './interaction/close.ts'
import { command } from './interaction/command.ts'
import { openHome } from './interaction/home.ts'
import { edit, say } from './interaction/say.ts'
import { submit } from './interaction/submit.ts'
import { Impossible, Refusal } from './refusal.ts'
import { screenOf } from './screen.ts'
import { changed, changedSince } from './state.ts'

const longestPollMilliseconds = 25_000

export type Answer = { status: number; body: unknown }

function someone(slack: Slack, id: string): Person {
  const person = slack.world.people.get(id)
  if (!person || person.kind === 'bot') throw new Impossible(`There is no person ${id}`)
  return person
}

async function screen(slack: Slack, person: Person, query: URLSearchParams): Promise<unknown> {
  const after = query.get('after')
  if (after !== null) await changedFor(slack, person, Number(after))
  const seen = screenOf(slack, person)
  lastSeen.set(person, { version: seen.version, face: faceOf(slack, seen) })
  return seen
}

/** The screen that a person saw last. Most changes are of other people's screens, and need not be sent to this one. */
const lastSeen = new WeakMap<Person, { version: number; face: string }>()

/** Everything of a screen but when it was looked at; of the time, how far the calendar was moved. */
function faceOf(slack: Slack, { version: _version, now: _now, ...rest }: Screen): string {
  const ahead = Math.round((slack.clock.now().getTime() - Date.now()) / 1000)
  return JSON.stringify({ ahead, ...rest })
}

/** Resolves when this person's screen differs from that version of it, or after the longest poll. */
async function changedFor(slack: Slack, person: Person, after: number): Promise<void> {
  const { world } = slack
  const until = Date.now() + longestPollMilliseconds
  const known = lastSeen.get(person)
  for (let version = after; ; version = world.version) {
    await changedSince(world, version, Math.max(0, until - Date.now()))
    const isSame = known?.version === after && faceOf(slack, screenOf(slack, person)) === known.face
    if (!isSame || Date.now() >= until || slack.delivery.stopped.signal.aborted) return
  }
}

/** The bodies come from our own page and client; what they name is checked where it is used. */
function act(slack: Slack, person: Person, what: string, body: Fields): Promise<unknown> {
  if (person.deleted) throw new Impossible(`${person.name} is deactivated`)
  switch (what) {
    case 'command':
      return command(slack, person, body as CommandRequest)
    case 'say':
      return say(slack, person, body as SayRequest)
    case 'edit':
      return edit(slack, person, body as EditRequest)
    case 'click':
      return click(slack, person, body as ClickRequest)
    case 'submit':
      return submit(slack, person, body as SubmitRequest)
    case 'close':
      return close(slack, person, String(body.view))
    case 'home':
      return openHome(slack, person)
    default:
      throw new Impossible(`There is nothing like ${what}`)
  }
}

async function calendar(slack: Slack, method: string, body: Fields): Promise<unknown> {
  if (method === 'POST') {
    if (!slack.onAdvance) throw new Impossible('Nobody moves the calendar here')
    await slack.onAdvance({
      days: numberAt(body, 'advanceDays') ?? 0,
      minutes: numberAt(body, 'advanceMinutes') ?? 0,
    })
    changed(slack.world)
    return { now: slack.clock.now().toISOString() }
  }
  return {
    now: slack.clock.now().toISOString(),
    ...(slack.action ? { action: { label: slack.action.label, minutes: slack.action.minutes } } : {}),
  }
}

async function runAction(slack: Slack): Promise<unknown> {
  if (!slack.action) throw new Impossible('No action is offered here')
  await slack.action.run()
  changed(slack.world)
  return {}
}

function calls(slack: Slack, query: URLSearchParams): unknown {
  const after = Number(query.get('after') ?? '0')
  const method = query.get('method')
  return slack.calls.filter((one) => one.n > after && (method === null || one.method === method))
}

async function routed(slack: Slack, method: string, url: URL, body: Fields): Promise<unknown> {
  const [, first, id, what] = url.pathname.split('/')
  if (first === 'calendar') return calendar(slack, method, body)
  if (first === 'action' && method === 'POST') return runAction(slack)
  if (first === 'calls') return calls(slack, url.searchParams)
  if (first === 'faults') {
    if (stringAt(body, 'method') === undefined) throw new Impossible('A fault needs a method')
    slack.faults.push({ ...(body as Fault), times: numberAt(body, 'times') ?? 1 })
    return {}
  }
  if (id === undefined) return [...slack.world.people.values()]
  const person = someone(slack, id)
  if (method === 'GET' && what === 'screen') return screen(slack, person, url.searchParams)
  return act(slack, person, what ?? '', body)
}

/** Answers what the page and the tests ask as a person: see contract.ts. */
export async function personRoute(slack: Slack, method: string, url: URL, body: Fields): Promise<Answer> {
  try {
    return { status: 200, body: await routed(slack, method, url, body) }
  } catch (error) {
    if (error instanceof Impossible) return { status: 400, body: { error: error.message } }
    if (error instanceof Refusal) return { status: 400, body: { error: error.error } }
    throw error
  }
}
