import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The product's manifest with the lines for watched channels switched on, as its comments say; the path of a copy. */
export function watchManifest(): string {
  const manifest = readFileSync(new URL('../../manifest.yml', import.meta.url), 'utf8')
  const path = join(mkdtempSync(join(tmpdir(), 'keywarden-manifest-')), 'manifest.yml')
  writeFileSync(path, manifest.replace(/# (- \S+) # watch$/gm, '$1'))
  return path
}
