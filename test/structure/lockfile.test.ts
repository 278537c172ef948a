import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

type Entry = { link?: boolean; integrity?: string; resolved?: string }

const { packages } = JSON.parse(
  readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8'),
) as { packages: Record<string, Entry> }

test('every package that npm downloads has its hash in the lockfile, also those of other platforms', () => {
  const downloaded = Object.entries(packages).filter(
    ([path, entry]) => path.includes('node_modules/') && !entry.link,
  )
  expect(downloaded.length).toBeGreaterThan(400)
  const without = downloaded.filter(
    ([, { integrity }]) => !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? ''),
  )
  expect(without.map(([path]) => path)).toEqual([])
})
