/** npm run bench:evidence: how long evidence for auditors takes, and its verification without a database. */
import { execFile, spawn } from 'node:child_process'
import { createWriteStream, statSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startPostgres } from '../sandbox/services/postgres.ts'
import { beginning, hashOf } from '../src/audit/chain.ts'
import { takeCheckpoint } from '../src/audit/checkpoint.ts'
import { readConfig } from '../src/foundation/config.ts'
import { openDatabase } from '../src/foundation/database.ts'
import { migrate } from '../src/foundation/migrate.ts'
import { administer } from '../test/setup/administer.ts'
import { fillKeys, now, workspaceId } from './clock/fill.ts'
import { report } from './table.ts'

const keys = Number(process.env.KEYS ?? 100_000)
const samples = Number(process.env.SAMPLES ?? 40)
const targetSeconds = 60

const command = fileURLToPath(new URL('../bin/keywarden', import.meta.url))
const folder = await mkdtemp(join(tmpdir(), 'keywarden-bench-evidence-'))
const postgres = await startPostgres({ own: true })
const checkpoints = join(folder, 'checkpoints.jsonl')
const env = { DATABASE_URL: postgres.url, KEYWARDEN_AUDIT_CHECKPOINTS: checkpoints }
const { PATH = '', HOME = '' } = process.env

/** Runs the command with its output in a file, and measures its seconds. */
async function timed(args: readonly string[], to: string): Promise<number> {
  const begun = performance.now()
  const child = spawn(command, args, {
    env: { PATH, HOME, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  await pipeline(child.stdout, createWriteStream(to))
  const code = await ended
  if (code !== 0) throw new Error(`keywarden ${args.join(' ')} ended with ${code}`)
  return (performance.now() - begun) / 1_000
}

/** A whole life of every key as events, hashed as the product hashes them; every tenth key was revoked. */
async function fillEvents(): Promise<number> {
  let previousHash = beginning
  let seq = 0
  let batch: { seq: number; at: string; body: string; previous: string; hash: string }[] = []
  const insert = async () => {
    await administer(
      postgres.url,
      `insert into audit_events (workspace_id, seq, at, event, actor_kind, actor_id, key_id, body, previous_hash, hash)
       select $1, e.seq, e.at::timestamptz, e.body::jsonb ->> 'event', 'member', e.body::jsonb #>> '{actor,id}',
         e.body::jsonb ->> 'keyId', e.body, decode(e.previous, 'hex'), decode(e.hash, 'hex')
       from jsonb_to_recordset($2) as e (seq bigint, at text, body text, previous text, hash text)`,
      [workspaceId, JSON.stringify(batch)],
    )
    batch = []
  }
  const add = async (at: Date, event: string, more: object) => {
    seq++
    const actor = { kind: 'member', id: `U${seq % 500}`, role: 'manager' }
    const body = JSON.stringify({ at: at.toISOString(), event, actor, ...more })
    const hash = hashOf({ workspace: workspaceId, seq, previousHash, body })
    batch.push({ seq, at: at.toISOString(), body, previous: previousHash, hash })
    previousHash = hash
    if (batch.length === 20_000) await insert()
  }
  const made = new Date(now.getTime() - 200 * 86_400_000)
  for (let n = 1; n <= keys; n++) {
    const keyId = `key_${n}`
    const details = { request: `req_${n}`, name: `Key ${n}`, scopes: ['read'], reason: 'a report' }
    // Its actor is found by number, as the approval names them.
    const by = `U${(seq + 1) % 500}`
    await add(made, 'request.made', { details })
    await add(made, 'key.issued', { keyId, details: { name: `Key ${n}`, scopes: ['read'], owner: by } })
    await add(made, 'request.approved', { keyId, details: { request: `req_${n}`, for: by } })
    await add(made, 'key.revealed', { keyId, details: { hint: 'tml_0000...' } })
    if (n % 10 === 0) {
      await add(now, 'key.revoked', { keyId, details: { reason: 'unused' } })
      await add(now, 'key.change-confirmed', { keyId, details: { change: n, keys: 1 } })
    }
  }
  await insert()
  await administer(postgres.url, `insert into audit_heads values ($1, $2, decode($3, 'hex'))`, [
    workspaceId,
    seq,
    previousHash,
  ])
  return seq
}

await migrate(postgres.url)
await fillKeys(postgres.url, keys, 0)
const events = await fillEvents()
await administer(postgres.url, 'alter table keys disable trigger user')
await administer(
  postgres.url,
  `update keys set created_at = $1::timestamptz - interval '200 days', revealed_at = $1::timestamptz - interval '200 days',
     status = case when substr(id, 5)::int % 10 = 0 then 'revoked' else 'active' end,
     status_changed_at = case when substr(id, 5)::int % 10 = 0 then $1::timestamptz else status_changed_at end`,
  [now.toISOString()],
)
await administer(postgres.url, 'alter table keys enable trigger user')
await administer(postgres.url, 'vacuum analyze')
const db = openDatabase(postgres.url, { connections: 1 })
await takeCheckpoint({ db, clock: { now: () => now }, config: readConfig(env) })
await db.destroy()
const { stdout: publicKey } = await promisify(execFile)(command, ['audit', 'public-key'], {
  env: { PATH, HOME, ...env },
})
const keyFile = join(folder, 'key.pem')
await writeFile(keyFile, publicKey)

const whole = join(folder, 'whole.jsonl')
const evidence = join(folder, 'evidence.jsonl')
const at = new Date(now.getTime() - 86_400_000).toISOString()
const rounds: { wholeSeconds: number; evidenceSeconds: number; verifySeconds: number }[] = []
for (let round = 0; round < 3; round++)
  rounds.push({
    wholeSeconds: await timed(['audit', 'export', '--format', 'jsonl'], whole),
    evidenceSeconds: await timed(
      ['audit', 'evidence', '--at', at, '--samples', String(samples), '--seed', `bench-${round}`],
      evidence,
    ),
    verifySeconds: await timed(
      ['audit', 'verify', evidence, '--checkpoints', checkpoints, '--public-key', keyFile],
      join(folder, 'verdict'),
    ),
  })
const worst = (field: keyof (typeof rounds)[number]) => Math.max(...rounds.map((round) => round[field]))
const figures = {
  keys,
  events,
  samples,
  evidenceSeconds: worst('evidenceSeconds'),
  verifySeconds: worst('verifySeconds'),
  wholeExportSeconds: worst('wholeSeconds'),
  evidenceToWholeExportRatio: Math.max(...rounds.map((one) => one.evidenceSeconds / one.wholeSeconds)),
  evidenceMegabytes: statSync(evidence).size / 1e6,
  wholeExportMegabytes: statSync(whole).size / 1e6,
}
await postgres.stop()
await rm(folder, { recursive: true })
report('evidence', { worst: figures }, figures, figures.evidenceSeconds <= targetSeconds)
