import type { Method } from './platform.ts'

/** A program that uses a key, and from where. */
export type Program = { ip: string; userAgent: string }

/** How a customer uses a key: its requests, and the programs that send them. Repeated entries happen more often. */
export type Habit = { calls: readonly (readonly [Method, string])[]; programs: readonly Program[] }

const program = (ip: string, userAgent: string): Program => ({ ip, userAgent })
const times = <T>(n: number, one: T): T[] => Array<T>(n).fill(one)

/** The programs not moved to the new key yet; and all others of that customer. */
export const zendesk = {
  main: program('203.0.113.17', 'zendesk-sync/4.2'),
  forgotten: program('10.2.3.44', 'python-requests/2.32'),
}

const contacts = ['GET', '/v1/contacts'] as const
const conversations = ['GET', '/v1/conversations'] as const
const analytics = ['GET', '/v1/analytics'] as const
const aContact = ['GET', '/v1/contacts/4711'] as const
const noContact = ['GET', '/v1/contacts/missing'] as const
const aConversation = ['GET', '/v1/conversations/815'] as const

const habits: Readonly<Record<string, Habit>> = {
  'Warehouse ETL': {
    calls: [contacts, conversations, analytics],
    programs: [program('2001:db8:77::20', 'snowflake-loader/3.1')],
  },
  'Website Widget': {
    calls: [['POST', '/v1/conversations'], aConversation],
    programs: [program('198.51.100.61', 'Mozilla/5.0')],
  },
  'Billing Export': { calls: [analytics], programs: [program('192.0.2.30', 'invoice-export/1.4')] },
  'Zendesk Sync': {
    calls: [
      ...times(9, conversations),
      ...times(5, ['POST', '/v1/conversations/815/messages'] as const),
      ...times(4, aContact),
      noContact,
      ['PATCH', '/v1/contacts/4711'],
    ],
    programs: [...times(6, zendesk.main), zendesk.forgotten],
  },
  // It was given no write, and tries now and then.
  'Salesforce CRM': {
    calls: [
      ...[...times(17, contacts), ...times(14, aContact), ...times(5, conversations)],
      ...[noContact, noContact, ['GET', '/v1/contacts/broken'] as const, ['POST', '/v1/contacts'] as const],
    ],
    programs: [
      ...times(7, program('198.51.100.20', 'salesforce-connector/60.0')),
      ...times(2, program('198.51.101.20', 'salesforce-connector/60.0')),
      program('192.0.2.8', 'python-requests/2.32'),
    ],
  },
  'Intercom Bridge': {
    calls: [conversations, aConversation],
    programs: [program('192.0.2.140', 'node-fetch/3.3')],
  },
  'Looker Dashboard': {
    calls: [...times(5, analytics), ['GET', '/v1/analytics/agents'], contacts],
    programs: [program('192.0.2.77', 'looker/24.6')],
  },
  'Mobile App': {
    calls: [
      ...times(8, aConversation),
      ...times(6, ['POST', '/v1/conversations/815/messages'] as const),
      ...times(5, aContact),
      ['PATCH', '/v1/contacts/4711'],
      ['GET', '/v1/conversations/broken'],
    ],
    programs: [
      program('203.0.113.140', 'mobile-backend/8.0'),
      program('2001:db8:12::9', 'mobile-backend/8.0'),
    ],
  },
  'Agent Copilot': {
    calls: [...times(6, aConversation), ...times(3, ['GET', '/v1/agents'] as const), noContact],
    programs: [program('192.0.2.201', 'copilot/0.9')],
  },
  'Data Science Notebook': {
    calls: [conversations, analytics],
    programs: [program('10.8.0.12', 'python-httpx/0.27')],
  },
}

const other: Habit = { calls: [contacts], programs: [program('192.0.2.99', 'curl/8.5.0')] }

/** The habit of the customer with the key of this name. */
export const habitOf = (name: string): Habit => habits[name] ?? other

/** Relatively many and few requests from day to day; as long as no week is like the one before it. */
const moods = [1, 1.2, 0.85, 1.1, 0.95, 1.3, 0.8, 1, 1.15, 0.9, 1.05]
const onWeekends = 0.5

/** How many requests a customer makes on that day, on average `usual` on a working day. */
export function requestsOn(day: Date, usual: number): number {
  const isWeekend = day.getUTCDay() % 6 === 0
  const mood = moods[Math.floor(day.getTime() / 86_400_000) % moods.length]!
  return usual === 0 ? 0 : Math.max(1, Math.round(usual * mood * (isWeekend ? onWeekends : 1)))
}

/** The n-th request of a customer. Eleven divides the length of no list of calls, so that all have their turn. */
export function requestOf({ calls, programs }: Habit, n: number, token: string) {
  const [method, path] = calls[(n * 11) % calls.length]!
  const { ip, userAgent } = programs[n % programs.length]!
  const headers = { authorization: `Bearer ${token}`, 'x-forwarded-for': ip, 'user-agent': userAgent }
  return { method, path, headers }
}
