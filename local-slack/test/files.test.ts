import { type CodedError, LogLevel, WebClient } from '@slack/web-api'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { processingMs } from '../files.ts'
import { person } from '../person.ts'
import type { LocalSlack } from '../slack.ts'
import { ada, bruno, general, startProbe } from './bolt.ts'

let slack: LocalSlack
let client: WebClient

beforeEach(async () => {
  slack = await startProbe()
  client = new WebClient(slack.botToken, {
    slackApiUrl: slack.apiUrl,
    retryConfig: { retries: 0 },
    logLevel: LogLevel.ERROR,
  })
})
afterEach(() => slack.close())

const picture = Buffer.from('not quite a picture')

async function uploaded(
  filename: string,
  bytes: Uint8Array = picture,
  length = bytes.length,
): Promise<string> {
  const { upload_url, file_id } = await client.files.getUploadURLExternal({ filename, length })
  await fetch(upload_url!, { method: 'POST', body: new Uint8Array(bytes) })
  return file_id!
}

async function completed(filename: string): Promise<string> {
  const id = await uploaded(filename)
  await client.files.completeUploadExternal({ files: [{ id, title: filename }] })
  return id
}

const image = (slack_file: { id: string } | { url: string }) => [
  { type: 'image' as const, alt_text: 'Requests by day', slack_file },
]

const posted = (channel: string, file: { id: string } | { url: string }) =>
  client.chat.postMessage({ channel, text: 'a', blocks: image(file) })

/** Once Slack has had a look at the file. */
const postedLater = (channel: string, file: { id: string } | { url: string }) =>
  vi.waitFor(() => posted(channel, file), { timeout: 20 * processingMs, interval: 20 })

const shown = async (user: string, channel: string) =>
  (await person(slack.url, user).screen()).messages[channel]?.at(-1)

test('a file uploaded to a channel is shown with its message and served back', async () => {
  const bytes = Buffer.from('name,last used\nbilling,today\n')
  await client.filesUploadV2({ channel_id: general, filename: 'keys.csv', file: bytes, title: 'Keys' })
  const message = (await shown(ada, general))!
  expect(message.files).toMatchObject([{ name: 'keys.csv', title: 'Keys' }])
  const served = await fetch(message.files![0]!.url)
  expect(served.headers.get('content-type')).toContain('text/csv')
  expect(await served.text()).toBe(bytes.toString())
})

test('an upload is refused when it is empty, unknown, or of another length than announced', async () => {
  const ask = (length: number) => client.files.getUploadURLExternal({ filename: 'a.png', length })
  await expect(ask(0)).rejects.toThrow('missing_argument')
  const nobody = await fetch(`${slack.url}/upload/v1/F0NOBODY00`, { method: 'POST', body: 'a' })
  expect(nobody.status).toBe(404)
  const { upload_url, file_id } = await ask(7)
  expect((await fetch(upload_url!, { method: 'POST', body: 'longer than that' })).status).toBe(400)
  const complete = (id: string) => client.files.completeUploadExternal({ files: [{ id }] })
  await expect(complete(file_id!)).rejects.toThrow('file_not_found')
  await expect(complete('F0NOBODY00')).rejects.toThrow('file_not_found')
})

test('a file goes to a channel by its id only, and to none that the app is not in', async () => {
  const share = async (channel_id: string) =>
    client.files.completeUploadExternal({ files: [{ id: await uploaded('a.csv') }], channel_id })
  await expect(share(bruno)).rejects.toThrow('channel_not_found')
  await slack.removeFromChannel(general, slack.botUserId)
  await expect(share(general)).rejects.toThrow('not_in_channel')
})

test('without files:write nothing is uploaded', async () => {
  slack.withdrawScope('files:write')
  await expect(uploaded('a.png')).rejects.toMatchObject({
    data: { error: 'missing_scope', needed: 'files:write' },
  })
})

test('a deleted file is gone from its message and from the workspace', async () => {
  const id = await uploaded('report.csv')
  await client.files.completeUploadExternal({ files: [{ id, title: 'Report' }], channel_id: general })
  expect(await shown(bruno, general)).toMatchObject({ files: [{ id }] })
  await client.files.delete({ file: id })
  expect(await shown(bruno, general)).not.toHaveProperty('files')
  expect((await fetch(`${slack.url}/files/${id}`)).status).toBe(404)
  await expect(client.files.delete({ file: id })).rejects.toMatchObject({ data: { error: 'file_not_found' } })
})

test('a picture can be shown only a moment after its upload, by id or by address', async () => {
  // On a busy machine the moment may be over before the file is asked for: then another is uploaded.
  const id = await vi.waitFor(async () => {
    const fresh = await completed('usage.png')
    const tooSoon = await posted(general, { id: fresh }).catch((error: CodedError) => error)
    expect(tooSoon).toMatchObject({
      data: { error: 'invalid_blocks', errors: ['invalid slack file [json-pointer:/blocks/0/slack_file]'] },
    })
    return fresh
  }, 10_000)
  await postedLater(general, { id })
  await postedLater(general, { url: `${slack.url}/files/${id}` })
  expect((await shown(ada, general))!.blocks).toMatchObject(image({ url: `${slack.url}/files/${id}` }))
})

test('what is no picture, or not there, is no slack_file', async () => {
  const csv = await completed('keys.csv')
  await postedLater(general, { id: await completed('usage.png') })
  for (const file of [{ id: csv }, { id: 'F0NOBODY00' }, { url: `${slack.url}/files/F0NOBODY00` }])
    await expect(posted(general, file)).rejects.toThrow('invalid_blocks')
  await expect(posted(general, { id: 'usage.png' })).rejects.toMatchObject({
    data: {
      errors: ['input must match regex pattern: ^[F][A-Z0-9]{8,}$ [json-pointer:/blocks/0/slack_file/id]'],
    },
  })
})

test('posting a picture shares it there; in an ephemeral message and on Home it stays private to the app', async () => {
  const id = await completed('usage.png')
  const hole = { slack_file: { id, hidden: true } }
  const whisper = () =>
    client.chat.postEphemeral({ channel: general, user: ada, text: 'a', blocks: image({ id }) })
  await vi.waitFor(whisper, { timeout: 20 * processingMs, interval: 20 })
  expect((await shown(ada, general))!.blocks).toMatchObject([hole])
  await client.views.publish({ user_id: ada, view: { type: 'home', blocks: image({ id }) } })
  expect((await person(slack.url, ada).screen()).home!.blocks).toMatchObject([hole])
  const { channel } = await posted(bruno, { id })
  expect((await shown(bruno, channel!))!.blocks).toMatchObject([{ slack_file: { id } }])
  expect((await shown(bruno, channel!))!.blocks).not.toMatchObject([hole])
  await posted(general, { id })
  expect((await shown(ada, general))!.blocks).not.toMatchObject([hole])
})

test('a dialog with a picture that is not there is refused', async () => {
  const view = { type: 'home' as const, blocks: image({ id: 'F0NOBODY00' }) }
  await expect(client.views.publish({ user_id: ada, view })).rejects.toMatchObject({
    data: { error: 'invalid_arguments' },
  })
})
