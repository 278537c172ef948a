import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { installed } from './installed.ts'

const units = fileURLToPath(new URL('../../deploy/systemd/', import.meta.url))
const names = readdirSync(units)
const command = fileURLToPath(new URL('../../bin/keywarden', import.meta.url))

const analyze = installed('systemd')
const folder = mkdtempSync(join(tmpdir(), 'keywarden-units-'))
afterAll(() => rmSync(folder, { recursive: true }))

test.skipIf(!analyze).each(names)('systemd understands %s', (name) => {
  // It looks for the command, which is here and not where a release is installed.
  const text = readFileSync(units + name, 'utf8')
  expect(text).toContain('/opt/keywarden/bin/keywarden ')
  const file = join(folder, name.replace('@.', '@8080.'))
  writeFileSync(file, text.replaceAll('/opt/keywarden/bin/keywarden', command))
  const { status, stdout, stderr } = spawnSync(analyze!, ['verify', '--recursive-errors=no', file], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, SYSTEMD_LOG_LEVEL: 'warning' },
  })
  // Of other units of this machine it complains too.
  const said = `${stdout}${stderr}`.split('\n').filter((line) => line.includes('keywarden'))
  expect({ status, said }).toEqual({ status: 0, said: [] })
})

test.each(names)('%s runs as a user of its own, who may write to its own folder alone', (name) => {
  const lines = readFileSync(units + name, 'utf8').split('\n')
  for (const line of [
    'User=keywarden',
    'ProtectSystem=strict',
    'NoNewPrivileges=yes',
    'CapabilityBoundingSet=',
  ])
    expect(lines).toContain(line)
  expect(lines.filter((line) => /^(?!#).*(SECRET|TOKEN|PASSWORD|URL)=/.test(line))).toEqual([])
})
