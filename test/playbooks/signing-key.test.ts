import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { takeCheckpoint } from '../../src/audit/checkpoint.ts'
import { openRecords, type Records } from '../setup/records.ts'
import { shell } from '../setup/shell.ts'
import { fileIn, type Machine, openMachine, runsOf, stepsOf, without } from './playbook.ts'

let records: Records
let machine: Machine
beforeAll(async () => {
  records = await openRecords()
})
afterAll(() => records?.drop())
afterEach(() => machine?.close())

const envIn = (folder: string) => ({
  DATABASE_URL: records.database.url,
  KEYWARDEN_AUDIT_CHECKPOINTS: join(folder, 'checkpoints.jsonl'),
  KEYWARDEN_AUDIT_KEY_FILE: join(folder, 'audit-key.pem'),
  OLD_PUBLIC_KEY: join(folder, 'old-public-key.pem'),
})

/** What a worker does within the hour. */
function checkpoint(folder: string) {
  const { KEYWARDEN_AUDIT_CHECKPOINTS: checkpoints, KEYWARDEN_AUDIT_KEY_FILE: keyFile } = envIn(folder)
  const { world } = records
  return takeCheckpoint({
    ...world,
    config: { ...world.config, audit: { checkpoints, keyFile, key: undefined } },
  })
}

const steps = stepsOf('lost-signing-key')
test.each(runsOf(steps))(
  'after the signing key was lost all events are to be proven by the old and the new one, which %s',
  async (_said, leftOut) => {
    machine = await openMachine(envIn, {
      'systemctl restart keywarden-worker': () => checkpoint(machine.folder),
    })
    const env = envIn(machine.folder)
    await records.key({ name: `before ${leftOut}` })
    await checkpoint(machine.folder)
    writeFileSync(env.OLD_PUBLIC_KEY, (await shell(['audit', 'public-key'], env)).out)
    rmSync(env.KEYWARDEN_AUDIT_KEY_FILE)
    await records.key({ name: `after ${leftOut}` })

    const failed = await machine.run(without(steps, leftOut)).then(
      () => [],
      (error: Error) => [error.message],
    )
    const wrong = [...failed]
    if (!/(Intact|Unbroken)\.\n$/.test(fileIn(machine, 'proven-before.txt')))
      wrong.push('nobody knows what was proven')
    if (!fileIn(machine, 'checkpoints.jsonl.before')) wrong.push('what the old key signed is not apart')
    if (!fileIn(machine, 'new-public-key.pem').startsWith('-----BEGIN PUBLIC KEY'))
      wrong.push('nobody can verify what comes')
    if (wrong.length === 0) {
      const { KEYWARDEN_AUDIT_CHECKPOINTS: now } = env
      const all = ['--checkpoints', `${now}.before`, '--checkpoints', now]
      const keys = [
        '--public-key',
        env.OLD_PUBLIC_KEY,
        '--public-key',
        join(machine.folder, 'new-public-key.pem'),
      ]
      const { out, err } = await shell(['audit', 'verify', ...all, ...keys], env)
      if (!/^Intact\.$/m.test(out)) wrong.push(out + err)
    }
    if (leftOut === 0) expect(wrong).toEqual([])
    else expect(wrong).not.toEqual([])
  },
)
