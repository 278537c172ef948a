import { createHash } from 'node:crypto'
import type { ImageBlock } from '@slack/types'
import type { FilesCompleteUploadExternalArguments, WebClient } from '@slack/web-api'
import type { Picture } from '../charts/chart.ts'
import { render } from '../charts/render.ts'
import type { Log } from '../foundation/log.ts'
import { errorName } from '../foundation/slack.ts'
import { isAboutContent } from './refusals.ts'

export type Illustration = {
  picture: Picture
  filename: string
  /** the picture in words, with its figures, at most 2,000 characters; goes into the block */
  altText: string
}

/** Shows a picture that Slack has. */
type UploadedImage = ImageBlock & { slack_file: { id: string } }

export const imageOf = (id: string, { altText }: Illustration): UploadedImage => ({
  type: 'image',
  slack_file: { id },
  alt_text: altText.slice(0, 2000),
})

/** A digest of what a picture shows: its words name every figure. */
export const shownIn = ({ altText }: Illustration): string =>
  createHash('sha256').update(altText).digest('base64url').slice(0, 22)

type Deps = { web: WebClient; log: Log }

/**
 * Draws a picture and passes it to `send` as an image block, or passes nothing when it cannot be shown: files are not
 * permitted, or drawing or uploading failed. The message must therefore say everything in words too. Slack scans a
 * file after its upload, and calls the block invalid until then: `send` is retried until the block is accepted, and
 * at last called without the picture; at once where Slack refuses the block for another reason. Only people who can
 * read a message with the picture can see it. In ephemeral messages, dialogs and on Home it stays private to the app,
 * so it belongs in a channel or a direct message.
 * https://docs.slack.dev/reference/block-kit/composition-objects/slack-file-object
 */
export async function sendIllustrated<T>(
  { web, log }: Deps,
  illustration: Illustration,
  send: (image?: UploadedImage) => Promise<T>,
): Promise<T> {
  const id = await render(illustration.picture)
    .then((bytes) => upload(web, illustration.filename, bytes))
    .catch(
      (error: unknown) =>
        void log.warn(
          { event: 'slack.chart_upload_failed', error: String(error) },
          'failed to upload a chart; the message goes without it',
        ),
    )
  if (!id) return send()
  try {
    return await sendWhenProcessed(() => send(imageOf(id, illustration)))
  } catch (error) {
    if (!isAboutContent(error)) throw error
    log.warn(
      { event: 'slack.chart_not_shown', file: id },
      'Slack does not show an uploaded chart; the message goes without it',
    )
    return send()
  }
}

/**
 * Sends what shows an uploaded file, again for as long as Slack has not processed the file.
 * @throws the error of `send` when the file is not processed within seven seconds, or for another reason
 */
export async function sendWhenProcessed<T>(send: () => Promise<T>): Promise<T> {
  for (const waitMs of waitsMs) {
    try {
      return await send()
    } catch (error) {
      if (!isNotReady(error)) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, waitMs))
  }
  return send()
}

/** Real milliseconds between attempts, seven seconds in all: Slack takes about one. */
const waitsMs = [200, 400, 800, 1600, 4000]

const isNotReady = (error: unknown): boolean =>
  errorName(error) === 'invalid_blocks' && JSON.stringify(error).includes('slack file')

const uploadWithinMs = 10_000

/**
 * Uploads a file that only the app can see, and returns its id; undefined when Slack permits no files.
 * @throws when Slack cannot be reached or fails
 */
const upload = (web: WebClient, filename: string, bytes: Uint8Array): Promise<string | undefined> =>
  ifPermitted(put(web, { filename, bytes }))

/**
 * Uploads a file into a channel or direct message, by its id, or into a thread there. Returns the file's id; undefined when Slack permits
 * none.
 * @throws when Slack cannot be reached or fails
 */
export const share = (
  web: WebClient,
  file: File,
  channelId: string,
  threadTs?: string,
): Promise<string | undefined> => ifPermitted(put(web, file, channelId, threadTs))

type File = { filename: string; bytes: Uint8Array }

async function ifPermitted(uploading: Promise<string>): Promise<string | undefined> {
  try {
    return await uploading
  } catch (error) {
    if (notPermitted.has(errorName(error) ?? '')) return undefined
    throw error
  }
}

/** https://docs.slack.dev/reference/methods/files.getUploadURLExternal */
async function put(web: WebClient, file: File, channelId?: string, threadTs?: string): Promise<string> {
  const reserved = await reserveUpload(web, file)
  await completeUpload(web, file, reserved, channelId, threadTs)
  return reserved.id
}

type Reserved = { id: string; url: string }

/** Asks Slack for an address to upload to, and the id that the file will have. */
export async function reserveUpload(web: WebClient, { filename, bytes }: File): Promise<Reserved> {
  const reserved = await web.files.getUploadURLExternal({ filename, length: bytes.length })
  return { id: reserved.file_id!, url: reserved.upload_url! }
}

/**
 * Uploads the bytes; into a conversation when one is named, else only the app can see the file.
 * @throws when Slack cannot be reached, refuses or fails
 */
export async function completeUpload(
  web: WebClient,
  { filename, bytes }: File,
  { id, url }: Reserved,
  channelId?: string,
  threadTs?: string,
): Promise<void> {
  const body = new Uint8Array(bytes)
  const signal = AbortSignal.timeout(uploadWithinMs)
  const answer = await fetch(url, { method: 'POST', body, signal })
  if (!answer.ok) throw new Error(`the upload was answered with ${answer.status}`)
  const files: [{ id: string; title: string }] = [{ id, title: filename }]
  await web.files.completeUploadExternal({
    files,
    ...(channelId ? { channel_id: channelId } : {}),
    ...(threadTs ? { thread_ts: threadTs } : {}),
  } as FilesCompleteUploadExternalArguments)
}

/** Slack's error names for a workspace, plan or installation in which this app may not upload. */
const notPermitted = new Set([
  'missing_scope',
  'file_uploads_disabled',
  'file_uploads_except_images_disabled',
  'file_type_not_allowed',
  'restricted_action',
  'access_denied',
  'ekm_access_denied',
])
