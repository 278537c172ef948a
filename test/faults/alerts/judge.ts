import type { WebClient } from '@slack/web-api'
import type { LocalSlack } from 'local-slack'
import type { Call } from 'local-slack/contract'
import type { World } from '../../../src/foundation/world.ts'
import type { DeliveryOutcome } from '../../../src/notifications/claims.ts'
import type { Waiting } from '../../../src/notifications/source.ts'
import { inWords } from '../../../src/slack/in-words.ts'
import { rendering } from '../../../src/slack/render.ts'
import { sources } from '../../../src/slack/sources.ts'

/** The messages in Slack compared with the outbox. `problems` says what is wrong with each that is. */
export type Verdict = {
  messages: number
  outcomes: Partial<Record<DeliveryOutcome, number>>
  /** how many of each source arrived */
  sources: Record<string, number>
  lost: number
  duplicates: number
  /** of all live messages, those that show something else than what is true */
  live: number
  stale: number
  unexplained: number
  problems: string[]
}

type Row = {
  id: string
  seq: number
  source: string
  subject_id: string
  item_id: string
  step: string
  mode: string
  destination: string
  outcome: DeliveryOutcome | null
  last_error: string | null
  covered_by: string | null
}

type Deps = {
  world: Pick<World, 'db' | 'clock'>
  slack: LocalSlack
  web: WebClient
  lost: ReadonlySet<string>
}

/**
 * Every message that arrived is in Slack once: found by the id that it carries, a file by its name, a workflow's run
 * by its outcome; an update, by the live message that shows it. `lost`: the channels that were archived for a while.
 */
export async function judge({ world, slack, web, lost }: Deps): Promise<Verdict> {
  const { db } = world
  const rows: Row[] = await db('outbox')
    .whereNotNull('outcome')
    .orWhereNull('not_before')
    .orWhere('not_before', '<=', world.clock.now())
    .orderBy('seq')
    .select('*')
  const seen = await readSlack(slack)
  const liveRows = await db('posted_messages').select(
    'source',
    'subject_id',
    'destination',
    'channel_id',
    'ts',
    'workspace_id',
  )
  const live = new Set(liveRows.map((one) => `${one.source} ${one.subject_id} ${one.destination}`))
  const verdict: Verdict = {
    ...{ messages: rows.length, outcomes: {}, sources: {}, lost: 0, duplicates: 0 },
    ...{ live: liveRows.length, stale: 0, unexplained: 0, problems: [] },
  }
  const problem = (what: 'lost' | 'stale' | 'unexplained', row: object, why: string) => {
    verdict[what]++
    verdict.problems.push(`${what}: ${why}: ${JSON.stringify(row)}`)
  }
  const copied = new Set(rows.filter(isDirect).map((row) => `${row.source} ${row.item_id} ${row.step}`))
  for (const row of rows) {
    if (row.outcome === null) {
      problem('lost', row, 'it still waits')
      continue
    }
    const { outcome } = row
    verdict.outcomes[outcome] = (verdict.outcomes[outcome] ?? 0) + 1
    if (row.outcome === 'arrived') {
      verdict.sources[row.source] = (verdict.sources[row.source] ?? 0) + 1
      if (!isThere(row)) problem('lost', row, 'it is not in Slack')
    } else if (!isExplained(row)) problem('unexplained', row, 'nothing explains its outcome')
  }
  for (const [what, times] of seen.posts)
    if (times > 1) {
      verdict.duplicates += times - 1
      verdict.problems.push(`${times} times in Slack: ${what}`)
    }
  for (const one of liveRows) {
    const wrong = await differs(one)
    if (wrong) problem('stale', one, wrong)
  }
  return verdict

  function isThere(row: Row): boolean {
    const { id, source, mode, destination, covered_by: coveredBy } = row
    if (source === 'offboarding-step') return seen.completed.has(destination.slice('workflow:'.length))
    if (source === 'offboarding' && mode === 'thread')
      return seen.files.has(fileOf(row)) || seen.posted.has(id)
    if (mode === 'live') return seen.posted.has(id) || live.has(`${source} ${row.subject_id} ${destination}`)
    return seen.posted.has(id) || (coveredBy !== null && seen.posted.has(coveredBy))
  }

  function isExplained(row: Row): boolean {
    switch (row.outcome) {
      case 'moot':
        // Of two that reported the same file or run the first one did; else its subject has nothing to say.
        return (
          row.source !== 'offboarding-step' || seen.completed.has(row.destination.slice('workflow:'.length))
        )
      case 'redirected':
        return (
          lost.has(row.destination) &&
          (row.source === 'checkpoint' || copied.has(`${row.source} ${row.item_id} ${row.step}`))
        )
      case 'failed':
        return /invalid_blocks|msg_too_long|posting_to_general_channel_denied/.test(row.last_error ?? '')
      default:
        return false
    }
  }

  /** How the message in Slack differs from what its source says now. */
  async function differs(one: (typeof liveRows)[number]): Promise<string | undefined> {
    // Somebody deleted it, and there was nothing to say since.
    if (seen.gone.has(`${one.channel_id} ${one.ts}`)) return undefined
    const row = rows.findLast(
      (row) =>
        row.source === one.source &&
        row.subject_id === one.subject_id &&
        row.destination === one.destination &&
        row.outcome === 'arrived',
    )
    if (!row) return 'nothing arrived there'
    const {
      body,
      workspace_id: workspaceId,
      level,
    } = row as unknown as { body: Record<string, unknown>; workspace_id: string; level: number }
    const asked: Waiting = {
      ...{
        source: one.source,
        workspaceId,
        subjectId: one.subject_id,
        itemId: row.item_id,
        destination: one.destination,
      },
      ...{ step: row.step, mode: 'live', level, body, isPosted: true },
    }
    const [reading] = await sources[one.source]!.read(db, [asked], world.clock.now())
    if (!reading || reading instanceof Error || !reading.live) return undefined
    const { render, instead } = rendering(reading.live.content, { mentions: [], isDirect: isDirect(row) })
    const { messages } = await web.conversations.history({
      channel: one.channel_id,
      latest: one.ts,
      inclusive: true,
      limit: 1,
    })
    const shown = messages?.[0]
    if (!shown || shown.ts !== one.ts) return 'it is not there'
    const fresh = render()
    const isSame = plain(shown) === plain(fresh) || plain(shown) === plain(inWords(fresh, instead))
    return isSame ? undefined : `it shows ${plain(shown)} in place of ${plain(fresh)}`
  }
}

const isDirect = ({ destination }: Pick<Row, 'destination'>) => destination.startsWith('dm:')

const fileOf = (row: Row) => `offboarding-${row.subject_id.slice(4, 12)}.csv`

/** The words of a message, with its buttons, without the people whom it calls and the minute of its figures. */
function plain({ text = '', blocks = [] }: { text?: string; blocks?: unknown }): string {
  const words: string[] = []
  JSON.stringify(blocks, (name, value) => {
    if (name === 'text' && typeof value === 'string') words.push(value)
    return value
  })
  const all = [text, ...words].join('\n').replace(/<@\w+>/g, '')
  return all.replace(/^[:,\s]+/gm, '').replace(/\d{4}-\d\d-\d\d \d\d:\d\d UTC|<!date[^>]*>/g, '')
}

/** What Slack accepted and still has: posts by the message that they carry, files by name, runs that were completed. */
async function readSlack(slack: LocalSlack) {
  const read = async (method: string): Promise<Call[]> => {
    const response = await fetch(`${slack.url}/calls?method=${method}`)
    return ((await response.json()) as Call[]).filter(({ reply }) => reply.ok === true)
  }
  const gone = new Set((await read('chat.delete')).map(({ args }) => `${args.channel} ${args.ts}`))
  const posted = new Set<string>()
  const posts = new Map<string, number>()
  const count = (what: string) => posts.set(what, (posts.get(what) ?? 0) + 1)
  for (const { args, reply } of await read('chat.postMessage')) {
    const { event_payload } = (args.metadata ?? {}) as { event_payload?: { message: string } }
    if (!event_payload) continue
    posted.add(event_payload.message)
    if (!gone.has(`${reply.channel} ${reply.ts}`)) count(event_payload.message)
  }
  const files = new Set<string>()
  for (const { reply } of await read('files.completeUploadExternal'))
    for (const { name, title } of reply.files as { name?: string; title?: string }[]) {
      files.add((name ?? title)!)
      count(`file ${name ?? title}`)
    }
  const completed = new Set<string>()
  for (const { args } of await read('functions.completeSuccess')) {
    completed.add(String(args.function_execution_id))
    count(`run ${args.function_execution_id}`)
  }
  return { posted, posts, files, completed, gone }
}
