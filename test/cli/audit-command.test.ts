import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { takeCheckpoint } from '../../src/audit/checkpoint.ts'
import { administer } from '../setup/administer.ts'
import { openRecords, type Records } from '../setup/records.ts'
import { keywarden, type Ran, shell } from '../setup/shell.ts'

let records: Records
let folder: string
let env: Record<string, string>
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keywarden-audit-'))
  const checkpoints = join(folder, 'checkpoints.jsonl')
  records = await openRecords({ KEYWARDEN_AUDIT_CHECKPOINTS: checkpoints })
  env = { DATABASE_URL: records.database.url, KEYWARDEN_AUDIT_CHECKPOINTS: checkpoints }
  await records.key({ name: 'Salesforce CRM' })
  await takeCheckpoint(records.world)
})
afterAll(async () => {
  await records.drop()
  await rm(folder, { recursive: true })
})

/** Verifying needs neither database nor configuration. */
const offline = (...args: string[]): Promise<Ran> => shell(['audit', 'verify', ...args], {})

async function save(name: string, text: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, text)
  return path
}

test('an auditor verifies an export with the public key alone, and sees what was cut off', async () => {
  const exported = await shell(['audit', 'export', '--format', 'jsonl'], env)
  const key = await shell(['audit', 'public-key'], env)
  expect(exported).toMatchObject({ code: 0, err: '' })
  const proof = [
    '--checkpoints',
    join(folder, 'checkpoints.jsonl'),
    '--public-key',
    await save('key.pem', key.out),
  ]
  const whole = await save('whole.jsonl', exported.out)
  const cut = await save('cut.jsonl', exported.out.split('\n').slice(0, 3).join('\n'))
  const altered = await save('altered.jsonl', exported.out.replace('Salesforce', 'Salesfarce'))
  const intact = await offline(whole, ...proof)
  const truncated = await keywarden(['audit', 'verify', cut, ...proof], {})
  const broken = await offline(altered)
  const unproven = await offline(cut)
  expect(intact).toMatchObject({ code: 0, err: '' })
  expect(intact.out).toMatch(
    /: intact; 4 events, the last is 4; the checkpoint of .* UTC vouches up to event 4\n.*\nIntact\./,
  )
  expect(truncated.code).toBe(1)
  expect(truncated.out).toMatch(
    /truncated {3}event 4: the chain ends at event 3, and the checkpoint of .* counts 4/,
  )
  expect(broken.code).toBe(1)
  expect(broken.out).toMatch(/altered {5}event 3, line 3: .*\n.*\nNOT INTACT\./)
  expect(unproven.code).toBe(0)
  expect(unproven.out).toContain('No checkpoint was compared: a chain that was cut at its end')
})

test('the database is verified with the checkpoints that are configured', async () => {
  expect(await shell(['audit', 'verify'], env)).toMatchObject({ code: 0 })
  await administer(
    records.database.url,
    `alter table audit_events disable trigger all;
     update audit_events set body = replace(body, 'Platform', 'platform') where seq = 1`,
  )
  const broken = await shell(['audit', 'verify'], env)
  expect(broken.code).toBe(1)
  expect(broken.out).toContain('altered     event 1: its text does not match its hash')
})

test('a reader that goes away early is no failure worth a word', async () => {
  const script = `set -o pipefail; bin/keywarden audit export | true`
  const { stderr } = await promisify(execFile)('bash', ['-c', script], {
    env: { ...process.env, ...env },
    cwd: new URL('../..', import.meta.url),
  }).catch((error: { stderr: string }) => error)
  expect(stderr).toBe('')
})

test('what was misused says how to use it, and what is not there is named', async () => {
  const format = await shell(['audit', 'export', '--format', 'xml'], env)
  const moment = await shell(['audit', 'export', '--from', '2026-02-30'], env)
  const keyless = await keywarden(['audit', 'verify', 'x.csv', '--checkpoints', 'y'], {})
  const missing = await offline('/nowhere/export.csv')
  const stranger = await shell(['audit', 'export', '--key', 'Salesfroce CRM'], env)
  expect(format).toMatchObject({ code: 2, err: expect.stringContaining('Allowed choices are csv, jsonl') })
  expect(moment).toMatchObject({ code: 2, err: expect.stringContaining('Write a day as 2026-03-01') })
  expect(keyless).toMatchObject({ code: 2, err: expect.stringContaining('--checkpoints needs --public-key') })
  expect(missing).toEqual({ code: 1, out: '', err: 'There is no file /nowhere/export.csv.\n' })
  expect(stranger).toMatchObject({ code: 1, out: '' })
  expect(stranger.err).toBe('No key is called Salesfroce CRM in Platform. Did you mean Salesforce CRM?\n')
})

test('doctor says when the audit is not protected from the role that is used', async () => {
  const checked = await shell(['doctor'], env)
  expect(checked.out).toMatch(
    /warn {2}Audit {5}not protected from its own role \(\w+ owns its tables\); set DATABASE_OWNER_URL/,
  )
  expect(checked.out).toMatch(/FAIL {2}Audit {5}event 1|ok {4}Audit {5}signed 20/)
})
