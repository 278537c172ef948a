import type { Slack } from './context.ts'
import type { Fields } from './fields.ts'
import type { StoredFile } from './state.ts'

const types: Record<string, string> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  csv: 'text/csv; charset=utf-8',
  txt: 'text/plain; charset=utf-8',
  json: 'application/json',
}

function extensionOf(file: StoredFile): string {
  return file.name.split('.').at(-1)?.toLowerCase() ?? ''
}

export function typeOf(file: StoredFile): string {
  return types[extensionOf(file)] ?? 'application/octet-stream'
}

/** A file as the Web API gives it; its bytes are served at `url_private`. */
export function fileObject(slack: Slack, file: StoredFile): Fields {
  return {
    id: file.id,
    name: file.name,
    title: file.title,
    mimetype: typeOf(file),
    filetype: extensionOf(file),
    size: file.bytes?.length ?? 0,
    user: slack.world.app.botUserId,
    ...(file.altText === undefined ? {} : { alt_txt: file.altText }),
    url_private: `${slack.url}/files/${file.id}`,
    permalink: `${slack.url}/files/${file.id}`,
  }
}
