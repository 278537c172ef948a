import { recordAll } from '../audit/record.ts'
import { newId } from '../foundation/ids.ts'
import type { Random } from '../foundation/random.ts'
import { type Refusal, refuse } from '../foundation/refusal.ts'
import type { Act } from '../members/actor.ts'
import { type Evidence, leakAction } from '../policy/leaked.ts'
import { readPolicy } from '../policy/policy.ts'

/** One thing that was reported: the hash of a whole token, or a key that somebody named, and where it was found. */
export type Reported = { where: string } & ({ hash: Buffer } | { keyId: string })

export type LeakReport = {
  accountId: string
  evidence: Evidence
  /** an actor's name, or the author of a message */
  reporter: string
  /** the reporter's own id: the same report again changes nothing */
  reference: string
  /** SHA-256 of all that was sent; another content under the same reference is refused */
  contentHash?: Buffer
  found: readonly Reported[]
}

/** A key that a report is about. `isNew`: this report had not named it before. */
export type LeakedKey = { id: string; workspaceId: string; name: string; hint: string; isNew: boolean }

/**
 * Takes a report once, and returns the live keys of the account that it is about. Their fate is decided
 * here by the policy of each key's workspace and carried out afterwards. Tokens of nobody, of revoked keys and of other
 * accounts take the same statements as any other.
 */
export async function takeReport(
  act: Act,
  report: LeakReport,
  random: Random,
): Promise<LeakedKey[] | Refusal> {
  const reportId = await insertReport(act, report, random)
  if (typeof reportId !== 'string') return reportId
  const rows = (await liveKeys(act, report)).map((row) => leakOf(row, report))
  const { rows: inserted } = await act.trx.raw(
    `insert into leaks (report_id, key_id, workspace_id, token_hash, is_whole, found_at, reported_at, action)
     select :reportId, l."keyId", l."workspaceId", k.token_hash, l."isWhole", l."where", :now, l.action
     from jsonb_to_recordset(:rows) as l ("keyId" text, "workspaceId" text, "isWhole" boolean, "where" text, action text)
       join keys k on k.id = l."keyId"
     order by l."keyId"
     on conflict do nothing returning key_id`,
    { reportId, now: act.now, rows: JSON.stringify(rows) },
  )
  const fresh = new Set((inserted as { key_id: string }[]).map(({ key_id }) => key_id))
  const news = rows.filter(({ keyId }) => fresh.has(keyId))
  const { reporter: by, evidence } = report
  await recordAll(
    act,
    news.map(({ keyId, workspaceId, isWhole, where, action }) => ({
      event: 'leak.reported',
      workspaceId,
      keyId,
      details: { by, evidence, isWhole, action, ...(where ? { where } : {}) },
    })),
  )
  return rows.map(({ keyId: id, workspaceId, name, hint }) => ({
    ...{ id, workspaceId, name, hint, isNew: fresh.has(id) },
  }))
}

/** The report's id, new or from its first delivery. */
async function insertReport(
  { trx, now }: Act,
  report: LeakReport,
  random: Random,
): Promise<string | Refusal> {
  const { accountId: account_id, reporter, reference, evidence, contentHash } = report
  const once = { account_id, reporter, reference }
  await trx('leak_reports')
    .insert({
      ...{ id: newId('lkr', random), ...once, evidence, reported_at: now },
      content_hash: contentHash ?? null,
    })
    .onConflict(['account_id', 'reporter', 'reference'])
    .ignore()
  const row: { id: string; content_hash: Buffer | null } = await trx('leak_reports')
    .where(once)
    .first('id', 'content_hash')
  if (contentHash && row.content_hash && !contentHash.equals(row.content_hash))
    return refuse('changed', 'That id was used for another report.')
  return row.id
}

type Row = {
  id: string
  workspace_id: string
  name: string
  hint: string
  scopes: string[]
  token_hash: Buffer
  policy: unknown
}

/** Each key once, however often it was reported. */
async function liveKeys({ trx, now }: Act, { accountId, found }: LeakReport): Promise<Row[]> {
  const { rows } = await trx.raw(
    `select k.id, k.workspace_id, k.name, k.hint, k.scopes, k.token_hash, w.policy
     from keys k join workspaces w on w.id = k.workspace_id and w.account_id = :accountId
     where (k.token_hash = any(:hashes::bytea[]) or k.id = any(:ids::text[]))
       and k.status in ('active', 'inactive') and (k.works_until is null or k.works_until > :now)
     order by k.id`,
    {
      accountId,
      now,
      hashes: found.flatMap((one) => ('hash' in one ? [one.hash] : [])),
      ids: found.flatMap((one) => ('keyId' in one ? [one.keyId] : [])),
    },
  )
  return rows
}

/** A key that was only named is notified about and never ended: the reporter need not have its token. */
function leakOf(row: Row, { found, evidence }: LeakReport) {
  const { id: keyId, workspace_id: workspaceId, name, hint, scopes } = row
  const token = found.find((one) => 'hash' in one && row.token_hash.equals(one.hash))
  const where = (token ?? found.find((one) => 'keyId' in one && one.keyId === keyId))!.where
  const action = token ? leakAction(readPolicy(row.policy).leaked, evidence, scopes) : 'notify'
  return { keyId, workspaceId, name, hint, isWhole: token !== undefined, where, action }
}
