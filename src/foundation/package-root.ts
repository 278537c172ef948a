import { existsSync } from 'node:fs'

/** The folder that holds package.json, whether this runs from a checkout or from a release's dist/. */
export function packageRoot(): URL {
  let folder = new URL('.', import.meta.url)
  while (!existsSync(new URL('package.json', folder))) {
    const above = new URL('..', folder)
    if (above.href === folder.href) throw new Error('package.json is missing beside the program')
    folder = above
  }
  return folder
}
