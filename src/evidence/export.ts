import { drawSample, evidenceLine, type LifeEvent, type Sample, stepsOf } from '../audit/evidence-file.ts'
import { exportEvents } from '../audit/export.ts'
import { eventsOfKeys, receiptsForSeveral, requestsMade } from '../audit/life.ts'
import type { Executor } from '../foundation/database.ts'

/** Whose keys, as they stood just before `at`, and how many of them are drawn with which seed. */
export type EvidenceRequest = { workspaceId: string; at: Date; samples: number; seed: string }

/** A sample drawn from a population, with the numbers of the events that are the lives of its keys. */
export type Evidence = EvidenceRequest & { population: string[]; drawn: Sample[]; seqs: number[] }

const idsPerLine = 400

/**
 * Reads who is in the population and draws the sample. A key is in it if it was made before and had by then not been
 * revoked, lapsed or expired; paused keys and those that nobody revealed yet are.
 */
export async function gatherEvidence(db: Executor, wanted: EvidenceRequest): Promise<Evidence> {
  const population = await populationAt(db, wanted)
  const keys = drawSample(population, wanted.seed, wanted.samples)
  const events = await livesOf(db, wanted.workspaceId, keys)
  const used = await useOf(db, keys)
  const drawn = keys.map((key) => ({ key, steps: stepsOf(key, events), use: used.get(key) ?? null }))
  return { ...wanted, population, drawn, seqs: events.map(({ seq }) => seq) }
}

async function populationAt(db: Executor, { workspaceId, at }: EvidenceRequest): Promise<string[]> {
  const { rows } = await db.raw(
    `select id from keys
     where workspace_id = :workspaceId and created_at < :at
       and (status <> 'revoked' or status_changed_at >= :at) and (works_until is null or works_until >= :at)
     order by id collate "C"`,
    { workspaceId, at },
  )
  return rows.map(({ id }: { id: string }) => id)
}

/** The events of these keys, the requests that they came from, and receipts that they share with others; in order. */
async function livesOf(db: Executor, workspaceId: string, keys: readonly string[]): Promise<LifeEvent[]> {
  const own = await eventsOfKeys(db, workspaceId, keys)
  const approved = own.filter(({ event }) => event === 'request.approved')
  const others = await Promise.all([
    requestsMade(
      db,
      workspaceId,
      approved.map(({ details }) => ({ request: String(details?.request), by: String(details?.for) })),
    ),
    receiptsForSeveral(db, workspaceId, keys),
  ])
  return [...own, ...others.flat()].sort((a, b) => a.seq - b.seq)
}

async function useOf(db: Executor, keys: readonly string[]): Promise<Map<string, Sample['use']>> {
  const rows = await db('key_usage')
    .whereIn('key_id', [...keys])
    .select('*')
  return new Map(
    rows.map((row) => [
      row.key_id,
      {
        requests: Number(row.requests),
        firstAt: row.first_used_at.toISOString(),
        lastAt: row.last_used_at.toISOString(),
      },
    ]),
  )
}

/**
 * The evidence as JSON Lines, piece by piece: what was drawn from what, then the events as a partial export, with digests
 * in the place of the others, so that `keywarden audit verify` proves it without a database.
 */
export async function* exportEvidence(db: Executor, evidence: Evidence): AsyncGenerator<string> {
  const { workspaceId, at, samples, seed, population, drawn, seqs } = evidence
  yield evidenceLine({
    evidence: {
      ...{ version: 1, workspace: workspaceId, at: at.toISOString(), seed },
      ...{ population: population.length, samples },
    },
  })
  for (let from = 0; from < population.length; from += idsPerLine)
    yield evidenceLine({ population: population.slice(from, from + idsPerLine) })
  for (const sample of drawn) yield evidenceLine({ sample })
  yield* exportEvents(db, [workspaceId], { seqs }, 'jsonl')
}
