import { perform } from '../acts/perform.ts'
import type { Executor } from '../foundation/database.ts'
import { isRefusal, type Refusal } from '../foundation/refusal.ts'
import type { World } from '../foundation/world.ts'
import { tokensIn } from '../keys/pasted.ts'
import { hashToken } from '../keys/token.ts'
import { put } from '../notifications/outbox.ts'
import { workspacesOfTeam } from '../workspaces/workspace.ts'
import { takeReport } from './report.ts'

/** The account of a team in which an owner has this channel watched; undefined when nobody has. */
export async function watcherOf(
  db: Executor,
  slackTeamId: string,
  channel: string,
): Promise<{ accountId: string; adoptsKeys: boolean } | undefined> {
  const workspaces = await workspacesOfTeam(db, slackTeamId)
  const watching = workspaces.find(({ policy }) => policy.watchedChannels.includes(channel))
  if (!watching) return undefined
  const row = await db('accounts').where({ id: watching.accountId }).first('foreign_tokens')
  return { accountId: watching.accountId, adoptsKeys: row.foreign_tokens }
}

/** The content of a message: hashes alone, so that no text waits while the database is out. */
export type Paste = {
  accountId: string
  channel: string
  /** Slack's id of the message in its channel; an edited message keeps it */
  ts: string
  link: string
  /** a Slack user, or what names an app */
  author: string
  /** the author gets a direct message */
  isColleague: boolean
  hashes: readonly Buffer[]
}

/** More words of one message are not looked up. */
const maxWords = 300

/**
 * The hashes of what could be a token in these texts: whole tokens of our form, and, where keys were adopted, every word
 * that is long enough for one. Pure.
 */
export function possibleTokens(texts: readonly string[], tokenPrefix: string, adoptsKeys: boolean): Buffer[] {
  const ours = texts.flatMap((text) => tokensIn(text, tokenPrefix))
  const words = adoptsKeys ? texts.flatMap(longWords) : []
  return [...new Set([...ours, ...words.slice(0, maxWords)])].map(hashToken)
}

const longWords = (text: string): string[] => text.match(/[\w.~+/=-]{20,200}/g) ?? []

/**
 * Reports the tokens of one message, each once, and puts a message for its author. Returns whether any was news; a
 * refusal means that it is unknown whether the report was saved: try it again.
 */
export function reportPaste(world: World, paste: Paste): Promise<boolean | Refusal> {
  const { channel, ts, link, author, hashes } = paste
  return perform(world, { kind: 'job', id: 'paste-watch' }, async (act) => {
    const where = link || `channel ${channel}`
    const taken = await takeReport(
      act,
      {
        ...{
          accountId: paste.accountId,
          evidence: 'pasted',
          reporter: author,
          reference: `${channel}:${ts}`,
        },
        found: hashes.map((hash) => ({ hash, where })),
      },
      world.random,
    )
    if (isRefusal(taken)) return taken
    const fresh = taken.filter(({ isNew }) => isNew)
    const messages = fresh.map(({ id, workspaceId, hint }) => ({
      ...{ workspaceId, source: 'pasted', subjectId: id, step: `${channel}:${ts}`, mode: 'once' as const },
      ...{ destination: `dm:${author}`, body: { hint, channel, link, at: act.now.toISOString() } },
    }))
    if (paste.isColleague) await put(act.trx, messages, act.now, world.random)
    return fresh.length > 0
  })
}
