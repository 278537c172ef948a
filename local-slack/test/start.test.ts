import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { WebClient } from '@slack/web-api'
import { expect, test } from 'vitest'

const folder = fileURLToPath(new URL('..', import.meta.url))

test('it starts by itself, prints what an app needs, has a page, and ends when asked to', async () => {
  const child = spawn(process.execPath, ['--import', 'tsx', 'main.ts', '--manifest', 'test/manifest.yml'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { PATH: process.env.PATH },
  })
  const variables: Record<string, string> = {}
  for await (const line of createInterface({ input: child.stdout })) {
    const [, name, value] = /^export (\w+)='(.+)'$/.exec(line)!
    variables[name!] = value!
    if (name === 'SLACK_SIGNING_SECRET') break
  }
  const client = new WebClient(variables.SLACK_BOT_TOKEN, { slackApiUrl: variables.SLACK_API_URL })
  expect(await client.auth.test()).toMatchObject({ ok: true, team: 'ACME' })
  expect((await client.auth.test()).response_metadata?.scopes).toContain('chat:write')
  const page = await fetch(new URL('/', variables.SLACK_API_URL))
  expect(await page.text()).toContain('<div id="root">')
  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([0, null])
})
