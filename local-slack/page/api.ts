import type {
  Calendar as CalendarState,
  ClickRequest,
  CommandRequest,
  Delivered,
  Person,
  SayRequest,
  Screen,
  SubmitRequest,
  Submitted,
} from '../contract.ts'

/** A person's acts, as plain calls. A server that does not answer is `{ok: false, error: 'unreachable'}`. */
export const api = {
  people: () => get<Person[]>('/person'),
  screen: (user: string, after: number | undefined, signal: AbortSignal) =>
    get<Screen>(`/person/${user}/screen${after === undefined ? '' : `?after=${after}`}`, signal),
  command: (user: string, body: CommandRequest) => act<Delivered>(`/person/${user}/command`, body),
  say: (user: string, body: SayRequest) => act<Delivered>(`/person/${user}/say`, body),
  click: (user: string, body: ClickRequest) => act<Delivered>(`/person/${user}/click`, body),
  submit: (user: string, body: SubmitRequest) => act<Submitted>(`/person/${user}/submit`, body),
  close: (user: string, view: string) => act<Delivered>(`/person/${user}/close`, { view }),
  home: (user: string) => act<Delivered>(`/person/${user}/home`, {}),
  calendar: () => get<CalendarState>('/calendar'),
  runAction: () => act<Record<string, never> | Undelivered>('/action', {}),
  advance: (days: number) => act<{ now: string } | Undelivered>('/calendar', { advanceDays: days }),
}

type Undelivered = { ok: false; error: string }

async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  const response = await fetch(path, signal ? { signal } : {})
  if (!response.ok) throw new Error(`${path} answered ${response.status}`)
  return (await response.json()) as T
}

async function act<T>(path: string, body: unknown): Promise<T | Undelivered> {
  try {
    const response = await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const answer: unknown = await response.json()
    return response.ok ? (answer as T) : { ok: false, error: (answer as { error: string }).error }
  } catch {
    return { ok: false, error: 'unreachable' }
  }
}
