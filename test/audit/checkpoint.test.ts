import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { auditCheckpoint } from '../../jobs/audit-checkpoint.ts'
import { Contradiction, takeCheckpoint } from '../../src/audit/checkpoint.ts'
import { recordAll } from '../../src/audit/record.ts'
import { existingKey, publicPem, signingKey } from '../../src/audit/signing.ts'
import { isIntact } from '../../src/audit/verify.ts'
import { verifyDatabase } from '../../src/audit/verify-database.ts'
import { readWitnesses } from '../../src/audit/witnesses.ts'
import { readConfig } from '../../src/foundation/config.ts'
import { administer } from '../setup/administer.ts'
import { openRecords, type Records } from '../setup/records.ts'

let records: Records
let folder: string
let file: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keywarden-checkpoints-'))
  file = join(folder, 'kept', 'checkpoints.jsonl')
  records = await openRecords({ KEYWARDEN_AUDIT_CHECKPOINTS: file })
  await append(5)
})
afterEach(async () => {
  await records.drop()
  await rm(folder, { recursive: true })
})

const append = (count: number) =>
  records.act((act) => {
    const event = { event: 'policy.set' as const, workspaceId: records.workspace.id }
    return recordAll(
      act,
      Array.from({ length: count }, () => event),
    )
  })

const runJob = () => auditCheckpoint({ world: records.world, deliver: async () => undefined })

async function vouching() {
  const key = createPublicKey((await existingKey(records.world.config.audit))!)
  return readWitnesses([file], [key])
}

async function verification() {
  return verifyDatabase(records.world.db, [records.workspace.id], (await vouching()).witnesses)
}

/** An intruder with the rights of the tables' owner can do this. */
const tamper = (statement: string) =>
  administer(
    records.database.url,
    `alter table audit_events disable trigger all; ${statement}; alter table audit_events enable trigger all`,
  )

test('each checkpoint signs where the chains end, and the key is made once, for its owner alone', async () => {
  await runJob()
  await append(2)
  await runJob()
  const { count, torn, forged, newest } = await vouching()
  expect({ count, torn, forged }).toEqual({ count: 2, torn: [], forged: [] })
  expect(Math.abs(newest!.getTime() - records.calendar.now().getTime())).toBeLessThan(10_000)
  const verified = await verification()
  expect(isIntact(verified)).toBe(true)
  expect(verified.chains[0]!.vouched).toMatchObject({ seq: verified.chains[0]!.last })
  for (const name of ['checkpoints.jsonl', 'audit-key.pem'])
    expect((await stat(join(folder, 'kept', name))).mode & 0o777).toBe(0o600)
})

test('a chain that was cut is detected against the checkpoint, and not signed again', async () => {
  await runJob()
  await tamper(`delete from audit_events where seq > 4; update audit_heads set seq = 4,
    hash = (select hash from audit_events where seq = 4)`)
  const { workspace, world } = records
  expect(isIntact(await verifyDatabase(world.db, [workspace.id], new Map()))).toBe(true)
  expect((await verification()).chains[0]!.breaks).toMatchObject([{ kind: 'truncated', from: 5, to: 7 }])
  await expect(runJob()).rejects.toThrow(Contradiction)

  await append(10)
  expect((await verification()).chains[0]!.breaks).toMatchObject([{ kind: 'altered', from: 1, to: 7 }])
  await expect(runJob()).rejects.toThrow(/does not hold event 7 as it was signed/)
  expect((await readFile(file, 'utf8')).trim().split('\n')).toHaveLength(1)
})

test('a line that a crash cut short stays alone, and is no lie', async () => {
  await runJob()
  const [line] = (await readFile(file, 'utf8')).split('\n')
  await appendFile(file, line!.slice(0, 100))
  await runJob()
  const { count, torn, forged } = await vouching()
  expect({ count, torn, forged }).toEqual({ count: 2, torn: [{ path: file, line: 2 }], forged: [] })
})

test('a line that somebody else wrote is called forged, and nothing is signed after it', async () => {
  await runJob()
  const genuine = await readFile(file, 'utf8')
  const forgeries = [
    genuine.replace(/seq\\":\d+/, 'seq\\":3'),
    genuine.replace(/"signature":"..../, '"signature":"AAAA'),
    genuine.replace(/"body":"{/, '"body":"{\\"more\\":1,'),
    genuine.replace(/key\\":\\"..../, 'key\\":\\"0000'),
  ]
  for (const forged of forgeries) {
    expect(forged).not.toBe(genuine)
    await writeFile(file, genuine + forged)
    expect((await vouching()).forged).toMatchObject([{ line: 2 }])
    await expect(runJob()).rejects.toThrow(/^Line 2 of .* is not ours/)
  }
})

test('a key of another installation vouches for nothing', async () => {
  await runJob()
  const { publicKey } = generateKeyPairSync('ed25519')
  const { count, forged } = await readWitnesses([file], [publicKey])
  expect({ count, forged }).toMatchObject({ count: 0, forged: [{ why: /another key/ }] })
})

test('the key comes from configuration in either form, and from one file however many look at once', async () => {
  const { privateKey } = generateKeyPairSync('ed25519')
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const der = privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64')
  for (const text of [pem, pem.replaceAll('\n', '\\n'), der]) {
    const { audit } = readConfig({ DATABASE_URL: 'postgres://x', KEYWARDEN_AUDIT_KEY: text })
    expect(publicPem(await signingKey(audit))).toBe(publicPem(createPrivateKey(pem)))
  }
  const { audit } = records.world.config
  const made = await Promise.all(Array.from({ length: 10 }, () => signingKey(audit)))
  expect(new Set(made.map(publicPem)).size).toBe(1)
})

test('a configured key that is none is refused by name, and never shown', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey
  for (const text of ['secret-nonsense', rsa.export({ type: 'pkcs8', format: 'pem' }).toString()]) {
    const read = () => readConfig({ DATABASE_URL: 'postgres://x', KEYWARDEN_AUDIT_KEY: text })
    expect(read).toThrow('KEYWARDEN_AUDIT_KEY is not valid: is not an Ed25519 private key')
    expect(read).not.toThrow(text.slice(0, 12))
  }
})

test('without a file no checkpoint is kept', async () => {
  const { world } = records
  const config = { ...world.config, audit: { checkpoints: undefined, key: undefined, keyFile: undefined } }
  expect(await takeCheckpoint({ ...world, config })).toBeUndefined()
})
