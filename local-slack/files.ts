import type { Slack } from './context.ts'
import { type Fields, isFields } from './fields.ts'
import { newId } from './ids.ts'
import { Refusal } from './refusal.ts'
import type { StoredFile, World } from './state.ts'

const types: Record<string, string> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  csv: 'text/csv; charset=utf-8',
  txt: 'text/plain; charset=utf-8',
  json: 'application/json',
}

/** Real milliseconds for which a completed file is still scanned; at Slack it is about a second. */
export const processingMs = 100

function extensionOf(file: StoredFile): string {
  return file.name.split('.').at(-1)?.toLowerCase() ?? ''
}

export function typeOf(file: StoredFile): string {
  return types[extensionOf(file)] ?? 'application/octet-stream'
}

function isProcessed(file: StoredFile): boolean {
  return file.completedAtMs !== undefined && performance.now() - file.completedAtMs >= processingMs
}

/** A file as the Web API gives it; its bytes are served at `url_private`. Its type is known a little later. */
export function fileObject(slack: Slack, file: StoredFile): Fields {
  const isKnown = isProcessed(file)
  return {
    id: file.id,
    name: file.name,
    title: file.title,
    mimetype: isKnown ? typeOf(file) : '',
    filetype: isKnown ? extensionOf(file) : '',
    size: file.bytes?.length ?? 0,
    user: file.user ?? slack.world.app.botUserId,
    mode: isKnown && typeOf(file).startsWith('text/') ? 'snippet' : 'hosted',
    ...(file.altText === undefined ? {} : { alt_txt: file.altText }),
    url_private: `${slack.url}/files/${file.id}`,
    url_private_download: `${slack.url}/files-pri/${file.id}/download/${encodeURIComponent(file.name)}`,
    permalink: `${slack.url}/files/${file.id}`,
  }
}

type Reference = { image: Fields; pointer: string }

/** Every `slack_file` in these blocks, with where it stands. */
function references(value: unknown, pointer: string): Reference[] {
  if (Array.isArray(value)) return value.flatMap((one, i) => references(one, `${pointer}/${i}`))
  if (!isFields(value)) return []
  const own = isFields(value.slack_file) ? [{ image: value, pointer: `${pointer}/slack_file` }] : []
  return [...own, ...Object.entries(value).flatMap(([name, one]) => references(one, `${pointer}/${name}`))]
}

function fileOf(world: World, image: Fields): StoredFile | undefined {
  const { id, url } = image.slack_file as Fields
  return world.files.get(String(id ?? String(url).split('/').at(-1)))
}

function isShowable(file: StoredFile | undefined): file is StoredFile {
  return file !== undefined && isProcessed(file) && typeOf(file).startsWith('image/')
}

/** Slack's complaints about pictures in blocks that are not there, not images, or not yet processed. */
export function fileProblems(world: World, blocks: Fields[], root: string): string[] {
  return references(blocks, root)
    .filter(({ image }) => !isShowable(fileOf(world, image)))
    .map(({ pointer }) => `invalid slack file [json-pointer:${pointer}]`)
}

/** Posting pictures in a message shares them with those who can read it. */
export function shareFiles(world: World, blocks: Fields[], channel: string): void {
  for (const { image } of references(blocks, '')) fileOf(world, image)?.sharedIn.add(channel)
}

/**
 * These blocks as one person sees them. A file that was shared in no conversation of theirs is private to the app:
 * a dialog or an ephemeral message shows a hole in its place.
 * https://github.com/slackapi/node-slack-sdk/issues/1790
 */
export function seenBy(world: World, person: string, blocks: Fields[]): Fields[] {
  const hidden = references(blocks, '').filter(({ image }) => !maySee(world, person, fileOf(world, image)))
  if (hidden.length === 0) return blocks
  const copy = structuredClone(blocks)
  for (const { image } of references(copy, '')) {
    if (!maySee(world, person, fileOf(world, image)))
      image.slack_file = { ...(image.slack_file as Fields), hidden: true }
  }
  return copy
}

function maySee(world: World, person: string, file: StoredFile | undefined): boolean {
  return [...(file?.sharedIn ?? [])].some((id) => world.channels.get(id)?.members.includes(person))
}

/** A file that a person shares, already scanned. */
export function putFile(
  world: World,
  user: string,
  { name, content }: { name: string; content: string },
  channel: string,
): StoredFile {
  const bytes = new TextEncoder().encode(content)
  const completedAtMs = performance.now() - processingMs
  const file = { id: newId('F'), name, title: name, length: bytes.length, bytes, completedAtMs, user }
  const stored: StoredFile = { ...file, sharedIn: new Set([channel]) }
  world.files.set(stored.id, stored)
  return stored
}

/** Takes the bytes of an upload. Refuses: a file nobody announced, other bytes than announced. */
export function receive(world: World, id: string, bytes: Uint8Array): StoredFile {
  const file = world.files.get(id)
  if (!file) throw new Refusal('file_not_found', {}, 404)
  // Slack's documentation says only that the answer is another one than 200; the word is ours.
  if (bytes.length !== file.length) throw new Refusal('invalid_length', {}, 400)
  file.bytes = bytes
  return file
}
