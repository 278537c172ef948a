import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
const page = readFileSync(`${root}docs/security.md`, 'utf8')
const shown = [...page.matchAll(/\[([^\]]+)\]\(\.\.\/(test\/[\w./-]+)\)/g)].map(([, promise, file]) => ({
  promise: promise!,
  file: file!,
}))

test('every promise of the threat model is that of a test that is there', () => {
  const missing = shown.filter(
    ({ promise, file }) => !existsSync(root + file) || !readFileSync(root + file, 'utf8').includes(promise),
  )
  expect(missing).toEqual([])
})

test('each who may and each of the ten risks names at least one', () => {
  const sections = page.split(/^## /m).slice(1)
  expect(sections).toHaveLength(11)
  const lines = sections.flatMap((section) => section.split('\n').filter((line) => /^\| NHI\d/.test(line)))
  expect(lines.map((line) => line.match(/NHI\d+/)?.[0])).toEqual(
    Array.from({ length: 10 }, (_, i) => `NHI${i + 1}`),
  )
  for (const text of [...sections, ...lines]) expect(text).toMatch(/\]\(\.\.\/test\//)
})

test('every line of a cannot names its test', () => {
  const tables = page.split(/^\| cannot \| shown by \|\n\| --- \| --- \|\n/m).slice(1)
  for (const table of tables)
    for (const line of table.split('\n\n')[0]!.trim().split('\n')) expect(line).toMatch(/\]\(\.\.\/test\//)
})
