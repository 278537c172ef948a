import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { person } from '../person.ts'
import { startSlack } from '../slack.ts'

const manifest = fileURLToPath(new URL('manifest.yml', import.meta.url))
const ada = 'U0ADA00001'

async function start(manifest: string) {
  const slack = await startSlack({ clock: { now: () => new Date() }, manifest })
  onTestFinished(() => slack.close())
  const dm = slack.dmOf(ada).id
  const shown = async () => (await person(slack.url, ada).screen()).channels.find(({ id }) => id === dm)
  return { shown, say: () => person(slack.url, ada).say({ channel: dm, text: 'hello' }) }
}

test('where the manifest makes the conversation with the app read-only, a person reads there and cannot write', async () => {
  const readOnly = join(mkdtempSync(join(tmpdir(), 'local-slack-')), 'manifest.yml')
  const off = 'home_tab_enabled: true\n    messages_tab_read_only_enabled: true'
  writeFileSync(readOnly, readFileSync(manifest, 'utf8').replace('home_tab_enabled: true', off))
  const { shown, say } = await start(readOnly)
  expect(await shown()).toMatchObject({ readOnly: true })
  await expect(say()).rejects.toThrow('sending messages to this app has been turned off')
})

test('elsewhere a person writes to the app', async () => {
  const { shown, say } = await start(manifest)
  expect(await shown()).not.toHaveProperty('readOnly')
  expect(await say()).toEqual({ ok: true })
})
