import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, expect, inject, test } from 'vitest'
import { walk } from '../../sandbox/demo/check.ts'
import { type Scene, same } from '../../sandbox/demo/step.ts'
import { steps } from '../../sandbox/demo/story.ts'
import { administer } from '../setup/administer.ts'

let child: ChildProcess | undefined
afterEach(() => void child?.kill('SIGKILL'))

test('bin/demo --check walks through the whole story and says so', async () => {
  const said = await ended(demo('--check'))
  expect(said.text).toMatch(new RegExp(`^ok +${steps.length} `, 'm'))
  expect(said).toMatchObject({ code: 0, text: expect.stringContaining(`All ${steps.length} steps`) })
}, 300_000)

test('the check ends at the first step that fails, with what was expected and what was seen', async () => {
  const lines: string[] = []
  const stopped = new AbortController().signal
  const steps = [
    { promises: 'one and one is two', walk: async () => same('sum', 1 + 1, 2) },
    { promises: 'two and two is five', walk: async () => same('sum', 2 + 2, 5) },
    { promises: 'nobody comes here', walk: async () => void lines.push('here') },
  ]
  expect(await walk(steps, {} as Scene, { say: (line) => lines.push(line), stopped })).toBe(false)
  expect(lines.join('\n')).toBe(`ok    1  one and one is two
FAIL  2  two and two is five
         expected  sum 5
         saw       sum 4`)
})

test('the demo says where to look, ends at Ctrl-C and leaves nothing behind on servers that were given', async () => {
  const started = demo()
  await said(started, 'Ctrl-C stops everything')
  const page = /http:\/\/127\.0\.0\.1:\d+\/\?as=\w+&channel=\w+/.exec(started.text())![0]
  expect(await (await fetch(page)).text()).toContain('<title>Keywarden')
  expect(await databases()).toHaveLength(1)
  started.child.kill('SIGINT')
  expect((await ended(started)).code).toBe(0)
  expect(await databases()).toEqual([])
}, 300_000)

test('a server that cannot be used is named in one sentence', async () => {
  const { code, text } = await ended(demo('', { REDIS_URL: 'redis://127.0.0.1:1' }))
  expect(text).toMatch(/\nThe server of REDIS_URL cannot be used: .*ECONNREFUSED.*\n$/)
  expect(code).toBe(1)
})

type Started = { child: ChildProcess; text(): string }

function demo(argument = '', env: Record<string, string> = {}): Started {
  const servers = { DATABASE_URL: inject('serverUrl'), REDIS_URL: inject('redisUrl') }
  child = spawn('node', ['--import', 'tsx', 'sandbox/demo.ts', ...argument.split(' ').filter(Boolean)], {
    env: { ...process.env, ...servers, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  child.stdout!.on('data', (chunk) => (text += chunk))
  child.stderr!.on('data', (chunk) => (text += chunk))
  return { child, text: () => text }
}

async function said({ child, text }: Started, words: string): Promise<void> {
  while (!text().includes(words)) {
    if (child.exitCode !== null) throw new Error(`it ended without saying "${words}":\n${text()}`)
    await Promise.race([once(child.stdout!, 'data'), once(child, 'exit')])
  }
}

async function ended({ child, text }: Started): Promise<{ code: number | null; text: string }> {
  if (child.exitCode === null) await once(child, 'close')
  return { code: child.exitCode, text: text() }
}

const databases = () =>
  administer(inject('serverUrl'), `select datname from pg_database where datname like 'keywarden\\_demo\\_%'`)
