import { describe } from '../audit/describe.ts'
import type { RecordedEvent } from '../audit/list.ts'
import { plain, who } from '../foundation/words.ts'
import { displayStatus, type KeyWithUsage } from '../keys/key.ts'
import type { Workspace } from '../workspaces/workspace.ts'
import { day, minute } from './print.ts'

// The name comes last: its width on a terminal is unknown.
const columns = [
  ['HINT', 20, (key) => key.hint ?? '-'],
  ['STATUS', 11, (key, now) => displayStatus(key, now)],
  ['EXPIRES', 11, (key) => day(key.expiresAt ?? key.endsAt)],
  ['LAST USED', 17, (key) => minute(key.lastUsedAt)],
  ['REQUESTS', 11, (key) => key.requests.toLocaleString('en-US')],
  ['OWNER', 13, (key) => key.ownerId],
  ['ID', 26, (key) => key.id],
  ['NAME', 0, (key) => key.name],
] as const satisfies readonly [string, number, (key: KeyWithUsage, now: Date) => string][]

export const tableHead = columns.map(([title, width]) => title.padEnd(width)).join('')

/** A key as a line of the table. */
export const tableRow = (key: KeyWithUsage, now: Date): string =>
  columns.map(([, width, cell]) => cell(key, now).padEnd(width)).join('')

/** A key for programs. Times are ISO 8601 in UTC. */
export const keyObject = (key: KeyWithUsage, workspace: Workspace, now: Date) => ({
  id: key.id,
  workspace: { id: workspace.id, name: workspace.name },
  name: key.name,
  description: key.description,
  integration: key.integration,
  hint: key.hint,
  status: displayStatus(key, now),
  scopes: key.scopes,
  owner: key.ownerId,
  createdAt: key.createdAt,
  createdBy: key.createdBy,
  expiresAt: key.expiresAt ?? key.endsAt,
  requests: key.requests,
  lastUsedAt: key.lastUsedAt,
  statusChangedAt: key.statusChangedAt,
  statusChangedBy: key.statusChangedBy,
})

/** The facts about a key, one per line. */
export function factLines(key: KeyWithUsage, now: Date): string[] {
  const expires = key.expiresAt ?? key.endsAt
  return [
    `${key.name}  ${key.hint ?? 'no hint yet'}  ${displayStatus(key, now)}`,
    `id           ${key.id}`,
    ...(key.description ? [`description  ${key.description}`] : []),
    ...(key.integration ? [`integration  ${key.integration}`] : []),
    `owner        ${plain([who(key.ownerId)])}`,
    `scopes       ${key.scopes.join(', ')}`,
    `made         ${minute(key.createdAt)} UTC by ${plain([who(key.createdBy)])}`,
    `expires      ${expires ? `${minute(expires)} UTC` : 'never'}`,
    `requests     ${usage(key)}`,
  ]
}

const usage = ({ requests, lastUsedAt }: KeyWithUsage): string =>
  lastUsedAt ? `${requests.toLocaleString('en-US')}, the last ${minute(lastUsedAt)} UTC` : 'none so far'

/** An event as a line. */
export const eventLine = (event: RecordedEvent): string => `${minute(event.at)}  ${plain(describe(event))}`
